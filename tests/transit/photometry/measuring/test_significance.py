"""Tails of the normal distribution: against drawn numbers, and where floats end."""

import math

import numpy as np
import pytest

from backend.transit.photometry.measuring.significance import after_trials, chi2_sigmas


@pytest.mark.parametrize("degrees", [1, 3, 20, 300])
def test_chi_squared_of_noise_is_a_normal_number(degrees):
    drawn = np.random.default_rng(6).chisquare(degrees, 20_000)
    sigmas = np.array([chi2_sigmas(chi2, degrees) for chi2 in drawn])
    assert abs(np.mean(sigmas)) < 0.05
    # With a single degree the cube root is only nearly normal.
    assert np.std(sigmas) == pytest.approx(1, abs=0.1)


def test_without_a_degree_of_freedom_nothing_is_known():
    assert math.isnan(chi2_sigmas(0.0, 0))


@pytest.mark.parametrize("trials", [1, 30, 1000])
def test_the_largest_of_many_is_a_normal_number_after_its_trials(trials):
    largest = np.random.default_rng(7).normal(size=(4000, trials)).max(axis=1)
    sigmas = np.array([after_trials(value, trials) for value in largest])
    assert abs(np.mean(sigmas)) < 0.06
    assert np.std(sigmas) == pytest.approx(1, abs=0.05)


def test_it_grows_from_the_least_to_the_largest():
    values = [after_trials(x, 500.0) for x in (-40, -5, 0, 3, 5.99, 6.01, 10, 35.9, 36.1, 1e4)]
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()
    assert values[-1] == pytest.approx(1e4, rel=1e-6)
    assert values[-2] == pytest.approx(values[-3], abs=0.3)
    assert math.isnan(after_trials(math.nan, 5.0))
