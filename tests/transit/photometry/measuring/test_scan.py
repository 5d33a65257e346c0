"""Noise with a memory: how much larger the noise of a depth is, and that a dip is no noise."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.measuring.events import make_stretch
from backend.transit.photometry.measuring.scan import mean_depths, red_noise, scan
from backend.transit.photometry.measuring.shapes import shapes
from tests.transit.photometry.made import HOT_JUPITER, LONG_CADENCE, START, transit_flux

DAYS = HOT_JUPITER.duration_days
(FORM,) = shapes(HOT_JUPITER, 1000.0, np.array([0.3]), "kepler")
SIGNAL = replace(HOT_JUPITER, period=37.3)


def noisy_stretch(red: float, seed: int, start: float = START, dip: float = 0.0):
    """White noise of 1e-4, and `red` times as much that lasts for about a transit."""
    random = np.random.default_rng(seed)
    time = np.arange(start, start + 300, LONG_CADENCE)
    lasting = np.convolve(random.normal(size=len(time) + 5), np.ones(6) / np.sqrt(6), "valid")
    flux = 1 + 1e-4 * (random.normal(size=len(time)) + red * lasting)
    if dip:
        eclipse = replace(SIGNAL, epoch=SIGNAL.epoch + SIGNAL.period / 2, depth=dip)
        flux *= transit_flux(time, LONG_CADENCE, eclipse)
    return make_stretch(time, flux, LONG_CADENCE, LONG_CADENCE, DAYS)


@pytest.mark.parametrize("red", [0.0, 0.5, 2.0])
def test_the_depths_of_noise_scatter_as_their_sigma_tells(red):
    ratios, factors = [], []
    for seed in range(4):
        found = scan([noisy_stretch(red, seed)], SIGNAL, FORM)
        factors.append(red_noise(found, 1)[0])
        depth, sigma = mean_depths(found, red_noise(found, 1))
        ratios.append((depth / sigma)[np.isfinite(sigma)])
    assert np.std(np.concatenate(ratios)) == pytest.approx(1, abs=0.08)
    if red == 0:
        assert np.mean(factors) == pytest.approx(1, abs=0.08)
    else:
        assert np.mean(factors) > 1.1 + 0.3 * red


def test_a_noisy_segment_has_a_factor_of_its_own():
    quiet, noisy = noisy_stretch(0, 5), noisy_stretch(2, 6, START + 400)
    factors = red_noise(scan([quiet, noisy], SIGNAL, FORM), 2)
    assert factors[0] == pytest.approx(1, abs=0.25)
    assert factors[1] > 1.6


def test_an_eclipse_is_not_taken_for_noise():
    with_eclipse = scan([noisy_stretch(0, 7, dip=3000.0)], SIGNAL, FORM)
    without = scan([noisy_stretch(0, 7)], SIGNAL, FORM)
    assert red_noise(with_eclipse, 1)[0] == pytest.approx(red_noise(without, 1)[0], rel=0.1)
    depth, _ = mean_depths(with_eclipse, np.ones(1))
    assert depth[with_eclipse.phases // 2] == pytest.approx(0.003, rel=0.1)


def test_no_place_is_in_or_beside_a_transit():
    found = scan([noisy_stretch(0, 8)], SIGNAL, FORM)
    phase = np.minimum(found.phase, found.phases - found.phase) / found.phases
    assert phase.min() * SIGNAL.period >= 1.5 * DAYS
    assert found.phases % 2 == 0


def test_of_nothing_nothing_is_known():
    found = scan([], SIGNAL, FORM)
    assert len(found.depth) == 0
    assert np.isnan(red_noise(found, 2)).all()
