"""Simulated dimmings of stars: planets and false positives.

Everything follows from a star's mass and radius by Kepler's third law and the geometry of a
transit. The rates are round numbers that make a table like the KOI table, not measurements of the
sky.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.light_curve.limb_darkening import limb_darkening
from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.simulation.stars import Floats, Stars, of_stars

PLANET, ECLIPSING_BINARY, BLEND, ARTEFACT, VARIABLE = range(5)

# Of the stars with an event that a search might flag, the share that has each kind.
KIND_SHARES = (0.36, 0.14, 0.21, 0.16, 0.13)

BAND = "tess"
# Rounded: with `solar.SOLAR_RADIUS_EARTHS`, 109.076, every seed would give another catalogue.
EARTH_RADII_PER_SOLAR = 109.1
DAYS_TO_HOURS = 24.0


class Events(NamedTuple):
    """Periodic dimmings, one a row, (n,).

    `star` intp, the position of the star that the catalogue names; `kind` int8; float64: period
    in days, duration in hours, depth in ppm (NaN for artefacts, which have no true one), and
    flatness, the part of the duration in which the dip has a flat bottom, 0 for a V.
    """

    star: NDArray[np.intp]
    kind: NDArray[np.int8]
    period: Floats
    duration: Floats
    depth: Floats
    flatness: Floats


def draw_events(random: np.random.Generator, stars: Stars) -> Events:
    """Give each star a kind, and the events of its kind; sorted by star."""
    kind = random.choice(len(KIND_SHARES), len(stars.mass), p=KIND_SHARES)
    draws = (_planets, _eclipsing_binaries, _blends, _artefacts, _variables)
    parts = [draw(random, stars, np.flatnonzero(kind == k)) for k, draw in enumerate(draws)]
    joined = Events._make(np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(joined.star, kind="stable")
    return take(joined, order)


def take(events: Events, which: NDArray[np.bool_] | NDArray[np.intp]) -> Events:
    """Some of the events, by mask or by position."""
    return Events._make(column[which] for column in events)


def scaled_semi_major_axis(period: Floats, mass: Floats, radius: Floats) -> Floats:
    """a/R* by Kepler's third law; period in days, mass and radius of the star in solar units."""
    return 4.2083 * np.cbrt(mass) / radius * period ** (2 / 3)


def transit_duration(period: Floats, scaled_axis: Floats, ratio: Floats, impact: Floats) -> Floats:
    """First to last contact in hours, 0 where nothing transits; period in days.

    Source: Winn (2010), arXiv:1001.2010, equation 14, a circular orbit.
    """
    chord = np.sqrt(np.maximum((1 + ratio) ** 2 - impact**2, 0))
    sine_inclination = np.sqrt(np.maximum(1 - (impact / scaled_axis) ** 2, 1e-6))
    sine = np.minimum(chord / (scaled_axis * sine_inclination), 1)
    return period * DAYS_TO_HOURS / np.pi * np.arcsin(sine)


def transit_depth(ratio: Floats, impact: Floats, stars: Stars) -> Floats:
    """The light lost at mid-transit in ppm; no more than a body of the star's own size hides."""
    limb = limb_darkening(stars.temperature, stars.gravity, BAND)
    return 1e6 * hidden_flux(impact, np.minimum(ratio, 1), *limb)


def transit_flatness(ratio: Floats, impact: Floats) -> Floats:
    """The time from second to third contact over the time from first to last; 0 when grazing.

    Source: Seager & Mallén-Ornelas (2003), arXiv:astro-ph/0206228, equation 15, for a small
    part of the orbit.
    """
    inner = np.maximum((1 - ratio) ** 2 - impact**2, 0) * (ratio < 1)
    outer = np.maximum((1 + ratio) ** 2 - impact**2, 1e-9)
    return np.sqrt(inner / outer)


