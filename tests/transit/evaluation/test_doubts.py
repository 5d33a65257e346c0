"""Doubts about labels, against cleanlab and against labels that were flipped on purpose."""

import warnings

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from backend.transit.evaluation.doubts import find_doubts


def drawn(seed, rows=2_000, wrong=0.05, sharpness=3.0, share=0.4):
    """Labels, some of them wrong, and probabilities as networks of some sharpness give them."""
    random = np.random.default_rng(seed)
    true = (random.random(rows) < share).astype(int)
    logit = sharpness * (2 * true - 1) + random.normal(0, 2, rows)
    second = 1 / (1 + np.exp(-logit))
    given = np.where(random.random(rows) < wrong, 1 - true, true)
    return given, np.stack([1 - second, second], axis=1)


def cases():
    yield "like a survey", drawn(1)
    yield "few wrong", drawn(2, wrong=0.005)
    yield "hardly better than guessing", drawn(3, sharpness=0.2)
    yield "nearly one class", drawn(4, share=0.97)
    yield "small", drawn(5, rows=12)
    random = np.random.default_rng(6)
    yield "noise", (random.integers(0, 2, 500), random.dirichlet([1, 1], 500))
    rounded = np.round(random.dirichlet([0.3, 0.3], 3_000)[:, :1], 2)
    yield "many ties", (random.integers(0, 2, 3_000), np.hstack([rounded, 1 - rounded]))
    yield "undecided", (random.integers(0, 2, 40), np.full((40, 2), 0.5))


CASES = dict(cases())


@pytest.mark.parametrize("name", CASES)
def test_the_same_rows_and_scores_as_cleanlab(name):
    given, probabilities = CASES[name]
    found = find_doubts(given, probabilities)
    issues = find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)
    assert found.is_doubt.tolist() == issues.tolist()
    for method, own in (
        ("self_confidence", found.self_confidence),
        ("normalized_margin", found.normalised_margin),
    ):
        scores = get_label_quality_scores(given, probabilities, method=method)
        assert own == pytest.approx(scores, abs=1e-15)


@pytest.mark.parametrize("name", CASES)
def test_the_same_thresholds_and_counts_as_cleanlab(name):
    given, probabilities = CASES[name]
    found = find_doubts(given, probabilities)
    assert found.thresholds == pytest.approx(get_confident_thresholds(given, probabilities))
    joint = compute_confident_joint(given, probabilities, calibrate=False)
    at_least_one = np.maximum(found.joint, np.eye(2, dtype=int))
    assert at_least_one.tolist() == joint.tolist()
    calibrated = compute_confident_joint(given, probabilities, calibrate=True)
    assert np.abs(found.estimated - calibrated).max() <= 0.5 + 1e-9
    assert found.estimated.sum(axis=1) == pytest.approx(np.bincount(given, minlength=2))


@pytest.mark.parametrize("seed", range(5))
def test_what_prunes_by_noise_rate_doubts_of_these_it_finds_too(seed):
    given, probabilities = drawn(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pruned = find_label_issues(given, probabilities, n_jobs=1)
    doubts = find_doubts(given, probabilities).is_doubt
    assert doubts.sum() > 20
    assert (doubts & ~pruned).sum() == 0


def test_labels_that_were_flipped_are_found_and_ranked_first():
    random = np.random.default_rng(11)
    true, probabilities = drawn(11, rows=5_000, wrong=0.0, sharpness=8.0)
    flipped = random.choice(5_000, 150, replace=False)  # 3%
    given = true.copy()
    given[flipped] = 1 - true[flipped]
    found = find_doubts(given, probabilities)
    is_flipped = np.isin(np.arange(5_000), flipped)
    recall = found.is_doubt[is_flipped].mean()
    precision = is_flipped[found.is_doubt].mean()
    assert recall > 0.8
    assert precision > 0.95
    first = np.argsort(found.normalised_margin)[:100]
    assert is_flipped[first].all()
    estimated = found.estimated[0, 1] + found.estimated[1, 0]
    assert 120 < estimated < 180


def test_a_class_that_is_hard_to_recognise_needs_less_to_be_believed():
    given = np.array([0] * 4 + [1] * 4 + [0, 1])
    second = np.array([0.05] * 4 + [0.6] * 4 + [0.6, 0.4])
    found = find_doubts(given, np.stack([1 - second, second], axis=1))
    assert found.thresholds == pytest.approx([0.84, 0.56])
    # 0.6 for the second class is enough; 0.6 for the first is not.
    assert np.flatnonzero(found.is_doubt).tolist() == [8]
    assert found.joint.tolist() == [[4, 1], [0, 4]]


@pytest.mark.parametrize("label", [0, 1])
def test_without_rows_of_one_class_nothing_is_doubted(label):
    given = np.full(5, label)
    found = find_doubts(given, np.array([[0.1, 0.9], [0.9, 0.1], [0.5, 0.5], [1, 0], [0, 1.0]]))
    assert not found.is_doubt.any()
    assert np.isnan(found.thresholds).tolist() == [label == 1, label == 0]
    assert found.estimated[0, 1] == found.estimated[1, 0] == 0


def test_without_rows_there_is_nothing():
    found = find_doubts(np.zeros(0, int), np.zeros((0, 2)))
    assert len(found.is_doubt) == len(found.normalised_margin) == 0
    assert found.joint.sum() == found.estimated.sum() == 0
