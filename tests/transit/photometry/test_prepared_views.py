"""Views that others have prepared: made relative, resampled, averaged; where the transit is."""

import numpy as np
import pytest

from backend.transit.photometry.prepared_views import (
    averaged,
    dip_elsewhere,
    resampled,
    scatter,
    to_relative,
)


def view(bins=101, depth=0.01, width=0.2, noise=0.0, middle=0.5, seed=0):
    place = (np.arange(bins) + 0.5) / bins
    flux = 1 - depth * (np.abs(place - middle) < width / 2)
    return flux + noise * np.random.default_rng(seed).normal(size=bins)


@pytest.mark.parametrize(("top", "bottom"), [(0.0, -1.0), (1.0, -1.0), (1.0, 0.0)])
def test_any_stretch_between_two_values_is_undone_by_the_depth(top, bottom):
    relative = {"global_view": view(201, width=0.02), "local_view": view(), "odd_view": view(31)}
    stretched = {
        name: bottom + (top - bottom) * (each - each.min()) / (np.median(each) - each.min())
        for name, each in relative.items()
    }
    found = to_relative(stretched, 10_000)
    assert list(found) == list(relative)
    for name, each in relative.items():
        np.testing.assert_allclose(found[name], each, atol=1e-12)


def test_a_secondary_view_is_kept_only_where_its_depth_is_known():
    local, secondary = view(), view(depth=0.002)
    together = {"local_view": (local - 1) / 0.01, "secondary_view": (secondary - 1) / 0.01}
    np.testing.assert_allclose(to_relative(together, 10_000)["secondary_view"], secondary)
    alone = together | {"secondary_view": (secondary - 1) / 0.002}
    assert list(to_relative(alone, 10_000)) == ["local_view"]


def test_resampling_keeps_the_mean_and_a_transit_stays_where_it_is():
    given = np.random.default_rng(1).normal(size=201)
    for bins in (31, 50, 200, 201, 402, 2001):
        assert resampled(given, bins).mean() == pytest.approx(given.mean())
    np.testing.assert_allclose(resampled(given, 402)[::2], given, atol=1e-12)
    np.testing.assert_allclose(resampled(view(100), 50), view(50))
    assert resampled(np.array([0.0, 3.0, 6.0]), 2) == pytest.approx([1.0, 5.0])


def test_empty_bins_are_left_out_of_what_overlaps_them():
    given = np.array([1.0, np.nan, 3.0, 5.0, np.nan, np.nan])
    np.testing.assert_array_equal(resampled(given, 3), [1.0, 4.0, np.nan])


def test_the_average_weighs_by_the_scatter():
    quiet = view(2000, noise=1e-4, seed=1)
    loud = view(2000, noise=1e-2, seed=2)
    mean = averaged([quiet, loud], 2000)
    assert np.std(mean - view(2000)) == pytest.approx(1e-4, rel=0.1)
    both = averaged([quiet, view(2000, noise=1e-4, seed=3)], 2000)
    assert np.std(both - view(2000)) == pytest.approx(1e-4 / np.sqrt(2), rel=0.1)


def test_views_of_different_lengths_are_averaged_and_gaps_are_filled_by_others():
    first, second = view(50), view(100)
    second[:20] = np.nan
    mean = averaged([first, second], 100)
    np.testing.assert_allclose(mean, view(100), atol=1e-12)


def test_the_scatter_is_that_of_the_noise_and_not_of_the_transit():
    assert scatter(view(5000, depth=0.5, noise=1e-3)) == pytest.approx(1e-3, rel=0.05)


@pytest.mark.parametrize("name", ["local_view", "odd_view", "global_view"])
def test_a_transit_elsewhere_is_found(name):
    width = 0.02 if name == "global_view" else 0.2
    good = view(201, width=width, noise=1e-3)
    assert dip_elsewhere(name, good) is None
    moved = view(201, width=width, noise=1e-3, middle=0.15)
    assert dip_elsewhere(name, moved) == pytest.approx(0.15, abs=0.1)
    assert dip_elsewhere("secondary_view", moved) is None


def test_noise_alone_is_no_dip_elsewhere():
    found = [dip_elsewhere("global_view", view(201, 0.0, noise=1, seed=i)) for i in range(500)]
    assert found == [None] * 500


def test_empty_bins_are_no_dip():
    given = view(201, noise=1e-3)
    given[20:60] = np.nan
    assert dip_elsewhere("local_view", given) is None
