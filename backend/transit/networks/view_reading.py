"""Reads real light curves in a network: local views without holes, in units of their own depth.

Nothing here has weights, and no row influences another.
"""

import numpy as np
from keras import KerasTensor, ops
from numpy.typing import NDArray

from backend.transit.networks.curve_reading import window_widths
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import local_bins

# Of these numbers, in their order.
VIEW_NUMBERS = (
    "depth",
    "depth_significance",
    "odd_even_significance",
    "odd_even_difference",
    "secondary_significance",
    "secondary_ratio",
    "dip_significance",
    "dip_ratio",
    "flatness",
    "shoulders",
    "lopsidedness",
    "noise",
    "deepest_elsewhere",
    "half_an_orbit_later",
)

# Before their arcsinh is taken: where a number matters between 0 and 1.
VIEW_STEEPNESS = np.array([1, 1, 1, 10, 1, 10, 1, 10, 10, 10, 1, 1, 1, 10], np.float64)

# Flux below 0 and above twice the star's is no transit.
_LARGEST_DIP = 1.0

# Less than 1 ppm is no depth, and no noise.
_SMALLEST = 1e-6

# In units of the transit's depth: what is beyond is noise of a shallow one.
_LOWEST, _HIGHEST = -2.0, 3.0

# Mean absolute difference of two normal numbers to their standard deviation: sqrt(pi) / 2.
_FROM_DIFFERENCES = float(np.sqrt(np.pi) / 2)

_PARTS_PER_MILLION = 1e6

# Of the transit, from its middle, in durations: its floor, itself, and where it is over.
_FLOOR, _INSIDE, _OUTSIDE = 0.3, 0.5, 0.75

# The part of the depth above which a window of the folded curve counts as the transit.
_IN_TRANSIT = 0.4

# Of the orbit's 87 parts, from the middle: those that a transit may fill.
_AROUND_TRANSIT = 8


class Views:
    """The local views of a light curve, from `local_input`.

    Attributes:
        known: (105, 5), 1 where a bin has a point, else 0.
        dip: (105, 5), 1 - flux, 0 where unknown.
        depth: (5,), the mean dip over the floor of a transit in each view; 0 without a point.
        has_depth: (5,), 1 where there is a point in it, else 0.
        noise: (5,), of a bin, from the differences of neighbours out of transit.
        error: (5,), of the depth.
        scale: (1,), the transit's depth, no less than its error: what views are divided by.
        has_curve: (1,), 1 where any view has a point, else 0.
    """

    def __init__(self, local: KerasTensor) -> None:
        self.known = 1.0 - ops.cast(ops.isnan(local), "float32")
        dip = ops.where(ops.isnan(local), 0.0, 1.0 - local)
        self.dip = ops.clip(dip, -_LARGEST_DIP, _LARGEST_DIP)
        self.depth, points = self.mean(np.abs(local_bins()) <= _FLOOR)
        self.has_depth = ops.minimum(points, 1.0)
        self.noise = self._noise()
        self.error = self.noise / ops.sqrt(ops.maximum(points, 1.0))
        self.scale = ops.maximum(ops.maximum(self.depth, self.error)[:, :1], _SMALLEST)
        self.has_curve = ops.max(self.known, axis=(1, 2), keepdims=True)[:, 0]

    def mean(self, is_chosen: NDArray[np.bool_]) -> tuple[KerasTensor, KerasTensor]:
        """The mean dip of each view over some bins, and how many of them have a point: (5,)."""
        chosen = self.known * is_chosen.astype(np.float32)[None, :, None]
        points = ops.sum(chosen, axis=1)
        return ops.sum(self.dip * chosen, axis=1) / ops.maximum(points, 1.0), points

    def channels(self, name: str) -> KerasTensor:
        """One of LOCAL_VIEWS for a convolution: (105, 3).

        Its channels: the dip in units of the transit's depth, and of the view's noise, both
        compressed; and 1 where known, else 0.
        """
        place = slice(LOCAL_VIEWS.index(name), LOCAL_VIEWS.index(name) + 1)
        dip = self.dip[:, :, place]
        of_depth = ops.clip(dip / self.scale[:, :, None], _LOWEST, _HIGHEST)
        of_noise = ops.arcsinh(dip / self.noise[:, None, place])
        return ops.concatenate([of_depth, of_noise, self.known[:, :, place]], axis=-1)

    def has(self, name: str) -> KerasTensor:
        """1 where a view has a point in its middle, else 0: (1,)."""
        place = LOCAL_VIEWS.index(name)
        return self.has_depth[:, place : place + 1]

    def _noise(self) -> KerasTensor:
        is_out = np.abs(local_bins()) > _OUTSIDE
        both = self.known[:, 1:] * self.known[:, :-1]
        both *= (is_out[1:] & is_out[:-1]).astype(np.float32)[None, :, None]
        steps = ops.abs(self.dip[:, 1:] - self.dip[:, :-1])
        mean = ops.sum(steps * both, axis=1) / ops.maximum(ops.sum(both, axis=1), 1.0)
        return ops.maximum(_FROM_DIFFERENCES * mean, _SMALLEST)


