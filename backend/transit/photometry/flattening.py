"""What a star and its instrument do over days, found beside the transits and divided out.

Outside of transits the trend is the biweight location of a window in time that does not see the
transits. Within one it would be that of both sides alike, wrong by what the star's light bends in
between; there it is a parabola through both sides.
"""

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.biweight import TUNING, biweight_locations, row_medians
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
# How often a parabola is fitted: each time without what was far from the one before.
_ROUNDS = 3
# Relative flux, for light curves without noise.
_LEAST_REACH = 1e-7
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
    middle, width = (time[first] + time[after - 1]) / 2, time[after - 1] - time[first]
    sides = np.maximum((window - width) / 2, window / 4)
    start = np.searchsorted(time, time[first] - sides)
    stop = np.searchsorted(time, time[after - 1] + sides)
    has_sides = np.minimum(first - start, stop - after) >= _SIDE_POINTS
    curves = np.zeros((len(first), 3))
    for block in blocks(start[has_sides], stop[has_sides]):
        rows = np.flatnonzero(has_sides)[block.rows]
        x = (time[block.points] - middle[rows, np.newaxis]) / window
        is_seen = block.is_inside & ~masked[block.points]
        curves[rows] = _parabolas(x, flux[block.points], is_seen)

    row = np.repeat(np.arange(len(first)), after - first)
    inside = np.flatnonzero(masked)
    half_step = np.median(np.diff(time)) / 2
    begin, end = time[first][row] - half_step, time[after - 1][row] + half_step
    how_far = np.minimum(time[inside] - begin, end - time[inside]) / (end - begin)
    share = np.clip(how_far / _TAKE_OVER, 0, 1)
    x = (time[inside] - middle[row]) / window
    parabola = np.einsum("ij,ji->i", curves[row], np.stack([x**0, x, x**2]))
    bridged = smooth.copy()
    bridged[inside] += np.where(parabola > 0, share * (parabola - smooth[inside]), 0)
    return bridged


def _parabolas(x: Floats, flux: Floats, is_seen: NDArray[np.bool]) -> Floats:
    """Coefficients of 1, x and x^2, a row each: float64, (r, 3); robust, by the biweight.

    A neighbour's transits are masked as well, so a side may hold few points, or none: then 0.
    """
    usable = (is_seen & (x < 0)).sum(axis=1) >= _SIDE_POINTS
    usable &= (is_seen & (x > 0)).sum(axis=1) >= _SIDE_POINTS
    curves = np.zeros((len(x), 3))
    powers = np.stack([x**power for power in range(5)])[:, usable]
    flux, is_seen = flux[usable], is_seen[usable]
    weight = is_seen.astype(np.float64)
    for _ in range(_ROUNDS):
        moments = np.einsum("pij,ij->ip", powers, weight)
        right = np.einsum("pij,ij->ip", powers[:3], weight * flux)
        matrix = moments[:, np.add.outer(np.arange(3), np.arange(3))]
        # A touch on the diagonal: sides of few different times are as good as singular.
        found = np.linalg.solve(matrix + 1e-12 * np.eye(3), right[..., np.newaxis])[..., 0]
        distance = np.abs(flux - np.einsum("ip,pij->ij", found, powers[:3]))
        ordered = np.sort(np.where(is_seen, distance, np.inf), axis=1)
        reach = TUNING * row_medians(ordered, is_seen.sum(axis=1))
        near = 1 - np.square(distance / np.maximum(reach, _LEAST_REACH)[:, np.newaxis])
        weight = is_seen * np.square(np.maximum(near, 0))
    curves[usable] = found
    return curves
