"""The middle, duration, form and depth of a signal, from all of its transits together.

Each transit's own parabola is taken off, the rest folded into fine bins. Every combination of a
shift, a duration and an impact on a grid has a probability from its least squares and from what the
catalogue says; means over the grid are the answer. So where noise hides the form its uncertainty is
in that of the depth, and where it does not the grid closes in on it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.measuring.events import Depths, Stretch, half_window
from backend.transit.photometry.measuring.shapes import Shape, profile, shapes
from backend.transit.photometry.segments import Floats, Signal
from backend.transit.photometry.windows import blocks

# How far a catalogue may be off, standard deviations: the middle in durations, the duration in
# parts of itself. Beyond three of them nothing is looked for.
_SHIFT_SIGMA = 0.12
_STRETCH_SIGMA = 0.15
_LIMIT_SIGMAS = 3.0

# Points of the grid on each axis, and how often it closes in.
_GRID = 9
_ROUNDS = 7
# A grid is fine enough with so many standard deviations between its points.
_FINE = 0.8

# Of what is folded, 2.5 durations to either side: 45 a duration.
_BINS = 225
# Impacts end where the planet leaves the star, at 1 + k; the largest of the first grid.
_HIGHEST_IMPACT = 1.1


class Fold(NamedTuple):
    """Transits on top of each other, in bins.

    Attributes:
        offset: float64, (n,), days after mid-transit.
        flux: float64, (n,), relative to out of transit, less 1.
        weight: float64, (n,), one over the variance of `flux`.
        integration: float64, (n,), days that a bin is a mean over.
    """

    offset: Floats
    flux: Floats
    weight: Floats
    integration: Floats


class Form(NamedTuple):
    """What all transits together look like, with standard deviations.

    Attributes:
        depth, depth_sigma: relative flux, at mid-transit.
        shift: days from the catalogue's mid-transit to the measured one.
        duration: days.
        duration_sigma, shift_sigma: days.
        ingress_share, ingress_sigma: the part of the duration spent on the star's limb.
        shape: the most likely form.
    """

    depth: float
    depth_sigma: float
    shift: float
    shift_sigma: float
    duration: float
    duration_sigma: float
    ingress_share: float
    ingress_sigma: float
    shape: Shape


def fold_events(
    events: list[tuple[Stretch, Floats, Depths, float]], duration: float
) -> Fold | None:
    """All transits that could be measured, without their parabolas; None if there is none.

    Args:
        events: of each segment its points, the middles of its transits (BJD), what was measured
            there, and by how much its noise exceeds that of points without memory.
        duration: days.
    """
    parts: list[Floats] = []
    for stretch, places, depths, factor in events:
        seen = np.isfinite(depths.depth)
        if not seen.any():
            continue
        middle, baseline = places[seen], depths.baseline[seen]
        reach = half_window(duration, stretch.step)
        start = np.searchsorted(stretch.time, middle - reach)
        stop = np.searchsorted(stretch.time, middle + reach)
        for block in blocks(start, stop):
            offset = stretch.time[block.points] - middle[block.rows, np.newaxis]
            x = offset / reach
            c0, c1, c2 = baseline[block.rows].T[:, :, np.newaxis]
            flux = stretch.flux[block.points] - 1 - (c0 + x * (c1 + x * c2))
            weight = (stretch.sigma[block.points] * factor) ** -2
            integration = np.full(offset.shape, stretch.integration)
            parts.append(
                np.stack([a[block.is_inside] for a in (offset, flux, weight, integration)])
            )
    if not parts:
        return None
    offset, flux, weight, integration = np.concatenate(parts, axis=1)
    width = 2 * max(half_window(duration, event[0].step) for event in events) / _BINS
    _, index = np.unique(np.floor(offset / width), return_inverse=True)
    total = np.bincount(index, weight).astype(np.float64)
    means = [np.bincount(index, weight * v) / total for v in (offset, flux, integration)]
    return Fold(means[0], means[1], total, np.hypot(means[2], width))


def fit_form(fold: Fold, signal: Signal, depth: float, mission: str) -> Form:
    """The form of a signal.

    Args:
        fold: its transits.
        signal: what the catalogue says of it.
        depth: a first estimate, relative flux.
        mission: whose limb darkening is taken.
    """
    length = signal.duration_days
    limits = np.array(
        [
            [-_LIMIT_SIGMAS * _SHIFT_SIGMA, _LIMIT_SIGMAS * _SHIFT_SIGMA],
            [-_LIMIT_SIGMAS * _STRETCH_SIGMA, _LIMIT_SIGMAS * _STRETCH_SIGMA],
            [0.0, _HIGHEST_IMPACT],
        ]
    )
    ranges = limits.copy()
    basis, whitened = _without_parabola(fold, fold.flux)
    for _ in range(_ROUNDS):
        shift, stretch, impact = (np.linspace(low, high, _GRID) for low, high in ranges)
        forms = shapes(signal, max(depth, 0) * 1e6, impact, mission)
        lengths = length * np.exp(stretch)
        grid = np.stack(
            [
                profile(form, fold.offset - s * length, lengths[:, np.newaxis], fold.integration)
                for s in shift
                for form in forms
            ]
        ).reshape(_GRID, _GRID, _GRID, -1)
        columns = grid * np.sqrt(fold.weight)
        columns = columns - (columns @ basis) @ basis.T
        norm = np.maximum(np.einsum("...n,...n->...", columns, columns), 1e-300)
        amplitude = -(columns @ whitened) / norm
        # Axes: shift, impact, duration. A form that is upside down is no transit.
        gain = np.where(amplitude > 0, amplitude**2 * norm, 0) / 2
        prior = (shift / _SHIFT_SIGMA)[:, None, None] ** 2 + (stretch / _STRETCH_SIGMA) ** 2
        probability = np.exp(gain - prior / 2 - (gain - prior / 2).max())
        probability /= probability.sum()
        axes = (shift, stretch, impact)
        marginals = [probability.sum(axis=other) for other in ((1, 2), (0, 1), (0, 2))]
        means = np.array([m @ a for m, a in zip(marginals, axes, strict=True)])
        spreads = np.array(
            [
                np.sqrt(m @ (a - mean) ** 2)
                for m, a, mean in zip(marginals, axes, means, strict=True)
            ]
        )
        depth = float((probability * amplitude).sum())
        steps = np.array([a[1] - a[0] for a in axes])
        if (steps <= _FINE * np.maximum(spreads, 1e-4)).all():
            break
        reach = np.maximum(3 * spreads, 1.2 * steps)
        ranges = np.clip(np.stack([means - reach, means + reach], axis=1), *limits.T[..., None])
    return _summary(probability, amplitude, norm, means, spreads, lengths, forms, length)


def _summary(
    probability: Floats,
    amplitude: Floats,
    norm: Floats,
    means: Floats,
    spreads: Floats,
    lengths: Floats,
    forms: list[Shape],
    length: float,
) -> Form:
    depth = float((probability * amplitude).sum())
    variance = (probability * (1 / norm + (amplitude - depth) ** 2)).sum()
    by_impact, by_length = probability.sum(axis=(0, 2)), probability.sum(axis=(0, 1))
    duration = float(by_length @ lengths)
    shares = np.array([form.ingress_share for form in forms])
    share = float(by_impact @ shares)
    return Form(
        depth=depth,
        depth_sigma=float(np.sqrt(variance)),
        shift=float(means[0] * length),
        shift_sigma=float(spreads[0] * length),
        duration=duration,
        duration_sigma=float(np.sqrt(by_length @ (lengths - duration) ** 2)),
        ingress_share=share,
        ingress_sigma=float(np.sqrt(by_impact @ (shares - share) ** 2)),
        shape=forms[int(np.argmax(by_impact))],
    )


def _without_parabola(fold: Fold, flux: Floats) -> tuple[Floats, NDArray[np.float64]]:
    """An orthonormal basis of weighted parabolas, (n, 3), and the weighted flux without them."""
    root = np.sqrt(fold.weight)
    x = fold.offset / np.abs(fold.offset).max()
    basis, _ = np.linalg.qr(np.stack([root, root * x, root * x * x], axis=1))
    weighted = flux * root
    return basis, weighted - basis @ (basis.T @ weighted)
