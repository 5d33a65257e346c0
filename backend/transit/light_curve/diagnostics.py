"""Diagnostics: a candidate's planet and star from its transit, compared with the catalogue."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.light_curve.orbit import Geometry
from backend.transit.solar import SOLAR_RADIUS_CM, SOLAR_RADIUS_EARTHS

Array = NDArray[np.float64]

# In the order of `physical_diagnostics` and of the network's `catalogue_input`.
DIAGNOSTICS = (
    "density_ratio",
    "planet_radius",
    "grazing_margin",
    "single_transit_snr",
    "relative_duration",
)

DIAGNOSTIC_UNITS = {
    "density_ratio": "",
    "planet_radius": "Earth radii",
    "grazing_margin": "stellar radii",
    "single_transit_snr": "",
    "relative_duration": "",
}

SECONDS_A_DAY = 86_400.0

# The days that a signal-to-noise ratio is summed over: Kepler's quarters 1 to 17 (Thompson et al.
# 2018, ApJS 235, 38), one sector of TESS (Ricker et al. 2015, JATIS 1, 014003).
OBSERVED_DAYS = {"kepler": 1_459.0, "tess": 27.4}


def physical_diagnostics(rows: NDArray[np.void], geometry: Geometry, band: str) -> dict[str, Array]:
    """Numbers that separate planets from false positives better than the columns themselves.

    Args:
        rows: ROW_DTYPE, (n,); features may be NaN.
        geometry: of these rows, from `transit_geometry`.
        band: of the survey, "kepler" or "tess".

    Returns:
        float64, (n,) each, NaN where a feature that it needs is unknown, by name:
        density_ratio, the star's mean density from the transit (circular orbit, and the assumed
        impact where it is unknown) over that from slogg and srad; planet_radius, Earth radii;
        grazing_margin, 1 - k - b in stellar radii, below 0 for a grazing transit;
        single_transit_snr, as if all transits were alike; relative_duration, T/P.

    Source: Seager & Mallén-Ornelas (2003), ApJ 585, 1038, equation 9, for the density from the
        transit.
    """
    values: Sequence[Array] = (
        density_ratio(rows, geometry.scaled_semi_major_axis),
        geometry.radius_ratio * rows["srad"] * SOLAR_RADIUS_EARTHS,
        1.0 - geometry.radius_ratio - rows["impact"],
        rows["snr"] * np.sqrt(np.minimum(rows["period"] / OBSERVED_DAYS[band], 1.0)),
        rows["duration"] / 24.0 / rows["period"],
    )
    return dict(zip(DIAGNOSTICS, values, strict=True))


def describe_candidates(
    rows: NDArray[np.void],
    geometry: Geometry,
    band: str,
    training_ranges: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The caveats to weigh a prediction with, candidate by candidate.

    Args:
        rows: ROW_DTYPE, (n,); features may be NaN.
        geometry: of these rows, from `transit_geometry`.
        band: of the survey, "kepler" or "tess".
        training_ranges: by column, what the model's training rows have, from its manifest: the
            percentiles `p1` and `p99`, or, of a model of 0.4.0 and earlier, `min` and `max`.

    Returns:
        For each row the diagnostics of `physical_diagnostics`, None where unknown or not finite;
        `is_grazing`, None where the impact is unknown; `flags`, what had to be assumed to find
        the orbit; `outside_training_range`, {column, value, min, max, is_percentile} of each
        column whose value lies outside that, min and max None where no training row had one.
    """
    derived = physical_diagnostics(rows, geometry, band)
    columns = {name: [_finite(x) for x in values.tolist()] for name, values in derived.items()}
    margins = columns["grazing_margin"]
    outside = _outside(rows, training_ranges)
    return [
        {
            **{name: values[row] for name, values in columns.items()},
            "is_grazing": None if (margin := margins[row]) is None else margin < 0,
            "flags": geometry.flag_names(row),
            "outside_training_range": outside[row],
        }
        for row in range(len(rows))
    ]


def density_ratio(rows: NDArray[np.void], scaled_semi_major_axis: Array) -> Array:
    """Mean density of the star from its transit over that from its surface gravity and radius.

    3 pi (a/R*)^3 / (G P^2) over 3 g / (4 pi G R*); 1 for a circular orbit about the star that the
    catalogue names.

    Args:
        rows: ROW_DTYPE, (n,).
        scaled_semi_major_axis: float64, (n,), a/R*, stellar radii.

    Returns:
        float64, (n,), NaN where srad or slogg is unknown.
    """
    radius = rows["srad"] * SOLAR_RADIUS_CM
    gravity = 10.0 ** rows["slogg"]
    seconds = rows["period"] * SECONDS_A_DAY
    return 4.0 * np.pi**2 * scaled_semi_major_axis**3 * radius / (gravity * seconds**2)


def _outside(
    rows: NDArray[np.void], training_ranges: Mapping[str, Mapping[str, Any]]
) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = [[] for _ in rows]
    for column, known in training_ranges.items():
        is_percentile = "p1" in known
        low, high = (known["p1"], known["p99"]) if is_percentile else (known["min"], known["max"])
        values = rows[column]
        is_outside = ~np.isnan(values)
        if low is not None:
            is_outside &= (values < low) | (values > high)
        for row in np.flatnonzero(is_outside).tolist():
            value = float(values[row])
            limits = {"min": low, "max": high, "is_percentile": is_percentile}
            found[row].append({"column": column, "value": value, **limits})
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
