"""The trend: what it takes away, and what it leaves."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.biweight import biweight_locations
from backend.transit.photometry.flattening import trend, window_days
from backend.transit.photometry.folding import in_transit
from tests.transit.photometry.made import HOT_JUPITER, segment, transit_flux

SIGNALS = (HOT_JUPITER,)


def star(noise: float = 1e-4, period: float = 9.0, amplitude: float = 5e-3):
    """Time, slow changes and flux with transits."""
    plain = segment(noise=noise)
    slow = 1 + amplitude * np.sin(2 * np.pi * plain.time / period)
    flux = plain.flux / 5000 * slow * transit_flux(plain.time, plain.step, HOT_JUPITER)
    return plain.time, slow, flux


def test_the_window_follows_the_longest_duration():
    assert window_days(()) == 0.5
    assert window_days((HOT_JUPITER,)) == pytest.approx(0.625)
    assert window_days((HOT_JUPITER, replace(HOT_JUPITER, duration=14.4))) == pytest.approx(3.0)


def test_the_trend_is_what_changes_slowly():
    time, slow, flux = star()
    found = trend(time, flux, SIGNALS, 0.625)
    # Beside a transit a window sees one side only, as every biweight that leaves it out.
    outside = ~in_transit(time, SIGNALS, 3.0)
    assert np.std((found / slow)[outside]) < 4e-5


def test_within_a_transit_the_trend_bends_as_the_star_does():
    time, slow, flux = star(noise=1e-6, period=2.0)
    inside = in_transit(time, SIGNALS, 0.4)
    masked = in_transit(time, SIGNALS, 0.75)
    found = trend(time, flux, SIGNALS, 0.625)
    seen = flux[~masked]
    ends = [np.searchsorted(time[~masked], time + side) for side in (-0.3125, 0.3125)]
    biweight = biweight_locations(seen, *ends)
    error = np.abs(found / slow - 1)[inside].max()
    assert error < 4e-4
    assert error < np.abs(biweight / slow - 1)[inside].max() / 5


def test_a_transit_that_is_known_keeps_its_depth_and_one_that_is_not_loses_some():
    time, _, flux = star(noise=0, amplitude=0)
    middle = in_transit(time, SIGNALS, 0.1)
    truth = transit_flux(time, time[1] - time[0], HOT_JUPITER)[middle]
    known = (flux / trend(time, flux, SIGNALS, 0.625))[middle]
    unknown = (flux / trend(time, flux, (), 0.2))[middle]
    np.testing.assert_allclose(known, truth, atol=1e-6)
    assert (unknown > truth + 1e-3).all()


def test_a_gap_breaks_the_trend():
    time, _, flux = star(noise=1e-5, amplitude=0)
    second = time > time[0] + 40
    flux = np.where(second, flux * 1.1, flux)
    time = np.where(second, time + 0.5, time)
    flat = flux / trend(time, flux, (), 0.625)
    outside = ~in_transit(np.where(second, time - 0.5, time), SIGNALS, 0.75)
    assert np.abs(flat[outside] - 1).max() < 1e-4


def test_where_all_is_transit_nothing_is_divided_out():
    time = np.linspace(0, 1, 50)
    signal = replace(HOT_JUPITER, period=10.0, epoch=0.5, duration=48.0)
    assert (trend(time, np.full(50, 0.9), (signal,), 10.0) == 1).all()


@pytest.mark.parametrize("points", [1, 2, 3])
def test_a_few_points_have_a_trend(points):
    found = trend(np.arange(points) * 0.02, np.ones(points), SIGNALS, 0.625)
    assert (found == 1).all()
