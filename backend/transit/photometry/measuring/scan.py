"""Depths everywhere but in the transits: what noise makes of none, and what other dips there are.

The places lie a third of a duration apart, at the same phases in every orbit, one of them at phase
1/2. Depths of one phase together are a dip; those of all phases tell how much larger the noise of a
depth is than that of points without memory.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.photometry.cleaning import MAD_TO_SIGMA
from backend.transit.photometry.measuring.events import Depths, Stretch, depths_at
from backend.transit.photometry.measuring.shapes import Shape
from backend.transit.photometry.segments import Floats, Signal

PLACES_PER_DURATION = 3
# Durations from a mid-transit within which a place would be half in the transit.
TOO_NEAR = 1.5
# In all orbits together, and in one.
MOST_PLACES = 400_000

# Beyond so many robust deviations a place is an eclipse or an accident, and not the noise.
_NOISE_SIGMAS = 6.0
# Orbits in which a phase was seen, from which on its mean is what repeats and not the noise.
_ORBITS_OF_A_MEAN = 8
# Less than this is no noise: a made light curve without any, or a constant one.
_LEAST_FACTOR = 0.3
# A segment's own noise counts as much as that of all when it has so many places of its own.
_PLACES_OF_A_SEGMENT = 150.0


class Scan(NamedTuple):
    """Depths at the places that could be measured.

    Attributes:
        phases: how many phases there are; phase i is i / phases of an orbit after mid-transit.
        phase: intp, (p,), the phase of each place.
        segment: intp, (p,), its segment.
        depth: float64, (p,), relative flux.
        sigma: float64, (p,), of `depth`, for noise without memory.
    """

    phases: int
    phase: NDArray[np.intp]
    segment: NDArray[np.intp]
    depth: Floats
    sigma: Floats


def scan(stretches: list[Stretch], signal: Signal, shape: Shape) -> Scan:
    """Depths at places all over the light curve.

    Args:
        stretches: without the points of any transit.
        signal: whose orbit the phases are of.
        shape: the form that is looked for.
    """
    step = max((stretch.step for stretch in stretches), default=0.0)
    length = max(signal.duration_days, step)
    span = sum(s.time[-1] - s.time[0] for s in stretches if len(s.time))
    most = max(span, signal.period)
    apart = max(length / PLACES_PER_DURATION, most / MOST_PLACES)
    phases = 2 * max(int(np.ceil(signal.period / apart / 2)), 1)
    parts: list[tuple[NDArray[np.intp], NDArray[np.intp], Depths]] = []
    for number, stretch in enumerate(stretches):
        if not len(stretch.time):
            continue
        first, last = (stretch.time[[0, -1]] - signal.epoch) / signal.period * phases
        place = np.arange(np.ceil(first), np.floor(last) + 1)
        times = signal.epoch + place * (signal.period / phases)
        depths = depths_at(times, stretch, shape, signal.duration_days)
        phase = place.astype(np.intp) % phases
        is_near = np.minimum(phase, phases - phase) * signal.period / phases < TOO_NEAR * length
        depths.depth[is_near] = np.nan
        parts.append((phase, np.full(len(place), number), depths))
    if not parts:
        nothing, nowhere = np.zeros(0), np.zeros(0, dtype=np.intp)
        return Scan(phases, nowhere, nowhere, nothing, nothing)
    phase, segment = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    depth, sigma = (np.concatenate([part[2][i] for part in parts]) for i in (0, 1))
    known = np.isfinite(depth)
    return Scan(phases, phase[known], segment[known], depth[known], sigma[known])


def red_noise(found: Scan, segments: int) -> Floats:
    """By what the depths of a segment scatter more than noise without memory would make them.

    A phase that was seen in many orbits is taken without its mean, so that an eclipse there is no
    noise. A segment with few places has mostly the value of all.

    Returns:
        float64, (segments,); NaN if no place could be measured.
    """
    ratio = found.depth / found.sigma
    weight = found.sigma**-2
    total = np.bincount(found.phase, weight, found.phases)
    orbits = np.bincount(found.phase, minlength=found.phases)
    mean = np.bincount(found.phase, weight * found.depth, found.phases) / np.maximum(total, 1e-300)
    many = orbits[found.phase] >= _ORBITS_OF_A_MEAN
    share = weight / total[found.phase]
    without_mean = (found.depth - mean[found.phase]) / found.sigma / np.sqrt(1 - share * many)
    ratio = np.where(many, without_mean, ratio)
    whole = _spread(ratio)
    factors = np.full(segments, np.maximum(whole, _LEAST_FACTOR))
    for number in range(segments):
        own = ratio[found.segment == number]
        if len(own):
            part = len(own) / (len(own) + _PLACES_OF_A_SEGMENT)
            mixed = np.sqrt(part * _spread(own) ** 2 + (1 - part) * whole**2)
            factors[number] = max(mixed, _LEAST_FACTOR)
    return factors


def _spread(ratio: Floats) -> float:
    """Standard deviation about 0 without the farthest; NaN of nothing."""
    if not len(ratio):
        return np.nan
    reach = _NOISE_SIGMAS * MAD_TO_SIGMA * np.median(np.abs(ratio))
    near = ratio[np.abs(ratio) <= reach]
    return float(np.sqrt(np.mean(near**2)))


def mean_depths(found: Scan, factors: Floats) -> tuple[Floats, Floats]:
    """The depth of each phase over all orbits: (depth, sigma), float64, (phases,) each.

    NaN where a phase was never seen.
    """
    weight = (found.sigma * factors[found.segment]) ** -2
    total = np.bincount(found.phase, weight, found.phases)
    summed = np.bincount(found.phase, weight * found.depth, found.phases)
    is_seen = total > 0
    total = np.where(is_seen, total, np.nan)
    return summed / total, np.sqrt(1 / total)
