"""From a catalogue row to the circular orbit and the star that give its transit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.transit.light_curve.limb_darkening import is_off_grid, limb_darkening
from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.rows import Rows

ASSUMED_IMPACT = 0.3

# Rows solved at once: a few MB of working memory, and NumPy's cost a call spread over many rows.
CHUNK_ROWS = 8192
# Of the square root of the hidden light. No row, real or at the ends of the contract's ranges, was
# seen to need more than 22 steps.
TOLERANCE = 1e-12
MAX_STEPS = 50
_TINY = 1e-300

# Assumptions and changes that a row needed for its transit; each is one bit of `Geometry.flags`.
FLAGS = (
    "impact_assumed",  # unknown: ASSUMED_IMPACT
    "impact_lowered",  # no planet up to the star's size gives the depth at this impact
    "depth_capped",  # more light missing than the star has
    "duration_shortened",  # longer than half an orbit
    "star_assumed",  # steff or slogg unknown: the Sun's
    "star_off_grid",  # beyond the limb-darkening table: its nearest edge
)

RowsOrColumns = Rows | Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Geometry:
    """Orbits and stars of n transits; every array has shape (n,).

    The values are those used: they differ from the catalogue's exactly where a flag says so.

    Attributes:
        period: float64, days.
        duration: float64, hours, first to last contact; at most half the period.
        depth: float64, ppm, limb-darkened, at mid-transit; at most 10^6.
        impact: float64, stellar radii; below 1 + radius_ratio.
        radius_ratio: float64, Rp/R*, at most 1.
        scaled_semi_major_axis: float64, a/R*, stellar radii.
        u1: float64, linear limb-darkening coefficient.
        u2: float64, quadratic limb-darkening coefficient.
        flags: uint8, bit i set where FLAGS[i] applies.
    """

    period: NDArray[np.float64]
    duration: NDArray[np.float64]
    depth: NDArray[np.float64]
    impact: NDArray[np.float64]
    radius_ratio: NDArray[np.float64]
    scaled_semi_major_axis: NDArray[np.float64]
    u1: NDArray[np.float64]
    u2: NDArray[np.float64]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.period)

    def __getitem__(self, selection: slice | NDArray[np.intp] | NDArray[np.bool]) -> Self:
        """The selected transits, by slice, mask or indices."""
        return type(self)(*(getattr(self, field.name)[selection] for field in fields(self)))

    def flag_names(self, row: int) -> list[str]:
        """The names of the flags of one transit, in the order of FLAGS."""
        return [name for bit, name in enumerate(FLAGS) if self.flags[row] >> bit & 1]

    @classmethod
    def from_records(cls, records: NDArray[np.void]) -> Self:
        """From GEOMETRY_DTYPE, (n,)."""
        return cls(*(records[field.name] for field in fields(cls)))

    def to_records(self) -> NDArray[np.void]:
        """As GEOMETRY_DTYPE, (n,)."""
        records = np.empty(len(self), GEOMETRY_DTYPE)
        for field in fields(self):
            records[field.name] = getattr(self, field.name)
        return records


# One geometry in a file or a message.
GEOMETRY_DTYPE = np.dtype(
    [(field.name, "u1" if field.name == "flags" else "<f8") for field in fields(Geometry)]
)


def transit_geometry(rows: RowsOrColumns, band: str) -> Geometry:
    """The circular orbit whose transit has each row's duration and depth.

    Where none exists the nearest possible one, flagged: a duration above half the period becomes
    half the period; where no radius ratio up to 1 gives the depth, the impact is lowered until 1
    does; a depth above 10^6 ppm becomes 10^6.

    Args:
        rows: a structured array or a mapping with `period` (days), `duration` (hours), `depth`
            (ppm) and, NaN or absent where unknown, `impact` (stellar radii), `steff` (K) and
            `slogg` (dex, cgs); each (n,). Nothing else is read.
        band: "kepler" or "tess", the band of the limb darkening.

    Returns:
        Geometry of n transits, all values finite.

    Raises:
        ValueError: a period, duration or depth is not a positive number, or an impact is negative.

    Source: Seager & Mallen-Ornelas (2003), ApJ 585, 1038, equation 8; Winn (2010),
        arXiv:1001.2010, equation 14, solved for a/R*.
    """
    period, duration, depth = (_positive(rows, name) for name in ("period", "duration", "depth"))
    impact, steff, slogg = (
        _optional(rows, name, len(period)) for name in ("impact", "steff", "slogg")
    )
    if (impact < 0).any():
        raise ValueError(f"Expected impacts of at least 0, or NaN. Received: {np.nanmin(impact)}")
    u1, u2 = limb_darkening(steff, slogg, band)
    used_duration = np.minimum(duration, 12 * period)
    used_depth = np.minimum(depth, 1e6)
    asked_impact = np.where(np.isnan(impact), ASSUMED_IMPACT, impact)
    used_impact, radius_ratio = _solve_planet(used_depth / 1e6, asked_impact, u1, u2)
    flags: tuple[NDArray[np.bool], ...] = (
        np.isnan(impact),
        used_impact < asked_impact,
        used_depth < depth,
        used_duration < duration,
        np.isnan(steff) | np.isnan(slogg),
        is_off_grid(steff, slogg, band),
    )
    return Geometry(
        period,
        used_duration,
        used_depth,
        used_impact,
        radius_ratio,
        scaled_semi_major_axis(period, used_duration, radius_ratio, used_impact),
        u1,
        u2,
        np.packbits(np.stack(flags), axis=0, bitorder="little")[0],
    )


def scaled_semi_major_axis(
    period: NDArray[np.float64],
    duration: NDArray[np.float64],
    radius_ratio: NDArray[np.float64],
    impact: NDArray[np.float64],
) -> NDArray[np.float64]:
    """a/R* of the circular orbit whose transit lasts `duration` from first to last contact.

    Args:
        period: float64, (n,), days.
        duration: float64, (n,), hours, at most half the period.
        radius_ratio: float64, (n,), Rp/R*.
        impact: float64, (n,), stellar radii, at most 1 + radius_ratio.

    Returns:
        float64, (n,), stellar radii; at least 1 + radius_ratio.

    Source: Winn (2010), arXiv:1001.2010, equation 14, solved for a/R*.
    """
    half_chord2 = (1 + radius_ratio - impact) * (1 + radius_ratio + impact)
    return np.sqrt(impact**2 + half_chord2 / np.sin(np.pi * duration / (24 * period)) ** 2)


def _positive(rows: RowsOrColumns, name: str) -> NDArray[np.float64]:
    values = np.array(rows[name], dtype=np.float64, ndmin=1)
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        raise ValueError(
            f"Expected positive, finite values of {name!r}. "
            f"Received: {values[wrong][0]} at index {np.flatnonzero(wrong)[0]}"
        )
    return values


def _optional(rows: RowsOrColumns, name: str, length: int) -> NDArray[np.float64]:
    if isinstance(rows, Mapping) and name not in rows:
        return np.full(length, np.nan)
    return np.array(rows[name], dtype=np.float64, ndmin=1)


def _solve_planet(
    depth: NDArray[np.float64],
    impact: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(impact, radius ratio) whose mid-transit hides `depth` of the star's light, (n,) each."""
    impact = np.minimum(impact, 2.0)
    radius_ratio = np.ones_like(depth)
    for start in range(0, len(depth), CHUNK_ROWS):
        rows = start + np.arange(len(depth[start : start + CHUNK_ROWS]))
        fits = hidden_flux(impact[rows], radius_ratio[rows], u1[rows], u2[rows]) > depth[rows]
        solvable, rest = rows[fits], rows[~fits]
        radius_ratio[solvable] = _solve_radius_ratio(
            depth[solvable], impact[solvable], u1[solvable], u2[solvable]
        )
        if len(rest):  # of a single candidate, nearly always none
            impact[rest] = _solve_impact(depth[rest], impact[rest], u1[rest], u2[rest])
    return impact, radius_ratio


