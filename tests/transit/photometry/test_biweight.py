"""The biweight: against a plain search for its root, window by window."""

import numpy as np
import pytest

from backend.transit.photometry.biweight import biweight_locations


def plain_biweight(values: np.ndarray) -> float:
    """The root of the estimating equation nearest the median, by small steps, then bisection."""
    median = np.median(values)
    reach = 5 * np.median(np.abs(values - median))

    def pull(location: float) -> float:
        u = (values - location) / reach
        return float(((values - location) * (1 - u**2) ** 2)[np.abs(u) < 1].sum())

    direction = np.sign(pull(median))
    step = reach / 1000
    end = median
    while np.sign(pull(end)) == direction:
        end += direction * step
    low, high = sorted((end - direction * step, end))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if pull(middle) > 0 else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("outlying", [0.0, 0.1, 0.3])
def test_each_window_has_its_biweight(outlying):
    random = np.random.default_rng(5)
    flux = 1 + random.normal(0, 1e-3, 3000)
    flux[random.random(3000) < outlying] -= 0.02
    start = np.sort(random.integers(0, 2900, 50))
    stop = start + random.integers(5, 100, 50)
    found = biweight_locations(flux, start, stop)
    wanted = [plain_biweight(flux[a:b]) for a, b in zip(start, stop, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_where_half_of_the_points_are_alike_it_is_the_median():
    flux = np.array([1.0, 1.0, 1.0, 5.0])
    assert biweight_locations(flux, np.array([0]), np.array([4]))[0] == 1


def test_of_an_empty_window_nothing_is_known():
    found = biweight_locations(np.ones(4), np.array([0, 2]), np.array([4, 2]))
    assert found[0] == 1
    assert np.isnan(found[1])
    assert np.isnan(biweight_locations(np.zeros(0), np.array([0]), np.array([0]))).all()
