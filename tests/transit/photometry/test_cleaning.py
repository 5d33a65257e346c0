"""Cleaning: quality bits, order, doubled times, outliers."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.cleaning import QUALITY_MASKS, clean, outliers, point_scatter
from tests.transit.photometry.made import segment


def test_the_flux_of_a_clean_segment_has_a_median_of_1():
    cleaned = clean(segment())
    assert np.median(cleaned.flux) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("mission", "quality", "stays"),
    [
        ("kepler", 0, True),
        ("kepler", 1 << 5, False),  # desaturation
        ("kepler", 1 << 7, True),  # cosmic ray, corrected
        ("kepler", 1 << 11, True),  # an outlier by the pipeline, which may be a transit
        ("kepler", (1 << 17) | (1 << 18), True),  # rolling band
        ("kepler", 1 << 20, True),  # no thruster of Kepler's fires
        ("k2", 1 << 20, False),
        ("tess", 1 << 9, False),  # impulsive outlier
        ("tess", 1 << 12, False),  # scattered light
        ("tess", 1 << 6, True),
        ("", 1 << 5, True),  # nobody knows what the bit means
    ],
)
def test_points_with_a_bit_of_the_missions_mask_are_left_out(mission, quality, stays):
    plain = segment(mission=mission)
    plain.quality[10] = quality
    assert len(clean(plain)) == len(plain) - (not stays)


def test_the_mask_of_tess_is_the_archives():
    assert QUALITY_MASKS["tess"] == 21_183


def test_points_are_put_in_order():
    plain = segment()
    order = np.random.default_rng(1).permutation(len(plain))
    np.testing.assert_array_equal(clean(plain.where(order)).time, plain.time)


def test_doubled_times_are_merged_into_their_mean():
    plain = segment(noise=0)
    twice = plain.where(np.concatenate([np.arange(len(plain)), np.arange(len(plain))]))
    twice.flux[7] *= 1.02
    cleaned = clean(twice)
    np.testing.assert_array_equal(cleaned.time, plain.time)
    assert cleaned.flux[7] == pytest.approx(1.01)
    assert cleaned.flux[8] == 1


def test_a_point_without_a_time_or_a_flux_is_left_out():
    plain = segment()
    plain.time[3], plain.flux[5], plain.flux[9] = np.nan, np.nan, np.inf
    assert len(clean(plain)) == len(plain) - 3


@pytest.mark.parametrize("factor", [0.0, -1.0])
def test_of_a_segment_without_light_nothing_is_left(factor):
    plain = segment()
    assert len(clean(replace(plain, flux=plain.flux * factor))) == 0


def test_of_a_segment_without_a_time_nothing_is_left():
    plain = segment()
    assert len(clean(replace(plain, time=np.full(len(plain), np.nan)))) == 0


def noisy_flux() -> np.ndarray:
    return 1 + np.random.default_rng(2).normal(0, 1e-3, 2000)


def test_points_far_above_the_trend_are_outliers_wherever_they_are():
    flux, protected = noisy_flux(), np.zeros(2000, dtype=bool)
    flux[[300, 700]] = 1.01
    protected[700] = True
    assert outliers(flux, protected)[[300, 700]].all()


def test_a_single_low_point_is_an_outlier_out_of_transit_only():
    flux, protected = noisy_flux(), np.zeros(2000, dtype=bool)
    flux[[300, 700]] = 0.99
    protected[700] = True
    assert outliers(flux, protected)[[300, 700]].tolist() == [True, False]


def test_an_eclipse_that_nobody_knows_of_stays():
    flux = noisy_flux()
    flux[300:304] = 0.99
    assert not outliers(flux, np.zeros(2000, dtype=bool))[300:304].any()


def test_of_normal_noise_hardly_anything_is_an_outlier():
    assert outliers(noisy_flux(), np.zeros(2000, dtype=bool)).sum() <= 1


def test_the_scatter_from_point_to_point_is_that_of_the_noise_and_not_of_the_trend():
    flux = noisy_flux() + 0.05 * np.sin(np.arange(2000) / 200)
    assert point_scatter(flux) == pytest.approx(1e-3, rel=0.05)
    assert np.isnan(point_scatter(flux[:1]))