def _planets(random: np.random.Generator, stars: Stars, hosts: NDArray[np.intp]) -> Events:
    """Systems of one to seven nearly coplanar planets around `hosts`."""
    number = np.where(random.random(len(hosts)) < 0.5, 1, 1 + random.poisson(1.6, len(hosts)))
    number = np.minimum(number, 7)
    star = np.repeat(hosts, number)
    order = np.arange(len(star)) - np.repeat(np.cumsum(number) - number, number)
    is_single = np.repeat(number == 1, number)
    radius = _planet_radii(random, is_single)
    period = _planet_periods(random, number, order, radius)
    ratio = radius / EARTH_RADII_PER_SOLAR / stars.radius[star]
    axis = scaled_semi_major_axis(period, stars.mass[star], stars.radius[star])
    # One inclination a system, such that the innermost planet may transit, and some scatter.
    tilt = np.repeat(random.random(len(hosts)) / axis[order == 0], number)
    impact = np.abs(axis * (tilt + random.normal(0, 0.008, len(star)) * (order > 0)))
    return _eccentric(random, stars, star, period, ratio, axis, impact, is_single)


def _eccentric(
    random: np.random.Generator,
    stars: Stars,
    star: NDArray[np.intp],
    period: Floats,
    ratio: Floats,
    axis: Floats,
    impact: Floats,
    is_single: NDArray[np.bool_],
) -> Events:
    """Transits on eccentric orbits: nearer or farther, faster or slower than on a circle.

    Source: Winn (2010), arXiv:1001.2010, equations 7 and 16; the eccentricities of single planets
    after Kipping (2013), arXiv:1306.4982.
    """
    eccentricity = np.where(
        is_single, random.beta(0.867, 3.03, len(star)), random.rayleigh(0.04, len(star))
    )
    eccentricity = np.minimum(eccentricity, 0.8) * (period > 4)
    along = 1 + eccentricity * np.sin(random.uniform(0, 2 * np.pi, len(star)))
    impact = impact * (1 - eccentricity**2) / along
    slower = np.sqrt(1 - eccentricity**2) / along
    # Nothing orbits inside its star.
    duration = transit_duration(period, axis, ratio, impact) * slower * (axis > 1.5)
    depth = transit_depth(ratio, impact, of_stars(stars, star))
    return _seen(star, PLANET, period, duration, depth, transit_flatness(ratio, impact))


def _planet_radii(random: np.random.Generator, is_single: NDArray[np.bool_]) -> Floats:
    """Earth radii: rocky, sub-Neptune, Neptune, Jupiter; the large ones mostly alone."""
    count = len(is_single)
    draw = random.random(count)
    giant_share = np.where(is_single, 0.11, 0.02)
    middle = np.select(
        [draw < giant_share, draw < giant_share + 0.09, draw < giant_share + 0.50],
        [11.5, 5.0, 2.45],
        default=1.35,
    )
    spread = np.select([middle > 10, middle > 4, middle > 2], [0.18, 0.25, 0.17], default=0.22)
    return middle * np.exp(spread * random.normal(size=count))


def _planet_periods(
    random: np.random.Generator, number: NDArray[np.intp], order: NDArray[np.intp], radius: Floats
) -> Floats:
    """Days: the innermost planet near a week, each next one about twice as far out in period."""
    first = np.exp(random.normal(np.log(7.5), 1.05, len(number)))
    first = np.where(random.random(len(number)) < 0.06, random.uniform(40, 400, len(number)), first)
    steps = np.where(order == 0, 0, np.log(1.25) + random.gamma(1.6, 0.32, len(order)))
    total = np.cumsum(steps)
    total -= np.repeat(total[order == 0], number)
    period = np.repeat(np.maximum(first, 0.45), number) * np.exp(total)
    is_hot_jupiter = (radius > 8) & (random.random(len(radius)) < 0.45) & (order == 0)
    return np.where(is_hot_jupiter, np.exp(random.normal(np.log(3.6), 0.35, len(radius))), period)


def _eclipsing_binaries(
    random: np.random.Generator, stars: Stars, hosts: NDArray[np.intp]
) -> Events:
    """Two stars that eclipse each other, one of them the star of the catalogue."""
    count = len(hosts)
    period = np.clip(np.exp(random.normal(np.log(4.5), 1.4, count)), 0.28, 500)
    return _seen(hosts, ECLIPSING_BINARY, *_binary(random, period, of_stars(stars, hosts)))


