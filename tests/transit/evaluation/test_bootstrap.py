"""Intervals of an evaluation's figures; each weighted figure against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from backend.transit.columns import LABELS
from backend.transit.evaluation.bootstrap import (
    _LabelMeasure,
    centred_interval,
    draw_weights,
    error_intervals,
    kept_intervals,
    label_intervals,
    percentile_interval,
    weighted_median,
)
from backend.transit.evaluation.figures import expected_calibration_error, macro_f1
from backend.transit.evaluation.ranking import Ranking


@pytest.fixture(scope="module")
def random():
    return np.random.default_rng(4)


@pytest.fixture(scope="module")
def predicted():
    """Labels and probabilities with many ties."""
    random = np.random.default_rng(5)
    probabilities = random.dirichlet([0.7] * 3, 400).round(2) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    true = (random.random((400, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return true, probabilities


@pytest.fixture(scope="module")
def weights(predicted):
    return next(draw_weights(len(predicted[0]), None, seed=1))[:5]


def test_weighted_figures_are_those_of_scikit_learn(predicted, weights):
    true, probabilities = predicted
    predicted = probabilities.argmax(axis=1)
    found = _LabelMeasure(true, probabilities)(weights)
    for draw, weight in enumerate(weights):
        given = {"sample_weight": weight}
        expected = {
            "accuracy": metrics.accuracy_score(true, predicted, **given),
            "macro_f1": metrics.f1_score(true, predicted, average="macro", **given),
            "log_loss": metrics.log_loss(true, probabilities, labels=[0, 1, 2], **given),
        }
        for name, value in expected.items():
            assert found[name][draw] == pytest.approx(value), name
        scores = metrics.precision_recall_fscore_support(true, predicted, **given)
        for code, name in enumerate(LABELS):
            per_class = found["per_class"][name]
            for place, score in enumerate(("precision", "recall", "f1")):
                assert per_class[score][draw] == pytest.approx(scores[place][code])
            one = true == code, probabilities[:, code]
            auc = metrics.roc_auc_score(*one, **given)
            average = metrics.average_precision_score(*one, **given)
            assert found["roc_auc"][name][draw] == pytest.approx(auc)
            assert found["average_precision"][name][draw] == pytest.approx(average)


def test_recall_at_precision_is_read_off_scikit_learn_s_curve(random):
    score = random.random(300).round(2)
    is_class = random.random(300) < score
    weights = next(draw_weights(300, None, seed=2))[:5]
    found = Ranking(is_class, score).recall_at(0.9, weights)
    for draw, weight in enumerate(weights):
        precision, recall, _ = metrics.precision_recall_curve(is_class, score, sample_weight=weight)
        assert found[draw] == pytest.approx(recall[precision >= 0.9].max())


def test_the_weighted_median_is_that_of_the_repeated_values(random):
    values = np.sort(random.random(31))
    weights = random.integers(0, 4, (20, 31)).astype(float)
    for weight, median in zip(weights, weighted_median(values, weights), strict=True):
        assert median == pytest.approx(np.median(np.repeat(values, weight.astype(int))))


def test_all_rows_of_a_star_are_drawn_together():
    stars = np.array([7, 7, 7, 2, 2, 9])
    for weights in draw_weights(6, stars, seed=1):
        assert (weights[:, 0] == weights[:, 1]).all()
        assert (weights[:, 3] == weights[:, 4]).all()
        assert set(weights[:, 0] + weights[:, 3] + weights[:, 5]) == {3.0}


def test_rows_of_one_star_widen_the_interval():
    random = np.random.default_rng(3)
    stars = np.repeat(np.arange(60), 5)
    true = np.repeat(random.integers(0, 3, 60), 5)
    probabilities = np.repeat(random.dirichlet([1] * 3, 60), 5, axis=0)
    by_row, by_star = (label_intervals(true, probabilities, s, 1) for s in (None, stars))
    width = [each["accuracy"][1] - each["accuracy"][0] for each in (by_row, by_star)]
    assert width[1] > 1.7 * width[0]


def test_the_interval_of_the_accuracy_is_as_wide_as_the_binomial_s():
    true = np.zeros(1000, dtype=int)
    probabilities = np.tile([0.6, 0.4, 0.0], (1000, 1))
    probabilities[:300] = [0.4, 0.6, 0.0]
    low, high = label_intervals(true, probabilities, None, 1)["accuracy"]
    error = 1.96 * np.sqrt(0.7 * 0.3 / 1000)
    assert low == pytest.approx(0.7 - error, abs=0.006)
    assert high == pytest.approx(0.7 + error, abs=0.006)


@pytest.mark.parametrize("rows", [150, 1100])
def test_a_calibration_error_lies_in_its_interval(rows):
    for seed in range(8):
        random = np.random.default_rng(seed)
        probabilities = random.dirichlet([0.7] * 3, rows)
        true = (random.random((rows, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
        low, high = label_intervals(true, probabilities, None, 1)["ece"]
        assert 0 <= low < expected_calibration_error(true, probabilities) < high
        assert high < (0.25 if rows == 150 else 0.09)


def test_a_class_that_a_draw_lacks_does_not_count_in_its_macro_f1():
    true = np.array([0, 0, 1])
    measure = _LabelMeasure(true, np.eye(3)[[0, 0, 0]] * 0.8 + 0.1)
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    expected = [macro_f1(true[:2], np.zeros(2, dtype=int)), macro_f1(true, np.zeros(3, dtype=int))]
    assert measure(weights)["macro_f1"] == pytest.approx(expected)


def test_the_share_that_is_kept_and_right_has_an_interval():
    right = np.tile([True, True, True, False], 100)
    kept = np.tile([True, True, False, True], 100)
    found = kept_intervals(right, kept, None, 1)
    assert found["coverage"][0] < 0.75 < found["coverage"][1]
    assert found["kept_precision"][0] < 2 / 3 < found["kept_precision"][1]
    nothing = kept_intervals(right, np.zeros(400, dtype=bool), None, 1)
    assert nothing == {"coverage": [0.0, 0.0], "kept_precision": None}


def test_a_recall_that_no_threshold_gives_has_no_interval():
    true = np.tile([1, 2], 50)
    probabilities = np.tile([[0.0, 0.4, 0.6], [0.0, 0.6, 0.4]], (50, 1))
    assert label_intervals(true, probabilities, None, 1)["recall_at_precision"]["recall"] is None


def test_a_figure_that_the_rows_do_not_define_has_no_interval():
    true = np.array([0, 1] * 20)
    probabilities = np.tile([0.5, 0.4, 0.1], (40, 1))
    found = label_intervals(true, probabilities, None, 1)
    assert found["roc_auc"]["FALSE POSITIVE"] is None
    assert found["per_class"]["FALSE POSITIVE"]["recall"] is None
    assert found["accuracy"] is not None
    assert percentile_interval(np.array([np.nan, np.nan, 1.0])) is None
    assert centred_interval(0.1, np.full(3, np.nan)) is None


def test_the_same_seed_gives_the_same_intervals(predicted):
    first, same, other = (label_intervals(*predicted, None, seed) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_errors_of_a_regression_have_intervals_around_them():
    random = np.random.default_rng(2)
    true = random.lognormal(0, 1, 500)
    predicted = true * random.lognormal(0, 0.2, 500)
    found = error_intervals(true, predicted, None, 1)
    error = np.abs(predicted - true)
    assert found["mae"][0] < error.mean() < found["mae"][1]
    low, high = found["median_relative_error"]
    assert low < np.median(error / true) < high
