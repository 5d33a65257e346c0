"""The transits of a signal one by one: which there should be, which were seen, how deep each is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.measuring.events import Depths, Stretch, depths_at
from backend.transit.photometry.measuring.shapes import Shape
from backend.transit.photometry.segments import Floats, Signal


class Transits(NamedTuple):
    """The transits whose middle lies within a segment.

    Attributes:
        cycle: int64, (t,), 0 for the transit of the epoch.
        segment: intp, (t,).
        middle: float64, (t,), BJD.
        depth: float64, (t,), relative flux; NaN where it was not seen.
        sigma: float64, (t,), of `depth`, red noise included.
        parts: of each segment what `form_fit.fold_events` takes.
    """

    cycle: NDArray[np.int64]
    segment: NDArray[np.intp]
    middle: Floats
    depth: Floats
    sigma: Floats
    parts: list[tuple[Stretch, Floats, Depths, float]]

    @property
    def seen(self) -> NDArray[np.bool]:
        """bool, (t,): the transits that enough points show."""
        return np.isfinite(self.depth)


def measure_transits(
    stretches: list[Stretch],
    signal: Signal,
    shape: Shape,
    factors: Floats,
    shift: float = 0.0,
) -> Transits:
    """The depth of each transit.

    Args:
        stretches: without the points of other signals' transits.
        signal: with its period, epoch and duration.
        shape: the form of its transits.
        factors: float64, (segments,), of `scan.red_noise`.
        shift: days from the catalogue's mid-transit to the one that is taken.
    """
    cycles, segments, middles, depths, sigmas, parts = [], [], [], [], [], []
    for number, stretch in enumerate(stretches):
        if not len(stretch.time):
            continue
        first, last = (stretch.time[[0, -1]] - signal.epoch - shift) / signal.period
        cycle = np.arange(np.ceil(first), np.floor(last) + 1)
        middle = signal.epoch + shift + cycle * signal.period
        found = depths_at(middle, stretch, shape, signal.duration_days)
        factor = float(factors[number]) if np.isfinite(factors[number]) else 1.0
        cycles.append(cycle.astype(np.int64))
        segments.append(np.full(len(cycle), number))
        middles.append(middle)
        depths.append(found.depth)
        sigmas.append(found.sigma * factor)
        parts.append((stretch, middle, found, factor))
    if not parts:
        nothing = np.zeros(0)
        whole = np.zeros(0, dtype=np.int64)
        return Transits(whole, whole.astype(np.intp), nothing, nothing, nothing, parts)
    return Transits(
        np.concatenate(cycles),
        np.concatenate(segments),
        np.concatenate(middles),
        np.concatenate(depths),
        np.concatenate(sigmas),
        parts,
    )


def weighted_mean(values: Floats, sigma: Floats) -> tuple[float, float]:
    """(mean, its sigma); NaN of nothing."""
    if not len(values):
        return np.nan, np.nan
    weight = sigma**-2.0
    total = weight.sum()
    return float((weight * values).sum() / total), float(total**-0.5)


def excess_scatter(values: Floats, sigma: Floats, groups: NDArray[np.int64]) -> tuple[float, int]:
    """Chi-squared of values about the mean of their group, and its degrees of freedom."""
    chi2, degrees = 0.0, 0
    for group in np.unique(groups):
        own, own_sigma = values[groups == group], sigma[groups == group]
        mean, _ = weighted_mean(own, own_sigma)
        chi2 += float((((own - mean) / own_sigma) ** 2).sum())
        degrees += len(own) - 1
    return chi2, degrees
