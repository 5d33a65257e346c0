"""Temperature, threshold, coverage."""

import numpy as np
import pytest

from backend.transit.evaluation.calibration import (
    MIN_KEPT,
    apply_temperature,
    choose_threshold,
    coverage_curve,
    equal_mass_bins,
    fit_temperature,
)
from backend.transit.evaluation.figures import expected_calibration_error


def draw(rows, seed=1):
    """Probabilities, and labels drawn with just these probabilities."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.5] * 3, rows)
    true = (random.random((rows, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return true, probabilities


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_spoiled_the_probabilities_is_found(temperature):
    true, honest = draw(20_000)
    spoiled = apply_temperature(honest, 1 / temperature)
    assert fit_temperature(true, spoiled) == pytest.approx(temperature, rel=0.04)


def test_a_temperature_keeps_the_order_and_the_sum():
    _, probabilities = draw(100)
    hot = apply_temperature(probabilities, 3.0)
    assert np.allclose(hot.sum(axis=1), 1)
    assert np.array_equal(np.argsort(hot), np.argsort(probabilities))
    assert np.allclose(apply_temperature(probabilities, 1.0), probabilities)


def test_certain_and_wrong_predictions_have_a_finite_temperature():
    true = np.array([0, 1, 2, 0])
    temperature = fit_temperature(true, np.eye(3)[[0, 1, 2, 1]])
    assert 0.2 <= temperature <= 5.0
    assert fit_temperature(np.zeros(0, dtype=int), np.zeros((0, 3))) == 1.0


def test_what_reaches_the_threshold_is_right_often_enough_and_more_would_not_be():
    true, probabilities = draw(5000)
    threshold = choose_threshold(true, probabilities, 0.9)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == true
    assert right[top >= threshold].mean() >= 0.9
    for lower in np.sort(top[top < threshold])[::-1][:500]:
        assert right[top >= lower].mean() < 0.9


def test_the_threshold_holds_on_other_rows():
    threshold = choose_threshold(*draw(5000), 0.9)
    true, probabilities = draw(5000, seed=2)
    kept = probabilities.max(axis=1) >= threshold
    assert (probabilities.argmax(axis=1) == true)[kept].mean() == pytest.approx(0.9, abs=0.02)


def test_a_lucky_handful_is_no_threshold():
    random = np.random.default_rng(1)
    probabilities = random.dirichlet([1.0] * 3, 500)
    true = (probabilities.argmax(axis=1) + 1) % 3
    most_confident = np.argsort(-probabilities.max(axis=1))[: MIN_KEPT // 2]
    true[most_confident] = probabilities[most_confident].argmax(axis=1)
    assert choose_threshold(true, probabilities, 0.9) is None


def test_a_few_rows_move_the_temperature_little():
    _, probabilities = draw(8)
    sure = apply_temperature(probabilities, 0.05)
    wrong = (sure.argmax(axis=1) + 1) % 3
    assert fit_temperature(sure.argmax(axis=1), probabilities) > 0.3
    assert fit_temperature(wrong[:2], probabilities[:2]) < 2.5


def test_too_few_rows_give_no_threshold_at_all():
    rows = MIN_KEPT - 1
    probabilities = np.tile([0.9, 0.05, 0.05], (rows, 1))
    assert choose_threshold(np.zeros(rows, dtype=int), probabilities, 0.9) is None


def test_coverage_falls_to_all_rows_as_the_threshold_falls():
    true, probabilities = draw(1000)
    curve = coverage_curve(true, probabilities)
    assert len(curve["threshold"]) == len(curve["coverage"]) == len(curve["precision"]) == 200
    assert curve["threshold"] == sorted(curve["threshold"], reverse=True)
    assert curve["coverage"] == sorted(curve["coverage"])
    assert curve["coverage"][-1] == 1.0
    assert curve["precision"][-1] == (probabilities.argmax(axis=1) == true).mean()


def test_rows_of_equal_confidence_are_kept_or_left_together():
    true = np.array([0, 1, 1, 1])
    curve = coverage_curve(true, np.tile([0.6, 0.3, 0.1], (4, 1)))
    assert curve == {"threshold": [0.6], "coverage": [1.0], "precision": [0.25]}


def test_a_temperature_above_one_makes_predictions_less_confident():
    cool, warm = (apply_temperature(np.array([[0.8, 0.1, 0.1]]), each) for each in (0.5, 2.0))
    # Squares and roots of the probabilities, from the definition.
    assert cool == pytest.approx(np.array([[0.64, 0.01, 0.01]]) / 0.66)
    roots = np.sqrt([[0.8, 0.1, 0.1]])
    assert warm == pytest.approx(roots / roots.sum())


@pytest.mark.parametrize("temperature", [0.02, 0.2, 5.0])
def test_a_temperature_never_overflows(temperature):
    found = apply_temperature(np.array([[1.0, 0.0, 0.0], [1e-30, 1e-28, 1e-29]]), temperature)
    assert np.isfinite(found).all()
    assert found.argmax(axis=1).tolist() == [0, 1]
    assert found.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_probabilities_in_single_precision_are_calibrated_in_double():
    found = apply_temperature(np.array([[0.8, 0.1, 0.1]], np.float32), 3.0)
    assert found.dtype == np.float64
    assert found.sum() == pytest.approx(1.0, abs=1e-15)
    assert coverage_curve(np.array([0]), np.array([[0.8, 0.1, 0.1]], np.float32))["threshold"] == [
        float(np.float32(0.8))
    ]


def test_the_temperature_of_few_rows_is_the_most_probable_one_under_the_prior():
    true = np.array([0, 1, 0])
    probabilities = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.5, 0.25, 0.25]])
    logarithms = np.linspace(np.log(0.2), np.log(5.0), 20_001)
    powers = probabilities[:, :, None] ** np.exp(-logarithms)
    likelihood = np.log(powers[np.arange(3), true] / powers.sum(axis=1)).sum(axis=0)
    # The prior is normal in ln(temperature), with a standard deviation of 0.5.
    best = logarithms[np.argmax(likelihood - 2.0 * logarithms**2)]
    assert fit_temperature(true, probabilities) == pytest.approx(np.exp(best), abs=1e-3)


def test_twenty_rows_and_just_the_precision_are_enough_for_a_threshold():
    probabilities = np.tile([0.9, 0.05, 0.05], (MIN_KEPT, 1))
    true = np.array([1] * 2 + [0] * 18)
    assert choose_threshold(true, probabilities) == 0.9
    assert choose_threshold(true, probabilities, 0.91) is None


def test_the_bins_hold_all_rows_by_confidence_in_nearly_equal_numbers():
    confidence = np.random.default_rng(1).random(100)
    bins = equal_mass_bins(confidence)
    assert [len(rows) for rows in bins] == [7] * 10 + [6] * 5
    assert np.concatenate(bins).tolist() == np.argsort(confidence).tolist()
    assert [rows.tolist() for rows in equal_mass_bins(np.array([0.9, 0.4]))] == [[1], [0]]


def test_rows_of_equal_confidence_stay_in_one_bin_and_in_their_order():
    confidence = np.tile([0.5, 0.7], 50)
    bins = [rows.tolist() for rows in equal_mass_bins(confidence)]
    assert bins == [list(range(0, 100, 2)), list(range(1, 100, 2))]


def test_a_bin_ends_at_the_nearest_change_of_the_confidence():
    confidence = np.linspace(0.3, 0.9, 150)
    confidence[:11] = 0.1
    confidence[27:37] = confidence[27]
    ends = np.cumsum([len(rows) for rows in equal_mass_bins(confidence)])
    assert ends.tolist() == [11, 20, 27, *range(40, 151, 10)]


@pytest.mark.parametrize("kinds", [1, 2, 7, 40])
def test_whatever_is_equal_no_bin_parts_it(kinds):
    confidence = np.random.default_rng(kinds).integers(0, kinds, 200) / kinds
    bins = equal_mass_bins(confidence)
    values = [set(confidence[rows].tolist()) for rows in bins]
    assert sum(map(len, values)) == len(set().union(*values)) == len(set(confidence.tolist()))
    assert sorted(np.concatenate(bins).tolist()) == list(range(200))


def test_a_network_that_always_says_the_same_is_judged_as_a_whole():
    true = np.array([0] * 60 + [1] * 40)
    probabilities = np.tile([0.57, 0.33, 0.1], (100, 1))
    assert expected_calibration_error(true, probabilities) == pytest.approx(0.03)
