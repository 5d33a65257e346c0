"""Takes the transits of one signal out of a light curve: as if the star had been quiet there."""

from dataclasses import replace

import numpy as np

from backend.transit.photometry.folding import cycles_and_offsets, in_transit
from backend.transit.photometry.segments import Floats, Segment, Signal

# What is replaced reaches so many durations from mid-transit: a catalogue's duration and epoch are
# not exact. To it comes half of a point's exposure.
_REPLACED = 0.7

# Its surroundings: so many durations from mid-transit at least, and so many points.
_SURROUNDINGS = 2.5
_FEWEST_POINTS = 12

# Residuals further out than so many of their scatters are outliers, and are not repeated.
_OUTLIER = 5.0
_MAD_TO_SIGMA = 1.4826


def without_transit(
    segment: Segment,
    signal: Signal,
    random: np.random.Generator,
    others: tuple[Signal, ...] = (),
) -> Segment:
    """The segment with each transit replaced by what is around it.

    A straight line is fitted to the points beside a transit; its points get the values of that line
    and residuals of points beside it, drawn at random. Points out of transit stay as they are.

    Args:
        segment: in order of time.
        signal: whose transits are taken out.
        random: draws the residuals.
        others: signals of the same star, whose transits stay, and are no surroundings.

    Returns:
        Segment. A transit without enough points around it is taken out with its points.
    """
    cycle, offset = cycles_and_offsets(segment.time, signal)
    half = _REPLACED * signal.duration_days + segment.integration / 2
    inside = np.abs(offset) <= half
    usable = ~inside & ~in_transit(segment.time, others, _REPLACED) & np.isfinite(segment.flux)
    flux = segment.flux.copy()
    kept = np.ones(len(flux), bool)
    for number in np.unique(cycle[inside]):
        at = np.flatnonzero(inside & (cycle == number))
        around = _surroundings(segment, signal, int(number), usable)
        if len(around) < _FEWEST_POINTS:
            kept[at] = False
        else:
            flux[at] = _quiet(segment.time, flux, around, at, random)
    return replace(segment, flux=flux).where(kept)


def _surroundings(segment: Segment, signal: Signal, number: int, usable: np.ndarray) -> np.ndarray:
    """Positions of points beside a transit: those within reach, or the nearest of both sides."""
    distance = np.abs(segment.time - (signal.epoch + number * signal.period))
    reach = max(
        _SURROUNDINGS * signal.duration_days + segment.integration,
        _REPLACED * signal.duration_days + _FEWEST_POINTS * segment.step,
    )
    return np.flatnonzero(usable & (distance <= reach))


def _quiet(
    time: Floats, flux: Floats, around: np.ndarray, at: np.ndarray, random: np.random.Generator
) -> Floats:
    """Values for the points `at`, as if they were some of those around."""
    middle = float(np.mean(time[around]))
    line = np.polynomial.Polynomial.fit(time[around] - middle, flux[around], 1)
    residuals = flux[around] - line(time[around] - middle)
    center = float(np.median(residuals))
    scatter = _MAD_TO_SIGMA * float(np.median(np.abs(residuals - center)))
    good = residuals[np.abs(residuals - center) <= _OUTLIER * scatter]
    return np.asarray(line(time[at] - middle) + random.choice(good, len(at)))
