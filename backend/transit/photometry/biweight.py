"""Tukey's biweight of many windows at once.

Source: Mosteller & Tukey (1977), Data Analysis and Regression, chapter 10; chosen for light curves
by Hippke et al. (2019), AJ 158, 143, section 3.1.3, with the tuning constant used here.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.segments import Floats
from backend.transit.photometry.windows import blocks

# Median absolute deviations from the middle at which a point stops to count.
TUNING = 5.0

# Relative to the flux. A step is a small part of the one before, so what is left is smaller still.
TOLERANCE = 2e-7
MOST_STEPS = 40


def biweight_locations(flux: Floats, start: NDArray[np.intp], stop: NDArray[np.intp]) -> Floats:
    """The biweight location of each window.

    The location m solves sum (f - m) (1 - ((f - m) / 5 MAD)^2)^2 = 0 over the points within 5 MAD
    of m; MAD is the median absolute deviation from the median.

    Args:
        flux: float64, (n,), about 1.
        start, stop: intp, (w,): the windows [start, stop) of `flux`.

    Returns:
        float64, (w,); NaN of empty windows, the median where half of the points are alike.
    """
    found = np.full(len(start), np.nan)
    if not len(flux):
        return found
    for block in blocks(start, stop):
        values = np.where(block.is_inside, flux[block.points], np.inf)
        found[block.rows] = _locations(values, block.is_inside.sum(axis=1))
    return found


def _locations(values: Floats, count: NDArray[np.intp]) -> Floats:
    """Of rows whose missing points are infinite."""
    values = np.sort(values, axis=1)
    location = row_medians(values, count)
    with np.errstate(invalid="ignore"):  # an empty row is infinity minus NaN
        distance = np.sort(np.abs(values - location[:, np.newaxis]), axis=1)
        reach = TUNING * row_medians(distance, count)
    active = np.flatnonzero(reach > 0)
    values, reach = values[active], reach[active, np.newaxis]
    for _ in range(MOST_STEPS):
        if not len(active):
            break
        u = (values - location[active, np.newaxis]) / reach
        near = np.maximum(1 - u * u, 0)
        pull = np.einsum("ij,ij,ij->i", near, near, np.minimum(u, 1))
        total = np.einsum("ij,ij->i", near, near)
        # Newton's step, with the slope 1 - u^2 times 1 - 5 u^2 = 5 (1 - u^2) - 4; where the points
        # are far from normal it may vanish, and half of the total is safe.
        slope = np.maximum(5 * total - 4 * near.sum(axis=1), total / 2)
        move = reach[:, 0] * pull / np.where(slope > 0, slope, 1)
        location[active] += move
        moves = np.abs(move) > TOLERANCE
        if not moves.all():
            active, values, reach = active[moves], values[moves], reach[moves]
    return location


def row_medians(ordered: Floats, count: NDArray[np.intp]) -> Floats:
    """The median of the first `count` of each row, in order: float64, (r,); NaN of none."""
    row = np.arange(len(ordered))
    last = ordered.shape[1] - 1
    lower = ordered[row, np.clip((count - 1) // 2, 0, last)]
    upper = ordered[row, np.clip(count // 2, 0, last)]
    return np.where(count > 0, (lower + upper) / 2, np.nan)
