"""From a segment as a mission wrote it to points that can be used: good, in order, median 1."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.segments import Floats, Segment

# Bits of a point that is left out, by mission.
#
# Kepler and K2: attitude tweak, safe mode, coarse point, Earth point, desaturation, manual exclude,
# detector anomaly, no data, thruster firing (bits 1-4, 6, 9, 15, 17, 21): Kepler Archive Manual
# (KDMC-10008-006), table 2-3, and K2 Handbook (KSCI-19116), section 3.1. Cosmic rays, rolling
# bands and the pipeline's own outliers stay: they are corrected, or are for the clipping here.
#
# TESS: 0101001010111111 in binary, as the mission's archive recommends (bits 1-6, 8, 10, 13, 15):
# TESS Science Data Products Description (EXP-TESS-ARC-ICD-0014), table 28; MAST, TESS Archive
# Manual, "Data quality flags".
QUALITY_MASKS = {
    "kepler": sum(1 << (bit - 1) for bit in (1, 2, 3, 4, 6, 9, 15, 17)),
    "k2": sum(1 << (bit - 1) for bit in (1, 2, 3, 4, 6, 9, 15, 17, 21)),
    "tess": 0b0101001010111111,
    "": 0,
}

# Times closer than this are one time: a thousandth of the shortest exposure in use, 20 seconds.
SAME_TIME = 2e-7

OUTLIER_SIGMAS = 5.0
# A dip whose neighbours are as low as this as well is no outlier: it may be an eclipse.
NEIGHBOUR_SIGMAS = 2.5

# Standard deviations in a median absolute deviation, for normal noise.
MAD_TO_SIGMA = 1.482602218505602


def clean(segment: Segment) -> Segment:
    """The usable points of a segment in order of time, with a median flux of 1.

    Points without a finite time and flux, and those with a bit of the mission's mask, are left
    out. Points of the same time are merged into one: their mean flux, an error that takes them for
    copies of each other, all of their quality bits.

    Returns:
        The segment; without a point where the median flux is not above 0, as no depth can be
        relative to it.
    """
    mask = QUALITY_MASKS.get(segment.mission, 0)
    is_good = np.isfinite(segment.time) & np.isfinite(segment.flux) & (segment.quality & mask == 0)
    good = segment.where(is_good)
    good = _merge_same_times(good.where(np.argsort(good.time, kind="stable")))
    median = float(np.median(good.flux)) if len(good) else 0.0
    if median <= 0:
        return good.where(np.zeros(len(good), dtype=bool))
    return replace(good, flux=good.flux / median, error=good.error / median)


def _merge_same_times(ordered: Segment) -> Segment:
    """One point a time; the times are in order."""
    if len(ordered) < 2:
        return ordered
    is_first = np.append(True, np.diff(ordered.time) > SAME_TIME)
    if is_first.all():
        return ordered
    starts = np.flatnonzero(is_first)
    counts = np.diff(np.append(starts, len(ordered)))
    return replace(
        ordered,
        time=ordered.time[starts],
        flux=np.add.reduceat(ordered.flux, starts) / counts,
        error=np.add.reduceat(ordered.error, starts) / counts,
        quality=np.bitwise_or.reduceat(ordered.quality, starts),
    )


def point_scatter(flux: Floats) -> float:
    """Standard deviation from point to point, robust, without what changes slowly; NaN for one.

    1.4826 times the median absolute difference of neighbours, over the square root of 2.
    """
    if len(flux) < 2:
        return np.nan
    return float(MAD_TO_SIGMA * np.median(np.abs(np.diff(flux))) / np.sqrt(2))


def outliers(
    flat: Floats, protected: NDArray[np.bool], sigmas: float = OUTLIER_SIGMAS
) -> NDArray[np.bool]:
    """Points far above the trend, and single ones far below it outside of transits.

    Two low points in a row stay wherever they are: a secondary eclipse or a transit that the
    catalogue does not know looks like that.

    Args:
        flat: float64, (n,), flux over its trend, in order of time.
        protected: bool, (n,), where low points are expected.

    Returns:
        bool, (n,).
    """
    if len(flat) < 3:
        return np.zeros(len(flat), dtype=bool)
    excess = flat - np.median(flat)
    usual = excess[~protected] if (~protected).sum() > 2 else excess
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(usual)))
    if sigma == 0:
        return np.zeros(len(flat), dtype=bool)
    low_neighbours = np.convolve(excess < -NEIGHBOUR_SIGMAS * sigma, [1, 0, 1], mode="same") > 0
    is_low = (excess < -sigmas * sigma) & ~protected & ~low_neighbours
    return (excess > sigmas * sigma) | is_low
