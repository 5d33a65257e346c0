"""Depths at places: known ones come back, noise has the scatter that is told."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.folding import in_transit
from backend.transit.photometry.measuring.events import depths_at, make_stretch
from backend.transit.photometry.measuring.shapes import shapes
from tests.transit.photometry.made import (
    HOT_JUPITER,
    LONG_CADENCE,
    segment,
    transit_flux,
)

DAYS = HOT_JUPITER.duration_days
(FORM,) = shapes(HOT_JUPITER, HOT_JUPITER.depth, np.array([0.3]), "kepler")
EVENTS = HOT_JUPITER.epoch + HOT_JUPITER.period * np.arange(1, 20)


def stretch(noise: float, step: float = LONG_CADENCE, slow: float = 0.0):
    plain = segment(days=70, noise=noise, step=step)
    flux = plain.flux / 5000 * transit_flux(plain.time, step, HOT_JUPITER)
    flux += slow * np.sin(plain.time / 1.5)
    return make_stretch(plain.time, flux, step, step, DAYS)


@pytest.mark.parametrize("step", [LONG_CADENCE, 600 / 86_400, 120 / 86_400, 20 / 86_400])
def test_the_depth_is_that_of_the_planet_at_every_cadence(step):
    found = depths_at(EVENTS, stretch(0, step), FORM, DAYS)
    np.testing.assert_allclose(found.depth.mean(), 0.01, rtol=2e-3)
    np.testing.assert_allclose(found.depth, 0.01, rtol=0.01)


def test_a_star_that_changes_takes_nothing_of_the_depth():
    found = depths_at(EVENTS, stretch(0, slow=0.01), FORM, DAYS)
    np.testing.assert_allclose(found.depth.mean(), 0.01, rtol=3e-3)


def test_white_noise_scatters_depths_as_sigma_tells():
    plain = stretch(2e-3)
    quiet = plain.where(~in_transit(plain.time, (HOT_JUPITER,), 0.75))
    places = np.arange(plain.time[0], plain.time[-1], DAYS)
    found = depths_at(places, quiet, FORM, DAYS)
    known = np.isfinite(found.depth)
    assert known.sum() > 100
    assert np.std((found.depth / found.sigma)[known]) == pytest.approx(1, abs=0.12)


def test_a_transit_half_in_a_gap_is_not_seen_and_one_beside_it_is():
    plain = stretch(1e-4)
    gap = (plain.time > EVENTS[3] - 0.03) & (plain.time < EVENTS[3] + 0.4)
    found = depths_at(EVENTS, plain.where(~gap), FORM, DAYS)
    assert np.isnan(found.depth[3])
    assert np.isfinite(np.delete(found.depth, 3)).all()


def test_a_transit_of_which_only_the_ends_were_observed_is_not_seen():
    plain = stretch(1e-4)
    gap = np.abs(plain.time - EVENTS[3]) < 0.042
    left = plain.where(~gap)
    assert (np.abs(left.time - EVENTS[3]) < DAYS / 2).sum() >= 1
    found = depths_at(EVENTS, left, FORM, DAYS)
    assert np.isnan(found.depth[3])


def test_where_nothing_was_observed_nothing_is_known():
    found = depths_at(np.array([EVENTS[0] + 1e4]), stretch(1e-4), FORM, DAYS)
    assert np.isnan(found.depth).all()
    nothing = make_stretch(np.zeros(0), np.zeros(0), 0.02, 0.02, DAYS)
    assert np.isnan(depths_at(EVENTS, nothing, FORM, DAYS).depth).all()


def test_a_constant_flux_has_no_depth():
    time = segment(days=70).time
    flat = make_stretch(time, np.ones(len(time)), LONG_CADENCE, LONG_CADENCE, DAYS)
    found = depths_at(EVENTS, flat, FORM, DAYS)
    np.testing.assert_allclose(found.depth, 0, atol=1e-12)


def test_many_points_are_as_good_as_their_means():
    fine = stretch(1e-3, 20 / 86_400)
    assert len(fine.time) < 0.1 * 70 / (20 / 86_400)
    assert fine.sigma.mean() == pytest.approx(1e-3 * np.sqrt(20 / 86_400 / fine.step), rel=0.1)


def test_a_transit_shorter_than_the_time_step_has_a_depth():
    short = replace(HOT_JUPITER, duration=0.4)
    plain = segment(days=200, noise=1e-5)
    flux = plain.flux / 5000 * transit_flux(plain.time, plain.step, short)
    few = make_stretch(plain.time, flux, plain.step, plain.step, short.duration_days)
    (form,) = shapes(short, short.depth, np.array([0.3]), "kepler")
    places = short.epoch + short.period * np.arange(1, 60)
    found = depths_at(places, few, form, short.duration_days)
    known = np.isfinite(found.depth)
    assert known.sum() > 40
    weight = found.sigma[known] ** -2
    assert (weight * found.depth[known]).sum() / weight.sum() == pytest.approx(0.01, rel=0.03)
