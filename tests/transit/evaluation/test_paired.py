"""Which of two predictions of the same rows is better."""

import numpy as np
import pytest

from backend.transit.evaluation.bootstrap import draw_labels
from backend.transit.evaluation.figures import evaluate_labels
from backend.transit.evaluation.paired import paired_differences

ROWS = 400


def predictions(quality, noise=1):
    """Labels, and probabilities that are the better the higher their quality."""
    true = np.random.default_rng(0).integers(0, 3, ROWS)
    noise = np.random.default_rng(noise).dirichlet([1.0] * 3, ROWS)
    mixed = noise + quality * np.eye(3)[true]
    return true, mixed / mixed.sum(axis=1, keepdims=True)


def draws(quality, stars=None, **options):
    return draw_labels(*predictions(quality, **options), stars, 7)


def test_a_difference_is_that_of_the_figures():
    one, other = (evaluate_labels(*predictions(quality)) for quality in (0.4, 0.8))
    found = paired_differences(draws(0.4), draws(0.8))
    for name in ("accuracy", "macro_f1", "log_loss", "ece"):
        assert found[name]["difference"] == pytest.approx(one[name] - other[name])
    area = one["roc_auc"]["macro"] - other["roc_auc"]["macro"]
    assert found["roc_auc"]["difference"] == pytest.approx(area)


def test_the_better_one_is_named_whether_more_or_less_of_a_figure_is_better():
    found = paired_differences(draws(0.9), draws(0.3))
    assert found["accuracy"]["difference"] > 0 > found["log_loss"]["difference"]
    assert {found[name]["verdict"] for name in ("accuracy", "log_loss", "roc_auc")} == {"better"}
    found = paired_differences(draws(0.3), draws(0.9))
    assert {found[name]["verdict"] for name in ("accuracy", "log_loss", "roc_auc")} == {"worse"}


def test_of_a_prediction_and_itself_nothing_can_be_told():
    found = paired_differences(draws(0.5), draws(0.5))
    for name in ("accuracy", "log_loss", "ece"):
        assert found[name] == {"difference": 0, "interval": [0, 0], "verdict": "cannot_tell"}


def test_two_networks_of_one_quality_cannot_be_told_apart():
    both = draws(0.5), draws(0.5, noise=2)
    low, high = paired_differences(*both)["accuracy"]["interval"]
    assert low < 0 < high


def test_a_paired_interval_is_narrower_than_those_of_the_figures():
    found = paired_differences(draws(0.5), draws(0.52))["log_loss"]
    alone = evaluate_labels(*predictions(0.5), seed=7)["intervals"]["log_loss"]
    assert np.diff(found["interval"]) < np.diff(alone) / 3
    assert found["verdict"] == "worse"


def test_rows_of_one_star_count_as_one():
    stars = np.repeat(np.arange(ROWS // 20), 20)
    by_row = paired_differences(draws(0.5), draws(0.6))["accuracy"]["interval"]
    by_star = paired_differences(draws(0.5, stars), draws(0.6, stars))["accuracy"]["interval"]
    assert by_row != by_star


def test_what_is_not_defined_is_none():
    true = np.zeros(30, int)
    sure = np.tile([0.8, 0.1, 0.1], (30, 1))
    found = paired_differences(*(draw_labels(true, sure, None, 1) for _ in range(2)))
    for name in ("roc_auc", "recall_at_precision"):
        assert found[name] == {"difference": None, "interval": None, "verdict": "cannot_tell"}


def test_a_recall_that_no_threshold_reaches_is_no_figure_to_compare():
    true = np.array([1, 2] * 50)
    wrong = np.where(true[:, None] == 1, [[0.1, 0.2, 0.7]], [[0.1, 0.7, 0.2]])
    right = wrong[:, [0, 2, 1]]
    found = paired_differences(*(draw_labels(true, each, None, 1) for each in (right, wrong)))
    assert found["recall_at_precision"]["difference"] is None
    assert found["accuracy"]["verdict"] == "better"
