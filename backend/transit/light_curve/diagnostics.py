"""What a candidate's transit says of its planet and star, to be held against the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.light_curve.orbit import transit_geometry

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

# IAU 2015 resolution B3, nominal: equatorial radius of the Earth, radius of the Sun.
EARTH_RADII_A_SUN = 695_700.0 / 6_378.1
SOLAR_RADIUS_CM = 6.957e10

SECONDS_A_DAY = 86_400.0

# What a signal-to-noise ratio was summed over, days: Kepler's quarters 1 to 17 (Thompson et al.
# 2018, ApJS 235, 38), one sector of TESS (Ricker et al. 2015, JATIS 1, 014003).
OBSERVED_DAYS = {"kepler": 1_459.0, "tess": 27.4}


def physical_diagnostics(rows: NDArray[np.void], band: str) -> dict[str, Array]:
    """Numbers by which planets and false positives differ more than by the columns themselves.

    Args:
        rows: ROW_DTYPE, (n,); features may be NaN.
        band: of the limb darkening and of the survey, "kepler" or "tess".

    Returns:
        float64, (n,) each, NaN where a feature that it needs is unknown, by name:
        density_ratio, the star's mean density from the transit (circular orbit, and the assumed
        impact where it is unknown) over that from slogg and srad; planet_radius, Earth radii;
        grazing_margin, 1 - k - b in stellar radii, below 0 for a grazing transit;
        single_transit_snr, as if all transits were alike; relative_duration, T/P.

    Source: Seager & Mallén-Ornelas (2003), ApJ 585, 1038, equation 9, for the density from the
        transit.
    """
    geometry = transit_geometry(rows, band)
    values: Sequence[Array] = (
        density_ratio(rows, geometry.scaled_semi_major_axis),
        geometry.radius_ratio * rows["srad"] * EARTH_RADII_A_SUN,
        1.0 - geometry.radius_ratio - rows["impact"],
        rows["snr"] * np.sqrt(np.minimum(rows["period"] / OBSERVED_DAYS[band], 1.0)),
        rows["duration"] / 24.0 / rows["period"],
    )
    return dict(zip(DIAGNOSTICS, values, strict=True))


def describe_candidates(
    rows: NDArray[np.void], band: str, training_ranges: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What to hold a prediction against, candidate by candidate.

    Args:
        rows: ROW_DTYPE, (n,); features may be NaN.
        band: of the limb darkening and of the survey, "kepler" or "tess".
        training_ranges: by column, `min` and `max` of the rows that the model learnt from, or
            None; from its manifest.

    Returns:
        n times the diagnostics of `physical_diagnostics`, None where unknown or beyond the floating
        point's range; `is_grazing`, None where the impact is unknown; `flags`, what had to be
        assumed of the orbit that they are of; `outside_training_range`, {column, value, min, max}
        of each column whose value the model never saw the like of, min and max None where it saw
        none at all.
    """
    derived = physical_diagnostics(rows, band)
    geometry = transit_geometry(rows, band)
    return [
        {
            **{name: _finite(values[row]) for name, values in derived.items()},
            "is_grazing": _is_negative(derived["grazing_margin"][row]),
            "flags": geometry.flag_names(row),
            "outside_training_range": _outside(rows[row], training_ranges),
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
    row: np.void, training_ranges: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    found = []
    for column, known in training_ranges.items():
        low, high = known["min"], known["max"]
        value = float(row[column])
        if not np.isnan(value) and (low is None or not low <= value <= high):
            found.append({"column": column, "value": value, "min": low, "max": high})
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _is_negative(value: float) -> bool | None:
    return None if np.isnan(value) else bool(value < 0)
