"""Two sides of several predictions of the same rows."""

import numpy as np
import pytest

from backend.transit.evaluation.bootstrap import draw_labels
from backend.transit.evaluation.paired import paired_differences
from backend.transit.evaluation.paired_means import measure_side, paired_mean_differences

ROWS = 300
TRUE = np.random.default_rng(0).integers(0, 3, ROWS)


def probabilities(quality, seed):
    mixed = np.random.default_rng(seed).dirichlet([1.0] * 3, ROWS) + quality * np.eye(3)[TRUE]
    return mixed / mixed.sum(axis=1, keepdims=True)


def compared(one, other, true=TRUE, groups=None):
    sides = [measure_side(true, iter(each), groups) for each in (one, other)]
    return paired_mean_differences(true, *sides)


def test_with_one_seed_each_it_is_the_paired_difference():
    one, other = probabilities(0.5, 1), probabilities(0.7, 2)
    alone = paired_differences(*(draw_labels(TRUE, each, None, 0) for each in (one, other)))
    found = compared([one], [other])["figures"]
    for name, figures in alone.items():
        assert {each: found[name][each] for each in figures} == figures
        assert found[name]["seed_spread"] == [None, None]


def test_several_seeds_count_by_their_mean():
    sides = [[probabilities(quality, seed) for seed in range(3)] for quality in (0.9, 0.6)]
    found = compared(*sides)
    accuracy = [[(each.argmax(axis=1) == TRUE).mean() for each in side] for side in sides]
    figure = found["figures"]["accuracy"]
    assert (figure["one"], figure["other"]) == pytest.approx(tuple(map(np.mean, accuracy)))
    assert figure["seed_spread"] == pytest.approx([np.std(each, ddof=1) for each in accuracy])
    assert (figure["verdict"], found["verdict"]) == ("better", "better")
    one = compared(sides[0][:1], sides[1][:1])["figures"]["log_loss"]["interval"]
    assert np.ptp(found["figures"]["log_loss"]["interval"]) < np.ptp(one)


def test_groups_are_drawn_and_not_rows():
    sides = [[probabilities(0.5, 1)], [probabilities(0.5, 2)]]
    # In a group all rows agree which side is better: ten groups know less than 300 rows.
    order = np.argsort(
        [
            np.log(a[TRUE[i]] / b[TRUE[i]])
            for i, (a, b) in enumerate(zip(sides[0][0], sides[1][0], strict=True))
        ]
    )
    groups = np.empty(ROWS, int)
    groups[order] = np.arange(ROWS) // 30
    by_row, by_group = (
        np.ptp(compared(*sides, groups=each)["figures"]["log_loss"]["interval"])
        for each in (None, groups)
    )
    assert by_group > 2 * by_row


def test_the_labels_that_count_are_those_that_are_given():
    one, other = [probabilities(1.0, 1)], [probabilities(0.3, 2)]
    assert compared(one, other)["verdict"] == "better"
    assert compared(one, other, true=(TRUE + 1) % 3)["verdict"] == "worse"


def test_rows_are_counted_by_who_is_right():
    sure = np.eye(3)[TRUE]
    wrong = np.eye(3)[(TRUE + 1) % 3]
    half = np.where(np.arange(ROWS)[:, None] < 100, sure, wrong)
    found = compared([half], [np.where(np.arange(ROWS)[:, None] < 40, wrong, sure)])
    assert found["correct"] == {"both": 60, "only_one": 40, "only_other": 200, "neither": 0}
