"""Rows of one star; the report and the split agree about them."""

import numpy as np
import pytest

from backend.transit.columns import ROW_DTYPE, STAR_FEATURES
from backend.transit.keys import BLOCK_ROWS, read_rows, star_groups, star_keys
from backend.transit.simulation.catalogue import simulate


@pytest.fixture(scope="module")
def gappy():
    """Rows of which half have no identifier, and many not every stellar feature."""
    rows = simulate(2000, seed=4)
    random = np.random.default_rng(0)
    rows["star"][random.random(len(rows)) < 0.5] = b""
    for name in STAR_FEATURES:
        rows[name][random.random(len(rows)) < 0.2] = np.nan
    return rows


def partition(numbers):
    """For each row the first row of its star."""
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    return first[inverse]


def test_the_report_and_the_split_take_the_same_rows_for_one_star(gappy):
    assert np.array_equal(partition(star_keys(gappy)), partition(star_groups(gappy)))


def test_the_same_rows_always_get_the_same_numbers(gappy):
    # The split of a session depends on them, and a session that is resumed must find its own.
    groups = star_groups(gappy)
    assert np.array_equal(groups, star_groups(gappy.copy()))
    assert groups[:12].tolist() == [202, 1224, 1910, 1319, 203, 204, 205, 206, 207, 208, 209, 0]
    assert groups.max() + 1 == 1948


def test_many_stars_are_numbered_in_the_order_of_their_names():
    rows = np.zeros(2 * BLOCK_ROWS + 2, ROW_DTYPE)
    rows["star"] = np.random.default_rng(1).integers(0, 9999, len(rows)).astype("S48")
    rows["star"][-1] = b"zzz"
    expected = np.unique(rows["star"], return_inverse=True)[1]
    assert np.array_equal(star_groups(rows), expected)


def test_rows_are_read_where_they_stand_in_the_file(tmp_path):
    rows = simulate(2 * BLOCK_ROWS + 2, seed=1)
    np.save(tmp_path / "table.npy", rows)
    table = np.load(tmp_path / "table.npy", mmap_mode="r")
    for index in ([], [0], [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS, 2 * BLOCK_ROWS + 1]):
        found = read_rows(table, np.array(index, np.intp))
        assert found.tobytes() == rows[np.array(index, np.intp)].tobytes()
