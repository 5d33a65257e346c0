"""Folded views that others have prepared: to relative flux, resampled, averaged, checked.

A view is a light curve folded at the period of a signal, in bins of equal width, with the transit
in the middle: of the whole orbit (`global_view`), of the time around the transit (`local_view`), of
every other transit (`odd_view`, `even_view`), or of what is half an orbit away (`secondary_view`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

VIEW_NAMES = ("global_view", "local_view", "odd_view", "even_view", "secondary_view")

# In which the signal is a transit.
_OF_TRANSIT = ("local_view", "global_view", "odd_view", "even_view")

# A dip elsewhere must be deeper than that in the middle by so many of its own errors.
_SIGMA_ELSEWHERE = 6.0

# Of a view's length: what counts as its middle, and the width of the windows that look for dips.
_MIDDLE = {"global_view": 0.04, "local_view": 0.2, "odd_view": 0.2, "even_view": 0.2}
_WINDOW = {"global_view": 0.015, "local_view": 0.1, "odd_view": 0.1, "even_view": 0.1}

# How nearly a secondary view must reach the lowest point to have been stretched by itself.
_STRETCHED = 0.02

# The standard deviation of a normal distribution over its median absolute deviation.
_MAD = 1.4826

View = NDArray[np.float64]


def to_relative(views: Mapping[str, View], depth_ppm: float) -> dict[str, View]:
    """Views that were stretched so that their lowest point has a fixed value, as relative flux.

    What was stretched is undone by the view's own median and lowest point: that is `depth_ppm`
    below the median. It does not matter which two values they were given (0 and -1 in AstroNet,
    Shallue and Vanderburg 2018, section 3.3; 1 and -1 elsewhere).

    Args:
        views: by name, float64, (bins,), NaN where a bin is empty; with a local or a global one.
        depth_ppm: of the transit, ppm.

    Returns:
        The views, around 1. A secondary view that was stretched by itself is left out: nothing
        says how deep it is.
    """
    transit = next(views[name] for name in _OF_TRANSIT if name in views)
    median, lowest = float(np.nanmedian(transit)), float(np.nanmin(transit))
    found: dict[str, View] = {}
    for name, view in views.items():
        if name in _OF_TRANSIT:
            own = float(np.nanmedian(view)), float(np.nanmin(view))
        elif float(np.nanmin(view)) > lowest + _STRETCHED * (median - lowest):
            own = median, lowest
        else:
            continue
        height = own[0] - own[1]
        if height > 0:
            found[name] = 1 - depth_ppm * 1e-6 * (own[0] - view) / height
    return found


def dip_elsewhere(name: str, view: View) -> float | None:
    """Where a view has a dip that is surely deeper than that in its middle.

    Args:
        name: of VIEW_NAMES; in a secondary view there need not be a dip.
        view: float64, (bins,), NaN where a bin is empty.

    Returns:
        Its place, 0 to 1 from the beginning to the end; None if there is no such dip.
    """
    if name not in _MIDDLE:
        return None
    bins = len(view)
    width = max(3, round(_WINDOW[name] * bins))
    is_full = np.isfinite(view)
    sums = np.convolve(np.where(is_full, view, 0.0), np.ones(width), "same")
    counts = np.convolve(is_full.astype(np.float64), np.ones(width), "same")
    means = np.where(counts >= width / 2, sums / np.maximum(counts, 1), np.inf)
    away = np.abs((np.arange(bins) + 0.5) / bins - 0.5)
    is_middle = away <= _MIDDLE[name]
    error = scatter(view) / np.sqrt(width)
    lowest = int(np.argmin(means))
    if not is_middle[lowest] and means[is_middle].min() - means[lowest] > _SIGMA_ELSEWHERE * error:
        return (lowest + 0.5) / bins
    return None


def scatter(view: View) -> float:
    """How much the bins of a view scatter, from one to the next, in the view's own unit.

    From differences of neighbours, which a transit hardly changes; robust.

    Args:
        view: float64, (bins,), NaN where a bin is empty.
    """
    known = view[np.isfinite(view)]
    if len(known) < 2:
        return float("nan")
    steps = np.diff(known)
    return float(_MAD * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2))


def resampled(view: View, bins: int) -> View:
    """The same view in another number of bins, each the mean of what it overlaps.

    Args:
        view: float64, (m,), NaN where a bin is empty.
        bins: of the result.

    Returns:
        float64, (bins,); NaN where all that a bin overlaps is empty.
    """
    length = len(view)
    if bins == length:
        return view.copy()
    is_full = np.isfinite(view)
    edges = np.linspace(0, length, bins + 1)
    known = _between(np.where(is_full, view, 0.0), edges)
    weight = _between(is_full.astype(np.float64), edges)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 1e-9, known / weight, np.nan)


def averaged(views: Sequence[View], bins: int) -> View:
    """One view of several of the same signal, such as of several sectors.

    Each is resampled, then weighted by the inverse square of its scatter.

    Args:
        views: float64, each (m,) of any length, NaN where a bin is empty; at least one.
        bins: of the result.

    Returns:
        float64, (bins,); NaN where all are empty.
    """
    together = np.array([resampled(view, bins) for view in views])
    errors = np.array([scatter(view) for view in together])
    # One that was smoothed, or has hardly a point, is not worth all the others.
    usual = np.nanmedian(errors[errors > 0]) if (errors > 0).any() else 1.0
    errors = np.where(errors > 0.01 * usual, errors, usual)
    weights = np.where(np.isfinite(together), 1 / errors[:, np.newaxis] ** 2, 0.0)
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (weights * np.nan_to_num(together)).sum(axis=0) / total, np.nan)


def _between(values: View, edges: View) -> View:
    """The integral of a step function between each two edges, in bins of its own."""
    integral = np.concatenate([[0.0], np.cumsum(values)])
    return np.diff(np.interp(edges, np.arange(len(values) + 1), integral))
