"""Rows of equal keys, against a search that looks at each pair."""

import numpy as np
import pytest

from backend.transit.columns import NO_LABEL
from backend.transit.groups import groups_of

# Three that differ, of which the last bits do not tell the first two apart.
ALIKE = np.array([5, 5 + (1 << 40), 6], np.uint64)


def plainly_grouped(keys):
    rows = {key: np.flatnonzero(keys == key).tolist() for key in keys.tolist()}
    return sorted(group for group in rows.values() if len(group) > 1)


@pytest.mark.parametrize("kinds", [1, 2, 40, 1_000_000])
@pytest.mark.parametrize("rows", [1, 2, 3, 200])
def test_groups_are_the_rows_of_equal_keys_by_their_first_row(rows, kinds):
    random = np.random.default_rng(rows * kinds)
    keys = random.integers(0, 1 << 63, kinds, dtype=np.uint64)[random.integers(0, kinds, rows)]
    groups = groups_of(keys)
    assert [group.tolist() for group in groups.first(rows)] == plainly_grouped(keys)


def test_keys_of_which_only_the_last_bits_are_equal_are_no_group():
    groups = groups_of(np.concatenate([ALIKE, ALIKE[1:2]]))
    assert [group.tolist() for group in groups.first(9)] == [[1, 3]]


def test_a_group_has_different_labels_if_two_of_its_known_ones_differ():
    keys = np.array([1, 2, 3, 4, 1, 2, 3, 4, 4], np.uint64)
    labels = np.array([0, 1, 2, NO_LABEL, 0, 2, NO_LABEL, 1, 0], np.int8)
    groups = groups_of(keys)
    assert groups.have_different(labels).tolist() == [False, True, False, True]
    rows, number = groups.only(groups.have_different(labels)).members()
    assert rows.tolist() == [1, 5, 3, 7, 8]
    assert number.tolist() == [0, 0, 1, 1, 1]
