"""The figures of an evaluation; nothing here needs TensorFlow."""

import json

import numpy as np
import pytest

from backend.transit.columns import LABELS
from backend.transit.evaluation.figures import (
    abstention,
    evaluate,
    evaluate_labels,
    expected_calibration_error,
    recall_at_precision,
    reliability_bins,
)


def draw(rows=3000, seed=1, codes=(0, 1, 2)):
    """Probabilities, and labels drawn with just these probabilities."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.5] * 3, rows)
    cumulative = probabilities.cumsum(axis=1)
    true = (random.random((rows, 1)) > cumulative).sum(axis=1).clip(0, 2)
    keep = np.isin(true, codes)
    return true[keep], probabilities[keep]


def evaluated(true, probabilities):
    ones = np.ones(len(true))
    return evaluate(true, probabilities, period=(ones, ones), depth=(ones, ones))


def test_a_perfect_prediction_has_perfect_figures():
    true = np.array([0, 1, 2] * 10)
    figures = evaluated(true, np.eye(3)[true])
    assert figures["accuracy"] == figures["macro_f1"] == 1
    assert figures["roc_auc"]["macro"] == figures["average_precision"]["CONFIRMED"] == 1
    assert figures["log_loss"] == pytest.approx(0, abs=1e-9)
    assert figures["ece"] == pytest.approx(0)
    assert figures["confusion_matrix"] == [[10, 0, 0], [0, 10, 0], [0, 0, 10]]


def test_the_confusion_matrix_has_the_true_classes_as_rows():
    true, predicted = np.array([0, 0, 1, 2]), np.array([1, 0, 1, 1])
    figures = evaluate_labels(true, np.eye(3)[predicted])
    assert figures["confusion_matrix"] == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    confirmed = figures["per_class"]["CONFIRMED"]
    assert confirmed == {"precision": 1 / 3, "recall": 1.0, "f1": 0.5, "support": 1}
    assert figures["per_class"]["CANDIDATE"]["recall"] == 0.5


def test_labels_drawn_from_the_probabilities_are_calibrated_and_others_are_not():
    true, probabilities = draw(rows=20_000)
    assert expected_calibration_error(true, probabilities) < 0.015
    sharpened = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert expected_calibration_error(true, sharpened) > 0.05


def test_the_reliability_bins_have_equal_mass_and_increasing_confidence():
    true, probabilities = draw(rows=1003)
    bins = reliability_bins(true, probabilities)
    assert len(bins) == 15
    assert sum(each["count"] for each in bins) == 1003
    assert {each["count"] for each in bins} <= {66, 67}
    confidences = [each["confidence"] for each in bins]
    assert confidences == sorted(confidences)


@pytest.mark.parametrize("codes", [(0, 1), (2,)])
def test_classes_absent_from_the_test_rows_have_no_figures(codes):
    figures = evaluated(*draw(codes=codes))
    for code, name in enumerate(LABELS):
        if code not in codes:
            assert figures["per_class"][name]["recall"] is None
            assert figures["roc_auc"][name] is None
            assert name not in figures["roc"]
    assert 0 < figures["macro_f1"] <= 1
    json.dumps(figures, allow_nan=False)


def test_a_single_test_row_can_be_evaluated():
    figures = evaluated(np.array([1]), np.array([[0.2, 0.7, 0.1]]))
    assert figures["n_test"] == 1
    assert figures["log_loss"] == pytest.approx(-np.log(0.7))
    json.dumps(figures, allow_nan=False)


def test_the_curves_are_thinned_but_keep_their_ends():
    figures = evaluated(*draw(rows=20_000))
    for name in LABELS:
        roc = figures["roc"][name]
        assert len(roc["fpr"]) == len(roc["tpr"]) <= 200
        assert (roc["fpr"][0], roc["tpr"][0]) == (0, 0)
        assert (roc["fpr"][-1], roc["tpr"][-1]) == (1, 1)
        assert len(figures["precision_recall"][name]["recall"]) <= 200


def test_the_errors_of_period_and_depth_are_in_their_unit_and_relative():
    true, predicted = np.array([1.0, 10.0, 100.0]), np.array([2.0, 11.0, 101.0])
    figures = evaluate(np.array([0, 1, 2]), np.eye(3), period=(true, predicted), depth=(true, true))
    assert figures["period"] == {"mae": pytest.approx(1), "median_relative_error": 0.1}
    assert figures["depth"] == {"mae": 0, "median_relative_error": 0}


def test_a_prediction_that_is_not_finite_becomes_none():
    one = np.ones(3)
    figures = evaluate(np.array([0, 1, 2]), np.eye(3), period=(one, one * np.inf), depth=(one, one))
    assert figures["period"]["mae"] is None


def test_every_figure_has_an_interval_around_it():
    true, probabilities = draw(rows=800)
    random = np.random.default_rng(2)
    days = random.lognormal(1, 1, len(true))
    pair = days, days * random.lognormal(0, 0.3, len(true))
    figures = evaluate(true, probabilities, period=pair, depth=pair, seed=3)
    for name in ("accuracy", "macro_f1", "log_loss"):
        low, high = figures["intervals"][name]
        assert low < figures[name] < high
    for group in ("roc_auc", "average_precision", "period", "depth"):
        assert figures["intervals"][group].keys() == figures[group].keys()
        for name, (low, high) in figures["intervals"][group].items():
            assert low < figures[group][name] < high
    for name in LABELS:
        for score, (low, high) in figures["intervals"]["per_class"][name].items():
            assert low < figures["per_class"][name][score] < high
    json.dumps(figures, allow_nan=False)


def test_recall_at_precision_counts_confirmed_and_false_positives_only():
    true = np.array([1] * 300 + [2] * 300 + [0] * 300)
    score = np.concatenate([np.linspace(0.5, 1, 300), np.linspace(0, 0.74, 300), np.ones(300)])
    probabilities = np.column_stack([np.zeros(900), score, 1 - score])
    found = recall_at_precision(true, probabilities)
    kept = score >= found["threshold"]
    assert (true[:600] == 1)[kept[:600]].mean() >= 0.99
    assert found["recall"] == (true[kept] == 1).sum() / 300 > 0.5


def test_recall_at_precision_is_null_where_nothing_reaches_it_or_a_class_is_absent():
    nothing = {"precision": 0.99, "recall": None, "threshold": None}
    probabilities = np.tile([0.2, 0.4, 0.4], (20, 1))
    assert recall_at_precision(np.array([1, 2] * 10), probabilities) == nothing
    assert recall_at_precision(np.array([0, 1] * 10), probabilities) == nothing


def test_abstention_gives_the_share_kept_and_the_share_of_it_that_is_correct():
    true = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.5, 0.4, 0.1]])
    found = abstention(true, probabilities, 0.7, 0.9)
    low, high = found.pop("intervals")["coverage"]
    assert low < 0.75 < high
    assert found == {"threshold": 0.7, "precision": 0.9, "coverage": 0.75, "kept_precision": 2 / 3}
    without = abstention(true, probabilities, None, 0.9)
    assert (without["coverage"], without["kept_precision"]) == (0.0, None)
    assert abstention(true, probabilities, 0.99, 0.9)["kept_precision"] is None
