"""The hidden light, against a slow integration over rings of the star."""

import numpy as np
import pytest
from scipy.integrate import quad

from backend.transit.light_curve.occultation import hidden_flux

STARS = [(0.0, 0.0), (0.3, 0.25), (0.6, 0.1), (0.1, 0.5), (0.7785, 0.2275)]


def hidden_by_rings(z: float, k: float, u1: float, u2: float) -> float:
    """The brightness of each ring around the star's centre times the part of it that is hidden."""

    def brightness(r):
        mu = np.sqrt(max(0.0, 1 - r * r))
        return 1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2

    inner, outer = abs(z - k), min(1, z + k)

    def partly_hidden(angle):
        # r runs as a squared sine: no square roots at the ends of the range.
        r = inner + (outer - inner) * np.sin(angle) ** 2
        sine2 = (k - z + r) * (k + z - r) / (4 * z * r) if r > 0 else 0.0
        arc = 4 * np.arcsin(np.sqrt(np.clip(sine2, 0, 1)))
        return r * arc * brightness(r) * (outer - inner) * np.sin(2 * angle)

    wholly = quad(lambda r: 2 * np.pi * r * brightness(r), 0, inner)[0] if k > z else 0.0
    partly = quad(partly_hidden, 0, np.pi / 2, epsabs=1e-15, epsrel=1e-11, limit=500)[0]
    return (wholly + partly) / (np.pi * (1 - u1 / 3 - u2 / 6))


def hidden(z: float, k: float, u1: float, u2: float) -> float:
    return hidden_flux(*(np.array([float(value)]) for value in (z, k, u1, u2)))[0]


@pytest.mark.parametrize("star", STARS)
@pytest.mark.parametrize("k", [0.0001, 0.003, 0.1, 0.3, 0.5, 0.6, 0.9, 0.9999, 1.0])
def test_it_agrees_with_rings_at_every_separation(k, star):
    near = [1e-12, 1e-8, 1e-4, 0.01]
    special = [k, 1 - k, 1 + k, 1.0, 1e-9]
    separations = [s + sign * k * d for s in special for sign in (-1, 1) for d in near]
    for z in [*separations, *np.linspace(1e-3, 1 + k, 30)]:
        if 0 < z < 1 + k:
            assert hidden(z, k, *star) == pytest.approx(hidden_by_rings(z, k, *star), abs=1e-7)


@pytest.mark.parametrize("z", [0.0, 0.5, 0.99, 0.9999, 1.0, 1.00009])
def test_the_light_hidden_by_a_tiny_planet_keeps_its_digits(z):
    expected = hidden_by_rings(z, 0.0001, 0.4, 0.3) if z else 1e-8 / (1 - 0.4 / 3 - 0.3 / 6)
    assert hidden(z, 0.0001, 0.4, 0.3) == pytest.approx(expected, rel=1e-6)


def test_nothing_is_hidden_beyond_the_last_contact():
    assert hidden(1.1, 0.1, 0.4, 0.3) == 0
    assert hidden(1000, 1, 0.4, 0.3) == 0


@pytest.mark.parametrize("star", STARS)
def test_a_planet_of_the_stars_size_hides_all_of_it_from_the_middle(star):
    assert hidden(0, 1, *star) == pytest.approx(1, abs=1e-12)
    assert hidden(1e-16, 1, *star) == pytest.approx(1, abs=1e-12)


def test_a_uniform_star_loses_the_planets_area():
    assert hidden(0.2, 0.1, 0, 0) == pytest.approx(0.01, rel=1e-12)


def test_the_last_light_beside_a_planet_of_the_stars_size_grows_evenly():
    rates = [(1 - hidden(z, 1, 0.4, 0.3)) / z for z in (1e-9, 1e-8, 1e-6)]
    assert rates == pytest.approx([rates[-1]] * 3, rel=0.01)
