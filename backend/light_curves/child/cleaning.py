"""From columns as a file has them to one segment: in order, every time once, linear in light."""

import numpy as np
from numpy.typing import NDArray

from backend.tables.child.limits import NotReadable

Floats = NDArray[np.float64]

LEAST_POINTS = 20

# No star is brighter in any unit; pipelines write such numbers for "nothing".
_BEYOND = 1e30

# More of them are no accident: the points of two stars, or of two apertures.
_MOST_CONTRADICTIONS = 0.02

# What magnitudes of stars are, and how far the flux of most stars varies in any unit.
_MAGNITUDES = (4.0, 21.0)
_MAGNITUDE_SCATTER = 0.1

# An error of magnitudes to one of relative flux.
_PER_MAGNITUDE = 0.4 * float(np.log(10.0))

FLUX_KINDS = ("flux", "magnitudes", "minus one")


class Points:
    """The points of a segment while it is made.

    Attributes:
        time: float64, (n,), days.
        flux, error: float64, (n,); an unknown error is NaN.
        quality: int32, (n,).
    """

    def __init__(
        self, time: Floats, flux: Floats, error: Floats | None, quality: NDArray[np.int32] | None
    ) -> None:
        self.time, self.flux = time, flux
        self.error = np.full(len(time), np.nan) if error is None else error
        self.quality = np.zeros(len(time), np.int32) if quality is None else quality

    def keep(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> None:
        """Keep some points, in that order."""
        self.time, self.flux = self.time[index], self.flux[index]
        self.error, self.quality = self.error[index], self.quality[index]


def clean(points: Points, notes: list[str]) -> None:
    """Leave out what was not measured, sort by time, and keep every time once.

    Raises:
        NotReadable: too little is left, or the same times have different fluxes.
    """
    if not np.isfinite(points.time).any():
        raise NotReadable("No point has a time that is a number: the column of the time is empty.")
    with np.errstate(invalid="ignore"):
        points.keep(np.isfinite(points.time) & (np.abs(points.flux) < _BEYOND))
    if len(points.time) < LEAST_POINTS:
        raise NotReadable(
            f"Only {len(points.time):,} points have both a time and a flux; expected at least "
            f"{LEAST_POINTS}."
        )
    if (np.diff(points.time) < 0).any():
        points.keep(np.argsort(points.time, kind="stable"))
        notes.append("The times were not in order: the points were sorted.")
    _keep_every_time_once(points, notes)
    if (points.flux == points.flux[0]).all():
        raise NotReadable(
            f"The flux is {points.flux[0]:g} at every time: nothing was measured, or another "
            "column is the flux."
        )
    with np.errstate(invalid="ignore"):
        points.error[~((points.error > 0) & (points.error < _BEYOND))] = np.nan


def to_linear(
    points: Points, kind: str | None, is_called_magnitude: bool, notes: list[str]
) -> None:
    """Make the flux linear in the star's light, around a median above zero.

    Args:
        points: after `clean`.
        kind: one of FLUX_KINDS, as the upload says; None: nothing is said.
        is_called_magnitude: whether the column's name or unit says so.
        notes: what was converted is added.

    Raises:
        NotReadable: it cannot be known, or the median is not above zero.
    """
    if kind not in (None, *FLUX_KINDS):
        raise NotReadable(f"Expected one of {', '.join(FLUX_KINDS)} for the flux, received {kind}.")
    if kind is None and not is_called_magnitude and _looks_like_magnitudes(points.flux):
        raise NotReadable(
            f"The flux looks like magnitudes: its median is {np.median(points.flux):.2f} and it "
            "varies little. Say at the upload whether it is `flux` or `magnitudes`, or name the "
            "column `mag`."
        )
    if kind == "magnitudes" or (kind is None and is_called_magnitude):
        median = float(np.median(points.flux))
        with np.errstate(over="ignore"):
            points.flux = 10.0 ** (-0.4 * (points.flux - median))
        points.error = points.error * _PER_MAGNITUDE * points.flux
        points.keep(np.isfinite(points.flux))
        notes.append(f"Magnitudes were converted to flux relative to magnitude {median:.3f}.")
    elif kind == "minus one":
        points.flux = points.flux + 1.0
    _require_above_zero(points.flux)


def quality_of(values: NDArray[np.generic]) -> NDArray[np.int32] | None:
    """Flags as int32, (n,); None if they are no whole numbers. What is missing is 0."""
    if values.dtype.kind == "b":
        return values.astype(np.int32)
    if values.dtype.kind not in "iuf":
        return None
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if (numbers != np.trunc(numbers)).any():
        return None
    return np.clip(numbers, -(2.0**31), 2.0**31 - 1).astype(np.int32)


def _keep_every_time_once(points: Points, notes: list[str]) -> None:
    is_again = np.concatenate([[False], np.diff(points.time) == 0])
    if not is_again.any():
        return
    differs = is_again.copy()
    differs[1:] &= points.flux[1:] != points.flux[:-1]
    contradictions = int(differs.sum())
    if contradictions > max(_MOST_CONTRADICTIONS * len(is_again), 1):
        raise NotReadable(
            f"At {contradictions:,} times there is more than one flux: the points of two stars, or "
            "of two apertures, are in one file. Add a column `star`, or make a file of each."
        )
    points.keep(~is_again)
    notes.append(f"{int(is_again.sum()):,} points stand twice: one of each was kept.")


def _looks_like_magnitudes(flux: Floats) -> bool:
    low, median, high = np.percentile(flux, [16, 50, 84])
    is_magnitude = _MAGNITUDES[0] < median < _MAGNITUDES[1]
    return bool(is_magnitude and (high - low) / 2 < _MAGNITUDE_SCATTER)


def _require_above_zero(flux: Floats) -> None:
    low, median, high = np.percentile(flux, [16, 50, 84])
    if median > (high - low) / 2:
        return
    raise NotReadable(
        f"The flux has the median {median:.4g} and varies by {(high - low) / 2:.4g} around it, so "
        "nothing can be compared with it. If it is relative flux from which 1 was subtracted, say "
        "`minus one` at the upload. A difference to a reference image cannot be used."
    )
