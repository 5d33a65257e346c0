"""Light curves whose truth is known: made, or real ones with something put into them."""

from dataclasses import replace

import numpy as np

from backend.transit.light_curve.curve import last_contact_of
from backend.transit.light_curve.exact import flux_at
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.photometry.folding import phases
from backend.transit.photometry.segments import Floats, Segment, Signal

START = 2_455_000.0
LONG_CADENCE = 29.424 / 1440

# Moments of an exposure over which the flux is averaged.
_MOMENTS = 15

HOT_JUPITER = Signal(3.1, START + 1.3, 3.0, 10_000.0, 0.3, 5778.0, 4.44)


def segment(
    days: float = 80.0,
    step: float = LONG_CADENCE,
    noise: float = 1e-4,
    seed: int = 0,
    start: float = START,
    mission: str = "kepler",
    name: str = "Q3",
) -> Segment:
    """A quiet star with white noise."""
    time = np.arange(start, start + days, step)
    flux = 5000.0 * (1 + np.random.default_rng(seed).normal(0, noise, len(time)))
    quality = np.zeros(len(time), dtype=np.int32)
    return Segment(time, flux, np.full(len(time), np.nan), quality, step, mission, name)


def transit_flux(time: Floats, exposure: float, signal: Signal, band: str = "kepler") -> Floats:
    """The relative flux of a signal with all numbers known, averaged over each exposure."""
    names = ("period", "duration", "depth", "impact", "steff", "slogg")
    geometry = transit_geometry({name: np.array([getattr(signal, name)]) for name in names}, band)
    widest = last_contact_of(geometry)[0]
    flux = np.ones(len(time))
    for moment in (np.arange(_MOMENTS) + 0.5) / _MOMENTS - 0.5:
        phase = phases(time + moment * exposure, signal)
        near = np.abs(phase) < widest
        flux[near] += (flux_at(geometry, phase[near]) - 1) / _MOMENTS
    return flux


def with_signal(plain: Segment, signal: Signal) -> Segment:
    """The segment with the signal's transits in it."""
    band = "tess" if plain.mission == "tess" else "kepler"
    return replace(
        plain, flux=plain.flux * transit_flux(plain.time, plain.integration, signal, band)
    )


def half_later(signal: Signal, depth: float) -> Signal:
    """The same orbit's secondary eclipse, of another depth in ppm."""
    return replace(signal, epoch=signal.epoch + signal.period / 2, depth=depth)


def as_catalogued(signal: Signal) -> Signal:
    """What a table would say: nothing of the impact or the star."""
    return replace(signal, impact=np.nan, steff=np.nan, slogg=np.nan)
