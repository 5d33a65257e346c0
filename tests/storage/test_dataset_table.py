"""Tables on disk: written and read in pieces, never loaded whole."""

import errno
import tracemalloc

import numpy as np
import pytest

from backend.storage import dataset_table
from backend.storage.dataset_table import TableWriter, are_same, is_whole
from backend.transit.columns import NO_LABEL, ROW_DTYPE

ROWS = 200_000


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A table of 26 MB: one row in a hundred is confirmed, two are false, the rest candidates."""
    path = tmp_path_factory.mktemp("tables") / "table.npy"
    rows = np.zeros(ROWS, ROW_DTYPE)
    rows["line"] = np.arange(ROWS)
    rows["label"][::100] = 1
    rows["label"][1::100] = 2
    rows["label"][2::100] = 2
    with open(path, "xb") as file:
        writer = TableWriter(file)
        for start in range(0, ROWS, 7_001):
            writer.append(rows[start : start + 7_001])
        writer.finish()
    return path


def peak_mb(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_rows_appended_in_pieces_make_one_table(path):
    table = np.load(path, mmap_mode="r")
    assert table.dtype == ROW_DTYPE
    assert np.array_equal(table["line"], np.arange(ROWS))


def test_an_empty_table_is_a_table(tmp_path):
    with open(tmp_path / "empty.npy", "xb") as file:
        TableWriter(file).finish()
    assert len(np.load(tmp_path / "empty.npy")) == 0


@pytest.mark.parametrize(("offset", "count"), [(0, 10), (ROWS - 3, 3), (ROWS, 0), (10**12, 0)])
def test_a_page_of_rows_comes_with_its_indices(path, offset, count):
    indices, rows = dataset_table.read_rows(path, offset, 10)
    assert len(indices) == len(rows) == count
    assert np.array_equal(rows["line"], indices)


def test_rows_of_a_label_are_found_wherever_they_are(path):
    indices, rows = dataset_table.read_rows_of_label(path, 1, 1990, 20)
    assert indices.tolist() == list(range(199_000, 200_000, 100))
    assert np.array_equal(rows["line"], indices)
    assert len(dataset_table.read_rows_of_label(path, 1, 0, 0)[0]) == 0
    assert len(dataset_table.read_rows_of_label(path, NO_LABEL, 0, 5)[0]) == 0


def test_a_page_of_a_label_goes_on_in_the_next_block_and_ends_when_it_is_full(path, monkeypatch):
    monkeypatch.setattr(dataset_table, "_BLOCK_ROWS", 250)
    blocks = []
    read = np.fromfile
    monkeypatch.setattr(np, "fromfile", lambda *given: blocks.append(given) or read(*given))
    for offset, limit, read_blocks in ((0, 1, 1), (1, 4, 2), (2, 5, 3), (3, 2, 2), (7, 2, 4)):
        blocks.clear()
        indices, rows = dataset_table.read_rows_of_label(path, 1, offset, limit)
        assert indices.tolist() == list(range(100 * offset, 100 * (offset + limit), 100))
        assert np.array_equal(rows["line"], indices)
        assert len(blocks) == read_blocks


def test_rows_come_in_the_order_that_was_asked_for(path):
    rows = dataset_table.read_rows_at(path, np.array([7, 199_999, 0, 7]))
    assert rows["line"].tolist() == [7, 199_999, 0, 7]
    assert not isinstance(rows, np.memmap)


def test_a_sample_has_rows_of_every_class(path):
    sample = dataset_table.sample_of_labels(path)
    assert np.bincount(sample["label"]).tolist() == [5000, 2000, 4000]


def test_a_sample_ends_with_the_block_that_completes_it(path, monkeypatch):
    monkeypatch.setattr(dataset_table, "_SAMPLE_ROWS", 3)
    monkeypatch.setattr(dataset_table, "_BLOCK_ROWS", 250)
    sample = dataset_table.sample_of_labels(path)
    assert sample["line"].tolist() == [3, 4, 5, 0, 100, 200, 1, 2, 101]


def test_no_reader_loads_the_whole_table(path):
    for action in (
        lambda: dataset_table.read_rows(path, 100_000, 1000),
        lambda: dataset_table.read_rows_of_label(path, 1, 1990, 20),
        lambda: dataset_table.sample_of_labels(path),
        lambda: dataset_table.read_rows_at(path, np.arange(0, ROWS, 1000)),
    ):
        assert peak_mb(action) < 10


def test_without_a_descriptor_a_table_is_not_said_to_be_missing(path, monkeypatch):
    def no_descriptor(*_arguments):
        raise OSError(errno.EMFILE, "Too many open files")

    assert is_whole(path, ROWS)
    monkeypatch.setattr("builtins.open", no_descriptor)
    with pytest.raises(OSError, match="Too many"):
        is_whole(path, ROWS)


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (lambda rows: rows, True),
        (lambda rows: rows[:-1], False),
        (lambda rows: rows[::-1], False),
        (lambda rows: with_value(rows, "star", b"7"), False),
        (lambda rows: with_value(rows, "depth", np.nextafter(500.0, 501.0)), False),
        (lambda rows: with_value(rows, "impact", 0.2), False),
        (lambda rows: with_value(rows, "impact", -np.nan), True),
    ],
    ids=["equal", "shorter", "other order", "star", "depth", "known", "another NaN"],
)
def test_tables_are_the_same_if_their_rows_are_unknown_numbers_included(tmp_path, change, is_same):
    rows = np.zeros(40_000, ROW_DTYPE)
    rows["line"] = np.arange(40_000)
    rows["depth"], rows["impact"] = 500.0, np.nan
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    np.save(paths[0], rows)
    np.save(paths[1], change(rows.copy()))
    assert are_same(*paths) is is_same


def with_value(rows, column, value):
    rows[column][-1] = value
    return rows


def test_a_header_at_which_python_fails_in_threads_is_parsed_again(tmp_path, monkeypatch):
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros(5, ROW_DTYPE))
    parse, failures = np.lib.format.read_array_header_1_0, iter([True, True, False])

    def fail_twice(file):
        found = parse(file)
        if next(failures):
            raise SystemError("AST constructor recursion depth mismatch (before=87, after=80)")
        return found

    monkeypatch.setattr(np.lib.format, "read_array_header_1_0", fail_twice)
    assert dataset_table.is_whole(path, 5)
