"""The depth at a place of a light curve: a transit there, or what noise makes of none.

At each place a form of depth d and a parabola are fitted together to the flux itself, 2.5 durations
to either side, by least squares:

    f = c0 + c1 x + c2 x^2 - d * form(x)

The flux is not flattened before, so that no window eats a part of the depth, and the answer at a
transit and that at a place without one have the same noise: the second tells the first's.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.cleaning import MAD_TO_SIGMA
from backend.transit.photometry.measuring.shapes import Shape, profile
from backend.transit.photometry.segments import Floats
from backend.transit.photometry.windows import Block, blocks

# Durations from a place to the ends of what is fitted.
REACH = 2.5
# A window spans no less than so many steps of a segment; a transit counts as no shorter than one.
_FEWEST_STEPS = 4.0
# Points a duration; where there are more, their means are taken.
POINTS_PER_DURATION = 15
# Of the points that a place should have within the transit, and on each of its sides.
_INSIDE_SHARE = 0.5
_SIDE_SHARE = 0.3
# The noise of a light curve without any: a hundredth of a ppm.
_LEAST_SIGMA = 1e-8


@dataclass(frozen=True)
class Stretch:
    """One segment, made ready to measure depths of one duration.

    Attributes:
        time: float64, (n,), BJD, increasing.
        flux: float64, (n,), about 1.
        sigma: float64, (n,), of `flux`, from point to point.
        step: days from one point to the next.
        integration: days that a point is a mean over.
    """

    time: Floats
    flux: Floats
    sigma: Floats
    step: float
    integration: float

    def where(self, selection: NDArray[np.bool]) -> "Stretch":
        """The selected points."""
        return Stretch(
            self.time[selection],
            self.flux[selection],
            self.sigma[selection],
            self.step,
            self.integration,
        )


class Depths(NamedTuple):
    """Depths at some places.

    Attributes:
        depth: float64, (p,), relative flux; NaN where too few points say it.
        sigma: float64, (p,), of `depth`, for noise without memory.
        baseline: float64, (p, 3), of the parabola, in half windows.
    """

    depth: Floats
    sigma: Floats
    baseline: Floats


def make_stretch(
    time: Floats, flux: Floats, step: float, integration: float, duration: float
) -> Stretch:
    """A segment with as many points as a duration needs.

    Args:
        time: float64, (n,), BJD, increasing.
        flux: float64, (n,), about 1, without outliers.
        step: days from one point to the next.
        integration: days that a point is integrated over.
        duration: days.
    """
    wanted = duration / POINTS_PER_DURATION
    count = np.ones(len(time))
    if wanted >= 2 * step:
        bin_of = np.floor((time - time[:1]) / wanted)
        starts = np.flatnonzero(np.diff(bin_of, prepend=-1))
        count = np.diff(np.append(starts, len(time))).astype(float)
        time, flux = (np.add.reduceat(values, starts) / count for values in (time, flux))
        step, integration = wanted, wanted
    if len(time) < 2:
        return Stretch(time, flux, np.full(len(time), _LEAST_SIGMA), step, integration)
    difference = np.diff(flux) / np.sqrt(1 / count[1:] + 1 / count[:-1])
    sigma = max(MAD_TO_SIGMA * float(np.median(np.abs(difference))), _LEAST_SIGMA)
    return Stretch(time, flux, sigma / np.sqrt(count), step, integration)


def half_window(duration: float, step: float) -> float:
    """Days from a place to the ends of what is fitted there."""
    return max(REACH * duration, _FEWEST_STEPS * step)


def depths_at(places: Floats, stretch: Stretch, shape: Shape, duration: float) -> Depths:
    """The depth of a form at each place.

    Args:
        places: float64, (p,), BJD of the middle of each.
        stretch: without the points of other transits.
        shape: the form.
        duration: days.
    """
    reach = half_window(duration, stretch.step)
    found = Depths(*(np.full((len(places), *tail), np.nan) for tail in ((), (), (3,))))
    if not len(stretch.time):
        return found
    start = np.searchsorted(stretch.time, places - reach)
    stop = np.searchsorted(stretch.time, places + reach)
    # What nobody looked at needs no sums.
    chosen = np.flatnonzero(stop - start >= 4)
    for block in blocks(start[chosen], stop[chosen]):
        rows = chosen[block.rows]
        for whole, part in zip(
            found, _depths(block, places[rows], stretch, shape, duration), strict=True
        ):
            whole[rows] = part
    return found


def _depths(
    block: Block, places: Floats, stretch: Stretch, shape: Shape, duration: float
) -> Depths:
    reach = half_window(duration, stretch.step)
    offset = stretch.time[block.points] - places[:, np.newaxis]
    weight = np.where(block.is_inside, stretch.sigma[block.points] ** -2, 0.0)
    flux = stretch.flux[block.points] - 1
    form = profile(shape, offset, duration, stretch.integration)
    x = offset / reach
    columns = [np.ones_like(x), x, x * x, -form]
    weighted = [weight, weight * x, weight * columns[2], -weight * form]
    matrix = np.empty((4, 4, len(places)))
    for i in range(4):
        for j in range(i + 1):
            matrix[i, j] = np.einsum("ij,ij->i", weighted[i], columns[j])
    right = np.stack([np.einsum("ij,ij->i", column, flux) for column in weighted])
    solution, sigma = _solve(matrix, right)
    is_known = _is_covered(block, offset, stretch.step, duration, reach) & (sigma > 0)
    baseline = np.where(is_known, solution[:3], np.nan).T
    return Depths(
        np.where(is_known, solution[3], np.nan), np.where(is_known, sigma, np.nan), baseline
    )


def _solve(matrix: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Least squares of many places by Cholesky's method; sigma of the last, 0 where singular."""
    size = len(right)
    lower = np.zeros_like(matrix)
    is_singular = np.zeros(right.shape[1], dtype=bool)
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i, j] - np.einsum("kp,kp->p", lower[i, :j], lower[j, :j])
            if i == j:
                is_singular |= ~(rest > 1e-9 * matrix[i, i])
                lower[i, i] = np.sqrt(np.where(is_singular, 1.0, rest))
            else:
                lower[i, j] = rest / lower[j, j]
    forward = np.empty_like(right)
    for i in range(size):
        known = np.einsum("kp,kp->p", lower[i, :i], forward[:i])
        forward[i] = (right[i] - known) / lower[i, i]
    solution = np.empty_like(right)
    for i in reversed(range(size)):
        known = np.einsum("kp,kp->p", lower[i + 1 :, i], solution[i + 1 :])
        solution[i] = (forward[i] - known) / lower[i, i]
    return solution, np.where(is_singular, 0.0, 1 / lower[-1, -1])


def _is_covered(
    block: Block, offset: Floats, step: float, duration: float, reach: float
) -> NDArray[np.bool]:
    """Whether a place has points enough, in the transit and on both of its sides."""
    half = max(duration, step) / 2
    sides = (
        (np.abs(offset) < half, _INSIDE_SHARE * 2 * half / step),
        (offset <= -half, _SIDE_SHARE * (reach - half) / step),
        (offset >= half, _SIDE_SHARE * (reach - half) / step),
    )
    enough = np.ones(len(offset), dtype=bool)
    for is_there, wanted in sides:
        enough &= (is_there & block.is_inside).sum(axis=1) >= max(wanted, 1)
    return enough
