"""A folded light curve in bins: the whole orbit, the transit, odd and even ones, the secondary.

The bins of the whole orbit are those of the synthetic curve (`transit/light_curve/curve.py`). Those
of the other views reach 2.5 durations to either side, so that 0.8 of them lie out of transit,
whatever the period is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.cleaning import MAD_TO_SIGMA
from backend.transit.photometry.segments import Floats

WHOLE_BINS = 2001
# An odd multiple of 5: the transit fills exactly a fifth of them, one of them in its middle.
LOCAL_BINS = 105
# Durations from the middle of a local view to its ends.
LOCAL_REACH = 2.5

# The scatter of so few points says nothing: it is that of the whole view.
_FEW_POINTS = 4


@dataclass(frozen=True)
class View:
    """Folded flux in bins.

    Attributes:
        flux: float64, (bins,), median; relative to out of transit. Bins without a point lie on a
            line between their neighbours; 1 everywhere if no bin has one.
        scatter: float64, (bins,), robust standard deviation of the points; of the whole view
            where a bin has fewer than four. NaN if nothing is known.
        count: int64, (bins,), points.
    """

    flux: Floats
    scatter: Floats
    count: NDArray[np.int64]

    @property
    def has_points(self) -> NDArray[np.bool]:
        """bool, (bins,): False where the flux is interpolated."""
        return self.count > 0


def whole_orbit_bins() -> Floats:
    """Centres of the bins of the whole orbit: float64, (2001,), orbits after mid-transit."""
    return (np.arange(WHOLE_BINS) - WHOLE_BINS // 2) / WHOLE_BINS


def local_bins() -> Floats:
    """Centres of the bins of a local view: float64, (105,), durations after its middle."""
    return np.arange(-(LOCAL_BINS // 2), LOCAL_BINS // 2 + 1) / (LOCAL_BINS / (2 * LOCAL_REACH))


def whole_orbit_view(phase: Floats, flux: Floats) -> View:
    """The whole orbit.

    Args:
        phase: float64, (n,), orbits after mid-transit, [-1/2, 1/2].
        flux: float64, (n,), relative to out of transit.
    """
    index = np.floor(phase * WHOLE_BINS + WHOLE_BINS / 2).astype(np.intp) % WHOLE_BINS
    return _bin(index, flux, WHOLE_BINS, is_round=True)


def local_view(offset: Floats, flux: Floats, duration: float) -> View:
    """2.5 durations to either side of a transit, or of another place.

    Args:
        offset: float64, (n,), days after the middle of the nearest one; no more than half a period,
            so that a bin further away has no point: it would show the next transit.
        flux: float64, (n,), relative to out of transit.
        duration: days.
    """
    index = np.floor(offset / duration * (LOCAL_BINS / (2 * LOCAL_REACH)) + LOCAL_BINS / 2)
    is_inside = (index >= 0) & (index < LOCAL_BINS)
    return _bin(index[is_inside].astype(np.intp), flux[is_inside], LOCAL_BINS, is_round=False)


def _bin(index: NDArray[np.intp], flux: Floats, bins: int, is_round: bool) -> View:
    count = np.bincount(index, minlength=bins)
    if not len(index):
        return View(np.ones(bins), np.full(bins, np.nan), count)
    order = np.lexsort((flux, index))
    index, flux = index[order], flux[order]
    median = _medians(flux, count)
    distance = np.abs(flux - median[index])
    whole = MAD_TO_SIGMA * float(np.median(distance)) if len(flux) >= _FEW_POINTS else np.nan
    scatter = MAD_TO_SIGMA * _medians(distance[np.lexsort((distance, index))], count)
    scatter[count < _FEW_POINTS] = whole
    return View(_fill(median, count > 0, is_round), scatter, count)


def _medians(grouped: Floats, count: NDArray[np.int64]) -> Floats:
    """Of groups that follow each other, each in order: float64, (bins,); NaN of empty ones."""
    start = np.cumsum(count) - count
    last = max(len(grouped) - 1, 0)
    lower = grouped[np.clip(start + (count - 1) // 2, 0, last)]
    upper = grouped[np.clip(start + count // 2, 0, last)]
    return np.where(count > 0, (lower + upper) / 2, np.nan)


def _fill(values: Floats, is_known: NDArray[np.bool], is_round: bool) -> Floats:
    """Unknown bins on a line between their neighbours; the last's neighbour may be the first."""
    if is_known.all():
        return values
    known = np.flatnonzero(is_known)
    period = len(values) if is_round else None
    return np.interp(np.arange(len(values)), known, values[known], period=period)
