"""Phases in double precision."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.folding import cycles_and_offsets, in_transit, is_odd, phases
from tests.transit.photometry.made import HOT_JUPITER, START

PERIODS = np.geomspace(0.3, 300, 13)


@pytest.mark.parametrize("period", PERIODS)
def test_half_an_orbit_after_a_transit_is_phase_one_half(period):
    signal = replace(HOT_JUPITER, period=period)
    cycle = np.arange(-4000, 4000)
    at = phases(signal.epoch + (cycle + 0.5) * period, signal)
    np.testing.assert_allclose(np.abs(at), 0.5, rtol=0, atol=5e-9)


@pytest.mark.parametrize("period", PERIODS)
def test_a_mid_transit_is_phase_0_and_has_its_number(period):
    signal = replace(HOT_JUPITER, period=period)
    wanted = np.arange(-4000, 4000)
    cycle, offset = cycles_and_offsets(signal.epoch + wanted * period, signal)
    np.testing.assert_array_equal(cycle, wanted)
    # A Julian date in double precision is known to 0.04 milliseconds.
    np.testing.assert_allclose(offset, 0, atol=1e-9)


def test_the_phase_runs_from_minus_to_plus_one_half():
    at = phases(START + np.linspace(-50, 50, 100_001), HOT_JUPITER)
    assert -0.5 - 1e-12 < at.min() < -0.499
    assert 0.499 < at.max() < 0.5 + 1e-12


def test_every_second_transit_is_odd():
    assert is_odd(np.array([-2, -1, 0, 1, 2])).tolist() == [False, True, False, True, False]


def test_the_moments_of_a_transit_are_those_within_half_its_duration():
    hours = np.array([-1.6, -1.4, 0, 1.4, 1.6]) / 24
    time = HOT_JUPITER.epoch + 5 * HOT_JUPITER.period + hours
    assert in_transit(time, (HOT_JUPITER,), 0.5).tolist() == [False, True, True, True, False]
    assert not in_transit(time, (), 0.5).any()
