"""Bins: where they lie, what they hold, and what becomes of empty ones."""

import numpy as np
import pytest

from backend.transit.light_curve.curve import phase as synthetic_phase
from backend.transit.photometry.views import (
    LOCAL_BINS,
    WHOLE_BINS,
    local_bins,
    local_view,
    whole_orbit_bins,
    whole_orbit_view,
)


def test_the_bins_of_the_whole_orbit_are_those_of_the_synthetic_curve():
    np.testing.assert_array_equal(whole_orbit_bins(), synthetic_phase())


def test_each_phase_is_in_the_bin_whose_centre_is_nearest():
    centres = whole_orbit_bins()
    shifts = (-0.49, 0, 0.49)
    for shift in shifts:
        view = whole_orbit_view(centres + shift / WHOLE_BINS, np.arange(WHOLE_BINS) * 1.0)
        np.testing.assert_array_equal(view.flux, np.arange(WHOLE_BINS))


def test_both_ends_of_the_orbit_are_in_a_bin():
    view = whole_orbit_view(np.array([-0.5, 0.5]), np.array([2.0, 2.0]))
    assert view.count.sum() == 2
    assert view.count[0] == 2


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.4])
def test_of_a_local_view_a_fifth_is_in_transit_whatever_the_period(share):
    period, duration = 10.0, 10.0 * share
    offset = np.linspace(-period / 2, period / 2, 400_001)[:-1]
    flux = np.where(np.abs(offset) < duration / 2, 0.5, 1.0)
    view = local_view(offset, flux, duration)
    assert (view.flux > 0.75).mean() == pytest.approx(0.8, abs=1 / LOCAL_BINS)
    whole = whole_orbit_view(offset / period, flux)
    assert (whole.flux > 0.75).mean() == pytest.approx(1 - share, abs=2 / WHOLE_BINS)


def test_the_middle_bin_of_a_local_view_is_the_middle_of_the_transit():
    assert local_bins()[LOCAL_BINS // 2] == 0
    view = local_view(np.array([0.0]), np.array([0.9]), 0.1)
    assert view.count[LOCAL_BINS // 2] == 1


def test_a_bin_holds_median_scatter_and_count():
    random = np.random.default_rng(3)
    offset = np.zeros(10_000)
    flux = random.normal(0.9, 0.01, 10_000)
    flux[:100] = 50.0
    view = local_view(offset, flux, 1.0)
    middle = LOCAL_BINS // 2
    assert view.flux[middle] == pytest.approx(0.9, abs=1e-3)
    assert view.scatter[middle] == pytest.approx(0.01, rel=0.05)
    assert view.count[middle] == 10_000


def test_medians_are_those_of_numpy():
    random = np.random.default_rng(4)
    offset, flux = random.uniform(-2.5, 2.5, 700), random.normal(1, 0.1, 700)
    view = local_view(offset, flux, 1.0)
    index = np.rint(offset * LOCAL_BINS / 5).astype(int) + LOCAL_BINS // 2
    for i in np.unique(index):
        assert view.flux[i] == pytest.approx(np.median(flux[index == i]), abs=1e-12)


def test_an_empty_bin_lies_on_a_line_between_its_neighbours_and_says_so():
    centres = local_bins()
    known = np.abs(centres) > 0.3
    view = local_view(centres[known], 1 + centres[known], 1.0)
    np.testing.assert_allclose(view.flux, 1 + centres, atol=1e-12)
    np.testing.assert_array_equal(view.has_points, known)


def test_at_the_end_of_the_orbit_the_neighbour_is_its_beginning():
    centres = whole_orbit_bins()[10:-10]
    view = whole_orbit_view(centres, 1 + centres)
    assert view.flux[0] == pytest.approx(1, abs=0.1)
    assert view.flux[-1] == pytest.approx(1, abs=0.1)


def test_a_view_of_nothing_is_flat_and_empty():
    for view in (
        local_view(np.zeros(0), np.zeros(0), 1.0),
        whole_orbit_view(np.zeros(0), np.zeros(0)),
    ):
        assert (view.flux == 1).all()
        assert not view.has_points.any()