def overview_channels(overview: KerasTensor, scale: KerasTensor) -> KerasTensor:
    """The whole orbit for a convolution: (87, 3).

    Args:
        overview: (87, 2), from `curve_reading.read_overview`.
        scale: (1,), the transit's depth, in units of the star's flux.

    Returns:
        The mean dip in units of the depth and of the noise, and the deepest one in units of the
        noise, all compressed.
    """
    bounded = ops.clip(overview, -_LARGEST_DIP, _LARGEST_DIP)
    noise = _overview_noise(bounded)
    of_depth = ops.clip(bounded[:, :, :1] / scale[:, :, None], _LOWEST, _HIGHEST)
    return ops.concatenate([of_depth, ops.arcsinh(bounded / noise)], axis=-1)


def read_numbers(views: Views, overview: KerasTensor) -> KerasTensor:
    """Numbers of what the views show: (14,), as VIEW_NUMBERS, NaN where unknown."""
    transit, odd, even, secondary, dip = (LOCAL_VIEWS.index(name) for name in LOCAL_VIEWS)

    def of(numbers: KerasTensor, place: int) -> KerasTensor:
        return numbers[:, place : place + 1]

    known, scale = views.has_depth, views.scale
    difference = ops.abs(of(views.depth, odd) - of(views.depth, even))
    both_errors = ops.sqrt(ops.square(of(views.error, odd)) + ops.square(of(views.error, even)))
    has_both = of(known, odd) * of(known, even)
    significance = views.depth / views.error
    phase = np.abs(local_bins())
    inside, outer = (
        of(views.mean(chosen)[0], transit)
        for chosen in (phase <= _INSIDE, (phase > _INSIDE) & (phase <= _OUTSIDE))
    )
    before, after = (
        of(views.mean((phase <= _INSIDE) & side)[0], transit)
        for side in (local_bins() < 0, local_bins() > 0)
    )
    bounded = ops.clip(overview, -_LARGEST_DIP, _LARGEST_DIP)
    noise = _overview_noise(bounded)[:, :, 0]
    mean = bounded[:, :, 0]
    away = np.abs(np.arange(mean.shape[1]) - mean.shape[1] // 2)
    elsewhere = ops.max(ops.where(away[None] > _AROUND_TRANSIT, mean, -1.0), axis=1, keepdims=True)
    later = 0.5 * (mean[:, :1] + mean[:, -1:])
    has_transit = of(known, transit)
    numbers_and_known = (
        (_PARTS_PER_MILLION * of(views.depth, transit), has_transit),
        (of(significance, transit), has_transit),
        (difference / both_errors, has_both),
        (ops.clip(difference / scale, 0.0, _HIGHEST), has_both),
        (of(significance, secondary), of(known, secondary)),
        (_bounded(of(views.depth, secondary) / scale), of(known, secondary)),
        (of(significance, dip), of(known, dip)),
        (_bounded(of(views.depth, dip) / scale), of(known, dip)),
        (_bounded(inside / scale), has_transit),
        (_bounded(outer / scale), has_transit),
        (ops.abs(before - after) / of(views.error, transit), has_transit),
        (_PARTS_PER_MILLION * of(views.noise, transit), has_transit),
        (elsewhere / noise, has_transit),
        (_bounded(later / scale), has_transit),
    )
    return ops.concatenate(
        [ops.where(is_known > 0, number, np.nan) for number, is_known in numbers_and_known],
        axis=-1,
    )


def robust_reading(
    views: Views, summary: KerasTensor, windows: KerasTensor
) -> tuple[KerasTensor, KerasTensor]:
    """What `read_curve` reads, its peak replaced by the mean of the transit where a row has one.

    The deepest bin of a real curve is the deepest one of its noise.

    Args:
        views: of the same rows.
        summary, windows: from `read_curve`.

    Returns:
        (3,) and (WINDOWS, 1), as from `read_curve`; unchanged for a row without a light curve.
    """
    has_transit = views.has("local_view")
    peak = summary[:, :1]
    own = ops.where(has_transit > 0, ops.log(views.scale), peak)
    shape = windows[:, :, 0] * ops.exp(ops.clip(peak - own, -20.0, 20.0))
    shape = ops.clip(shape, _LOWEST, _HIGHEST)
    in_transit = ops.clip(shape, 0.0, 1.0) * ops.cast(shape > _IN_TRANSIT, "float32")
    # The bin in the middle is a whole one, of which windows cover less than a half.
    area = ops.sum(in_transit * window_widths()[None], axis=1, keepdims=True) + 1.0
    square = ops.sum(ops.square(in_transit) * window_widths()[None], axis=1, keepdims=True) + 1.0
    robust = ops.concatenate([own, ops.log(area), ops.log(square)], axis=-1)
    return ops.where(has_transit > 0, robust, summary), ops.expand_dims(shape, -1)


def _bounded(ratio: KerasTensor) -> KerasTensor:
    return ops.clip(ratio, _LOWEST, _HIGHEST)


def _overview_noise(overview: KerasTensor) -> KerasTensor:
    """Of a mean of the overview, from the differences of neighbours: (1, 1)."""
    steps = ops.abs(overview[:, 1:, :1] - overview[:, :-1, :1])
    # A few steps belong to dips: smaller ones are more likely noise.
    limited = ops.minimum(steps, 2.0 * ops.mean(steps, axis=1, keepdims=True))
    mean = ops.mean(limited, axis=1, keepdims=True)
    return ops.maximum(_FROM_DIFFERENCES * mean, _SMALLEST)