def _blends(random: np.random.Generator, stars: Stars, hosts: NDArray[np.intp]) -> Events:
    """Eclipses, or planets, of another and fainter star whose light falls in the same aperture.

    The period, the duration and the shape are the other star's, the depth is diluted, and the
    catalogue gives the parameters of the wrong star: the density does not fit.
    """
    count = len(hosts)
    other = of_stars(stars, random.permutation(len(stars.mass))[:count])
    is_planet = random.random(count) < 0.15
    period = np.clip(np.exp(random.normal(np.log(5.0), 1.3, count)), 0.35, 450)
    period, duration, depth, flatness = _binary(random, period, other)
    ratio = _planet_radii(random, np.ones(count, bool)) / EARTH_RADII_PER_SOLAR / other.radius
    axis = scaled_semi_major_axis(period, other.mass, other.radius)
    crossing = random.random(count)
    depth = np.where(is_planet, transit_depth(ratio, crossing, other), depth)
    duration = np.where(is_planet, transit_duration(period, axis, ratio, crossing), duration)
    flatness = np.where(is_planet, transit_flatness(ratio, crossing), flatness)
    dilution = 10 ** random.uniform(-3.3, -0.2, count)
    return _seen(hosts, BLEND, period, duration, depth * dilution, flatness)


def _binary(
    random: np.random.Generator, period: Floats, stars: Stars
) -> tuple[Floats, Floats, Floats, Floats]:
    """Period (days), duration (hours), depth (ppm) and flatness of each star's eclipses.

    Where the two are alike, both eclipses look alike, and a search finds half the period.
    """
    count = len(period)
    are_twins = random.random(count) < 0.2
    mass_ratio = random.uniform(np.where(are_twins, 0.93, 0.1), 1, count)
    companion_mass = np.maximum(mass_ratio * stars.mass, 0.09)
    companion_radius = np.maximum(0.9 * companion_mass**0.85, 0.1)
    ratio = companion_radius / stars.radius
    axis = scaled_semi_major_axis(period, stars.mass + companion_mass, stars.radius)
    # Nothing orbits inside the other star.
    axis = np.maximum(axis, 1.15 * (1 + ratio))
    impact = random.random(count) * (1 + ratio)
    light = np.minimum((companion_mass / stars.mass) ** 3.5 / np.maximum(stars.radius, 1), 1)
    depth = transit_depth(ratio, impact, stars) / (1 + light)
    duration = transit_duration(period, axis, ratio, impact)
    period = np.where(mass_ratio > 0.93, period / 2, period)
    return period, duration, depth, transit_flatness(ratio, impact)


def _artefacts(random: np.random.Generator, stars: Stars, hosts: NDArray[np.intp]) -> Events:
    """Noise that a search folded into a transit: any shape, near the limit, often long periods."""
    count = len(hosts)
    is_long = random.random(count) < 0.55
    period = np.where(
        is_long,
        np.exp(random.normal(np.log(370), 0.22, count)),
        np.exp(random.uniform(np.log(0.6), np.log(400), count)),
    )
    axis = scaled_semi_major_axis(period, stars.mass[hosts], stars.radius[hosts])
    likely = transit_duration(period, axis, np.full(count, 0.02), np.full(count, 0.4))
    duration = np.clip(likely * np.exp(random.normal(0, 0.55, count)), 0.8, 40)
    kind = np.full(count, ARTEFACT, np.int8)
    return Events(hosts, kind, period, duration, np.full(count, np.nan), random.random(count))


def _variables(random: np.random.Generator, stars: Stars, hosts: NDArray[np.intp]) -> Events:
    """Stars that vary by themselves, or touch each other: a dip for a large part of the period."""
    count = len(hosts)
    period = np.clip(np.exp(random.normal(np.log(1.6), 1.0, count)), 0.2, 60)
    share = random.beta(2.2, 9, count)
    duration = np.maximum(period * DAYS_TO_HOURS * share, 0.5)
    depth = np.exp(random.normal(np.log(160), 1.3, count))
    return _seen(hosts, VARIABLE, period, duration, depth, random.beta(1.2, 4, count))


def _seen(
    star: NDArray[np.intp],
    kind: int,
    period: Floats,
    duration: Floats,
    depth: Floats,
    flatness: Floats,
) -> Events:
    """The events in which anything is hidden."""
    seen = (duration > 0) & (depth > 0)
    kinds = np.full(len(star), kind, np.int8)
    return take(Events(star, kinds, period, duration, depth, flatness), seen)
