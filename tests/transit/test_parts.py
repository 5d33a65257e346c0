"""Groups of rows are dealt to folds that are as large as each other."""

import numpy as np

from backend.transit.parts import by_size_at_random, dealt


def sizes_of(folds: np.ndarray, sizes: np.ndarray, count: int) -> list[int]:
    return np.bincount(folds, sizes, count).astype(int).tolist()


def test_folds_are_as_large_as_each_other_where_groups_allow():
    sizes = np.array([9, 4, 4, 3, 1, 1, 1, 1])
    folds = dealt(sizes, np.zeros(3, int), np.random.default_rng(0))
    assert sorted(sizes_of(folds, sizes, 3)) == [7, 8, 9]


def test_a_group_above_its_share_has_a_fold_of_its_own():
    sizes = np.array([50, *[1] * 20])
    folds = dealt(sizes, np.zeros(5, int), np.random.default_rng(0))
    assert sorted(sizes_of(folds, sizes, 5)) == [5, 5, 5, 5, 50]


def test_another_seed_deals_otherwise():
    sizes = np.ones(40, int)
    first, again, other = (
        dealt(sizes, np.zeros(4, int), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_groups_are_sorted_by_size_and_else_shuffled():
    sizes = np.array([1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 2])
    groups = np.arange(len(sizes))
    one, other = (by_size_at_random(groups, sizes, np.random.default_rng(each)) for each in (0, 1))
    assert one[:2].tolist() == other[:2].tolist() == [1, 10]
    assert sorted(one) == sorted(other) == groups.tolist()
    assert one.tolist() != other.tolist()


def test_folds_are_as_large_as_each_other_over_several_classes():
    held = np.zeros(4, int)
    for seed in range(3):
        dealt(np.ones(6, int), held, np.random.default_rng(seed))
    assert held.sum() == 18
    assert np.ptp(held) <= 1