def _solve_radius_ratio(
    depth: NDArray[np.float64],
    impact: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The radius ratio that gives `depth` at `impact`, where that of 1 gives more."""
    # In the square root of the hidden light a search needs few steps: it goes nearly as the radius.
    return _root(
        lambda k: np.sqrt(np.maximum(hidden_flux(impact, k, u1, u2), 0)) - np.sqrt(depth),
        np.maximum(impact - 1, 0),
        np.ones_like(impact),
    )


def _solve_impact(
    depth: NDArray[np.float64],
    impact: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The impact at which a planet of the star's size gives `depth`, where `impact` gives less."""
    same_size = np.ones_like(impact)
    return _root(
        lambda z: np.sqrt(np.maximum(hidden_flux(z, same_size, u1, u2), 0)) - np.sqrt(depth),
        impact,
        np.zeros_like(impact),
    )


def _root(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    below: NDArray[np.float64],
    above: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where `function` is 0, between points where it is not positive and not negative.

    Ridders' method (1979, IEEE Trans. Circuits Syst. 26, 979), on all elements at once.
    """
    # Rounding may leave an end whose value should be 0 on the wrong side.
    f_below, f_above = np.minimum(function(below), 0), np.maximum(function(above), 0)
    point = above
    for _ in range(MAX_STEPS):
        middle = (below + above) / 2
        f_middle = function(middle)
        scale = np.sqrt(f_middle**2 - f_below * f_above)
        point = middle - (above - middle) * f_middle / np.maximum(scale, _TINY)
        f_point = function(point)
        if (np.abs(f_point) < TOLERANCE).all():
            break
        for x, f in ((middle, f_middle), (point, f_point)):
            is_below = f < 0
            is_inner = (x - below) * (above - x) >= 0
            below = np.where(is_below & is_inner, x, below)
            f_below = np.where(is_below & is_inner, f, f_below)
            above = np.where(~is_below & is_inner, x, above)
            f_above = np.where(~is_below & is_inner, f, f_above)
    return point
