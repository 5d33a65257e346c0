"""What a star and its instrument do over days, found beside the transits and divided out.

Outside of transits the trend is the biweight location of a window in time that does not see the
transits. Within one it would be that of both sides alike, wrong by what the star's light bends in
between; there it is a parabola through both sides.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.biweight import TUNING, biweight_locations
from backend.transit.photometry.folding import in_transit
from backend.transit.photometry.segments import Floats, Signal
from backend.transit.photometry.windows import blocks

# Durations on either side of a mid-transit that the trend does not see: half of one, and half of
# that again, for durations and epochs that are a little off.
MASKED_WIDTHS = 0.75

# Of the longest duration, and never below so many days: the window is long against a transit, and
# holds enough points of the fainter stars.
WINDOW_DURATIONS = 5.0
SHORTEST_WINDOW = 0.5

# The location is computed at so many of a window's points, or at all of them, and lies on straight
# lines in between. 36 leave about a tenth of the noise that the location itself has.
CENTRES_PER_WINDOW = 36

# Points that each side of a transit needs for a parabola.
_SIDE_POINTS = 4
# The part of a masked stretch, at each end, over which the parabola takes over.
_TAKE_OVER = 0.1


def window_days(signals: tuple[Signal, ...]) -> float:
    """The length of the window for a star with these signals."""
    longest = max((signal.duration_days for signal in signals), default=0.0)
    return max(WINDOW_DURATIONS * longest, SHORTEST_WINDOW)


def trend(time: Floats, flux: Floats, signals: tuple[Signal, ...], window: float) -> Floats:
    """The flux without transits and without noise.

    Args:
        time: float64, (n,), BJD, increasing.
        flux: float64, (n,), about 1.
        signals: all that are known of the star.
        window: days; a gap longer than half of it breaks the trend.

    Returns:
        float64, (n,), above 0.
    """
    masked = in_transit(time, signals, MASKED_WIDTHS)
    found = np.ones(len(time))
    breaks = np.flatnonzero(np.diff(time) > window / 2) + 1
    for piece in np.split(np.arange(len(time)), breaks):
        if len(piece):
            part = slice(piece[0], piece[-1] + 1)
            found[part] = _trend_of_piece(time[part], flux[part], masked[part], window)
    return found


def _trend_of_piece(time: Floats, flux: Floats, masked: NDArray[np.bool], window: float) -> Floats:
    seen, seen_flux = time[~masked], flux[~masked]
    # Nothing but transit: its own median is no trend, that of the segment is.
    if not len(seen):
        return np.ones(len(time))
    step = float(np.median(np.diff(time))) if len(time) > 1 else window
    centres = time[:: max(int(window / step / CENTRES_PER_WINDOW), 1)]
    centres = np.append(centres, time[-1]) if centres[-1] < time[-1] else centres
    start = np.searchsorted(seen, centres - window / 2)
    stop = np.searchsorted(seen, centres + window / 2)
    locations = biweight_locations(seen_flux, start, stop)
    is_known = locations > 0
    if not is_known.any():
        return np.ones(len(time))
    smooth = np.interp(time, centres[is_known], locations[is_known])
    return _bridge(time, flux, masked, smooth, window)


def _bridge(
    time: Floats, flux: Floats, masked: NDArray[np.bool], smooth: Floats, window: float
) -> Floats:
    """The trend with a parabola through both sides of each masked stretch in its place."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], masked, [False]]).astype(np.int8)))
    first, after = edges[::2], edges[1::2]
    if not len(first):
        return smooth
    residual = flux - smooth
    reach = TUNING * float(np.median(np.abs(residual[~masked])))
    weight = np.where(masked, 0.0, 1.0)
    if reach > 0:
        weight *= np.square(np.maximum(1 - np.square(residual / reach), 0))
    start = np.searchsorted(time, time[first] - window / 2)
    stop = np.searchsorted(time, time[after - 1] + window / 2)
    middle = (time[first] + time[after - 1]) / 2
    curves = _parabolas(time, residual, weight, (start, first, after, stop), middle, window)

    row = np.repeat(np.arange(len(first)), after - first)
    inside = np.flatnonzero(masked)
    half_step = np.median(np.diff(time)) / 2
    begin, end = time[first][row] - half_step, time[after - 1][row] + half_step
    depth_inside = np.minimum(time[inside] - begin, end - time[inside]) / (end - begin)
    share = np.clip(depth_inside / _TAKE_OVER, 0, 1)
    x = (time[inside] - middle[row]) / window
    bridged = smooth.copy()
    bridged[inside] += share * np.einsum("ij,ji->i", curves[row], np.stack([x**0, x, x**2]))
    return np.where(bridged > 0, bridged, smooth)


def _parabolas(
    time: Floats,
    residual: Floats,
    weight: Floats,
    bounds: tuple[NDArray[np.intp], ...],
    middle: Floats,
    window: float,
) -> Floats:
    """Coefficients of 1, x and x^2 of each stretch's sides, x in windows: float64, (w, 3).

    All 0 where a side is too short to say how the light bends.
    """
    start, first, after, stop = bounds
    sums = np.concatenate([[0], np.cumsum(weight > 0)])
    has_sides = np.minimum(sums[first] - sums[start], sums[stop] - sums[after]) >= _SIDE_POINTS
    curves = np.zeros((len(first), 3))
    for block in blocks(start, stop):
        x = (time[block.points] - middle[block.rows, np.newaxis]) / window
        w = np.where(block.is_inside, weight[block.points], 0)
        powers = np.stack([x**power for power in range(5)])
        moments = np.einsum("pij,ij->ip", powers, w)
        right = np.einsum("pij,ij->ip", powers[:3], w * residual[block.points])
        usable = has_sides[block.rows]
        matrix = moments[:, np.add.outer(np.arange(3), np.arange(3))]
        # A touch on the diagonal: sides of few different times are as good as singular.
        matrix = matrix[usable] + 1e-9 * np.eye(3)
        curves[np.flatnonzero(usable) + block.rows.start] = np.linalg.solve(
            matrix, right[usable, :, np.newaxis]
        )[..., 0]
    return curves
