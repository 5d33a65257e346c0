"""Trials of the light curve benchmark without training: folds by star, kept files, figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from backend.transit.columns import LABELS
from benchmarks.curve_evidence.comparison import Measured, difference_lines, lines_of, measure
from benchmarks.curve_evidence.folds import FOLDS, split_of_fold, star_folds
from benchmarks.curve_evidence.trials import Array, Task, Trial, predictions, run_trial

CONFIRMED, FALSE_POSITIVE = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")
ROWS = 120
STAR = np.arange(ROWS) // 2


def labels() -> np.ndarray:
    """Of each star one."""
    return np.resize([CONFIRMED, FALSE_POSITIVE, 0], ROWS // 2).repeat(2).astype(np.int8)


def test_all_rows_of_a_star_are_in_its_fold_and_a_star_that_is_not_scored_is_in_none():
    is_scored = (STAR % 4 > 0) & (np.arange(ROWS) % 2 == 0)
    fold = star_folds(STAR, is_scored, labels())
    assert (fold[::2] == fold[1::2]).all()
    assert set(fold[STAR % 4 > 0]) == set(range(FOLDS))
    assert set(fold[STAR % 4 == 0]) == {-1}
    shares = [np.mean(labels()[is_scored & (fold == each)] == CONFIRMED) for each in range(FOLDS)]
    assert np.ptp(shares) < 0.2


def test_a_star_that_only_tells_when_to_stop_is_not_trained_on():
    learnt, tested = np.arange(0, 100), np.arange(100, ROWS)
    split = split_of_fold(STAR, learnt, tested, 0.2, [1, 0])
    assert len(split.validation) == 20
    assert not set(STAR[split.train]) & set(STAR[split.validation])
    assert sorted([*split.train, *split.validation]) == learnt.tolist()
    assert split.test.tolist() == tested.tolist()
    again = split_of_fold(STAR, learnt, tested, 0.2, [2, 0])
    assert again.validation.tolist() != split.validation.tolist()


class Counted:
    """A method that says the row's number, and how often it was asked."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def __call__(self, task: Task) -> dict[str, Array]:
        self.tasks.append(task)
        found = np.zeros((len(task.tested), 3))
        found[:, 0], found[:, 1] = task.tested, task.seed
        return {"shown": found, "hidden": -found}


def trial_of(method: Counted) -> Trial:
    is_scored = STAR % 4 > 0
    fold = star_folds(STAR, is_scored, labels())
    return Trial("made", labels(), STAR, fold, STAR != 5, is_scored, {"counted": method})


def test_every_scored_row_is_predicted_once_by_a_method_that_never_saw_its_star(tmp_path: Path):
    method = Counted()
    trial = trial_of(method)
    run_trial(trial, 1, tmp_path)
    for task in method.tasks:
        assert not set(STAR[task.learnt]) & set(STAR[task.tested])
        assert 5 not in STAR[task.learnt]
    found = predictions(trial, tmp_path)
    assert found["shown"][0][:, 0].tolist() == np.flatnonzero(trial.is_scored).tolist()
    assert (found["hidden"][0] == -found["shown"][0]).all()


def test_a_trial_goes_on_where_it_was_and_a_seed_counts_when_all_its_folds_are_there(
    tmp_path: Path,
):
    method = Counted()
    trial = trial_of(method)
    run_trial(trial, 1, tmp_path)
    run_trial(trial, 2, tmp_path)
    trial.file("counted", 2, 3, tmp_path).unlink()
    assert len(predictions(trial, tmp_path)["shown"]) == 1
    run_trial(trial, 1, tmp_path)
    run_trial(trial, 2, tmp_path)
    assert len(method.tasks) == 2 * FOLDS + 1
    assert [each[0, 1] for each in predictions(trial, tmp_path)["shown"]] == [1, 2]


def test_files_of_other_rows_are_refused(tmp_path: Path):
    trial = trial_of(Counted())
    run_trial(trial, 1, tmp_path)
    with pytest.raises(ValueError, match="delete its files"):
        predictions(replace(trial, is_scored=STAR % 4 > 1), tmp_path)


def test_a_shorter_run_tests_the_first_folds_alone(tmp_path: Path):
    method = Counted()
    trial = trial_of(method).of_first_folds(2)
    run_trial(trial, 1, tmp_path)
    assert [task.fold for task in method.tasks] == [0, 1]
    (found,) = predictions(trial, tmp_path)["shown"]
    tested = np.flatnonzero(trial.is_scored)
    assert found[:, 0].tolist() == tested.tolist()
    assert set(trial.fold[tested]) == {0, 1}
    assert not predictions(trial_of(method), tmp_path)


def certain(certainty: float, seed: int) -> Array:
    scores = np.random.default_rng(seed).normal(size=(ROWS, len(LABELS)))
    scores[np.arange(ROWS), labels()] += certainty
    shares = np.exp(scores)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def test_the_figures_are_those_of_scikit_learn_and_means_of_the_seeds():
    by_seed = [certain(0.5, 1), certain(0.5, 2)]
    measured = measure(labels(), by_seed, STAR)
    settled = labels() != 0
    true = labels()[settled] == CONFIRMED
    expected = []
    for each in by_seed:
        share = each[settled, CONFIRMED] / each[settled][:, [CONFIRMED, FALSE_POSITIVE]].sum(axis=1)
        accuracy = np.mean(each.argmax(axis=1) == labels())
        expected.append(
            (accuracy, roc_auc_score(true, share), average_precision_score(true, share))
        )
    assert measured.of_all == pytest.approx(np.mean(expected, axis=0))
    assert measured.seeds == 2


def test_stars_are_drawn_not_rows():
    same = certain(0.5, 1)[::2].repeat(2, axis=0)
    of_stars, of_rows = (
        np.std(measure(labels(), [same], groups).drawn, axis=0)
        for groups in (STAR, np.arange(ROWS))
    )
    assert of_stars / of_rows == pytest.approx(2**0.5, rel=0.15)


def test_a_pair_is_compared_on_the_same_draws():
    measured = {name: measure(labels(), [certain(0.5, 1)], STAR) for name in ("one", "other")}
    measured["better"] = measure(labels(), [certain(3.0, 1)], STAR)
    lines = difference_lines(measured, [("one", "other"), ("better", "one"), ("one", "absent")])
    assert len(lines) == 4
    zero = "+0.000 (+0.000 to +0.000)"
    assert lines[2] == f"| one minus other | {zero} | {zero} | {zero} |"
    assert lines[3].count(" | +0.") == 3
    assert "-" not in lines[3]


def test_a_line_has_the_figures_that_are_asked_for():
    drawn = np.linspace([0.0, 0.4, 0.8], [0.2, 0.6, 1.0], 41)
    lines = lines_of({"some": Measured(3, np.array([0.1, 0.5, 0.9]), drawn)}, ("AP", "AUC"))
    assert lines[0] == "| method | seeds | AP | AUC |"
    assert lines[2] == "| some | 3 | 0.900 (0.805 to 0.995) | 0.500 (0.405 to 0.595) |"
