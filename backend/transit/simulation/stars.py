"""The simulated stars: dwarfs, subgiants and giants whose numbers belong together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.solar import SOLAR_SLOGG, SOLAR_STEFF

Floats = NDArray[np.float64]

BRIGHTEST, FAINTEST = 7.5, 15.5


class Stars(NamedTuple):
    """Stars, float64 (n,): solar masses, solar radii, K, dex (cgs), mag (TESS band)."""

    mass: Floats
    radius: Floats
    temperature: Floats
    gravity: Floats
    magnitude: Floats


def draw_stars(random: np.random.Generator, count: int) -> Stars:
    """Draw stars on and above the main sequence.

    Source: the power laws of mass, radius and luminosity after Demircan & Kahraman (1991),
    doi:10.1007/BF00639097; the effects of age are round numbers.
    """
    mass = _masses(random, count)
    age = random.random(count)  # of the time on the main sequence
    growth = 1 + 0.45 * age**2 * np.minimum(mass, 1.3)
    radius = 0.9 * mass ** np.where(mass < 1, 0.85, 0.75) * growth
    luminosity = np.where(mass < 0.43, 0.23 * mass**2.3, mass**3.8) * (0.75 + 0.6 * age)
    temperature = SOLAR_STEFF * (luminosity / radius**2) ** 0.25
    radius, temperature = _evolve(random, mass, radius, temperature)
    gravity = SOLAR_SLOGG + np.log10(mass) - 2 * np.log10(radius)
    return Stars(mass, radius, temperature, gravity, _magnitudes(random, count))


def of_stars(stars: Stars, which: NDArray[np.intp]) -> Stars:
    """The stars at these positions."""
    return Stars._make(column[which] for column in stars)


def _masses(random: np.random.Generator, count: int) -> Floats:
    """Mostly like the Sun, as a survey for planets chooses them, and some M dwarfs."""
    is_dwarf = random.random(count) < 0.12
    sunlike = random.lognormal(np.log(1.0), 0.2, count)
    return np.clip(np.where(is_dwarf, random.uniform(0.18, 0.6, count), sunlike), 0.12, 2.6)


def _evolve(
    random: np.random.Generator, mass: Floats, radius: Floats, temperature: Floats
) -> tuple[Floats, Floats]:
    """Radius and temperature after a part of the heavier stars has left the main sequence."""
    count = len(mass)
    stage = random.random(count)
    is_giant = (stage < 0.035) & (mass > 0.8)
    is_subgiant = (stage < 0.17) & (mass > 0.85) & ~is_giant
    radius = np.where(is_subgiant, radius * random.uniform(1.3, 2.6, count), radius)
    radius = np.where(is_giant, random.lognormal(np.log(8), 0.45, count), radius)
    cooler = temperature * random.uniform(0.82, 0.98, count)
    coolest = 5000 - 420 * np.log(radius / 6) + random.normal(0, 90, count)
    temperature = np.select([is_giant, is_subgiant], [coolest, cooler], default=temperature)
    return radius, np.clip(temperature, 2700, 12_000)


def _magnitudes(random: np.random.Generator, count: int) -> Floats:
    """More faint stars than bright ones, as in any field: 10^(0.22 m)."""
    slope = 0.22 * np.log(10)
    share = random.random(count)
    faintness = np.exp(-slope * (FAINTEST - BRIGHTEST))
    return FAINTEST + np.log(share + (1 - share) * faintness) / slope
