"""A simulated light curve: 90 days, a point each half hour, with all that makes real ones hard.

    flux = dips x (1 + spots + red noise + white noise), with gaps, outliers and flagged points

The dips are those of `transit.light_curve`, averaged over each exposure. Stars, dips and noise are
drawn elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.transit.light_curve.curve import last_contact_of
from backend.transit.light_curve.exact import flux_at
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.photometry.folding import phases
from backend.transit.photometry.segments import HOURS_PER_DAY, Floats, Segment, Signal

START = 2_459_000.0  # BJD
DAYS = 90.0
STEP = 0.5 / HOURS_PER_DAY

BAND = "tess"

# The spacecraft turns to the Earth every two weeks for a day, and was once not pointed for three.
_DOWNLINKS, _DOWNLINK_DAYS = 13.5, 1.0
_LONG_GAP = (30.5, 33.5)
# Parts of the points: missing, with light of something else, flagged and useless.
_MISSING, _OUTLIERS, _FLAGGED = 0.01, 0.002, 0.004

_OUTLIER_SIGMAS = (6.0, 20.0)
_BAD_QUALITY = 128

# Moments of an exposure over which the flux is averaged.
_MOMENTS = 9
# After so many of its own times, red noise has forgotten what it was.
_MEMORY = 6


@dataclass(frozen=True)
class Noise:
    """How a star and its detector vary, beside the dips.

    Attributes:
        white_ppm: standard deviation of a point, without memory.
        red_ppm: standard deviation of what has one; it decays exponentially in `red_hours`.
        red_hours: see `red_ppm`.
        variation_ppm: half of the swing of spots that come and go in `variation_days`.
        variation_days: the star's rotation.
    """

    white_ppm: float
    red_ppm: float
    red_hours: float
    variation_ppm: float
    variation_days: float


def observe(dips: Sequence[Signal], noise: Noise, random: np.random.Generator) -> Segment:
    """The light curve of a star.

    Args:
        dips: of known period, epoch, duration, depth, impact and star; their light is multiplied.
        noise: of the star.
        random: for this star alone.

    Returns:
        Segment of relative flux, in order of time.
    """
    time = np.arange(START, START + DAYS, STEP)
    flux = 1 + (_spots(time, noise, random) + _red(len(time), noise, random)) / 1e6
    flux += random.normal(0, noise.white_ppm / 1e6, len(time))
    for dip in dips:
        flux *= dimmed(time, dip)
    quality = np.zeros(len(time), np.int32)
    is_outlier, is_flagged = (random.random(len(time)) < part for part in (_OUTLIERS, _FLAGGED))
    flux[is_outlier] += noise.white_ppm / 1e6 * random.uniform(*_OUTLIER_SIGMAS, is_outlier.sum())
    flux[is_flagged] *= random.uniform(0.9, 1.1, is_flagged.sum())
    quality[is_flagged] = _BAD_QUALITY
    error = np.full(len(time), noise.white_ppm / 1e6)
    every = Segment(time, flux, error, quality, STEP, BAND)
    return every.where(_is_observed(time) & (random.random(len(time)) >= _MISSING))


def dimmed(time: Floats, dip: Signal) -> Floats:
    """The light that a dip leaves, averaged over exposures of STEP.

    Args:
        time: float64, (n,), BJD, the middle of each exposure.
        dip: with all numbers known.

    Returns:
        float64, (n,), relative flux: 1 out of transit.
    """
    names = ("period", "duration", "depth", "impact", "steff", "slogg")
    geometry = transit_geometry({name: np.array([getattr(dip, name)]) for name in names}, BAND)
    last_contact = last_contact_of(geometry)[0]
    flux = np.ones(len(time))
    for moment in (np.arange(_MOMENTS) + 0.5) / _MOMENTS - 0.5:
        phase = phases(time + moment * STEP, dip)
        is_near = np.abs(phase) < last_contact
        flux[is_near] += (flux_at(geometry, phase[is_near]) - 1) / _MOMENTS
    return flux


def _is_observed(time: Floats) -> np.ndarray:
    since = time - START
    is_sent = since % _DOWNLINKS > _DOWNLINKS - _DOWNLINK_DAYS
    return ~is_sent & ~((since > _LONG_GAP[0]) & (since < _LONG_GAP[1]))


def _spots(time: Floats, noise: Noise, random: np.random.Generator) -> Floats:
    """A rotation and its half, in ppm, that grow and fade."""
    turn = 2 * np.pi * (time - START) / noise.variation_days
    first, second, third = random.uniform(0, 2 * np.pi, 3)
    wave = 0.7 * np.sin(turn + first) + 0.3 * np.sin(2 * turn + second)
    return np.asarray(noise.variation_ppm * wave * (0.75 + 0.25 * np.sin(turn / 4 + third)))


def _red(count: int, noise: Noise, random: np.random.Generator) -> Floats:
    """Noise whose correlation decays exponentially, in ppm."""
    per_point = STEP * HOURS_PER_DAY / noise.red_hours
    kernel = np.exp(-per_point * np.arange(round(_MEMORY / per_point) + 1))
    kernel *= noise.red_ppm / np.sqrt(np.sum(kernel**2))
    drawn = random.normal(0, 1, count + len(kernel) - 1)
    return np.convolve(drawn, kernel, mode="valid")
