"""The labels of a version beside a table, which stays as it is."""

import numpy as np
import pytest

from backend.storage.version_labels import make, with_changes, with_labels
from backend.transit.columns import ROW_DTYPE


@pytest.fixture
def table(tmp_path):
    rows = np.zeros(6, ROW_DTYPE)
    rows["label"] = [0, 1, 2, 0, 1, 2]
    np.save(tmp_path / "t.npy", rows)
    return tmp_path / "t.npy"


def test_the_labels_of_a_version_lie_over_the_table_and_not_in_it(table, tmp_path):
    before = table.read_bytes()
    labels = tmp_path / "t.v1.labels.npy"
    make(table, {0: -1, 4: 2}, labels)
    assert with_labels(table, labels)["label"].tolist() == [-1, 1, 2, 0, 2, 2]
    assert with_changes(table, {1: 0})["label"].tolist() == [0, 0, 2, 0, 1, 2]
    assert table.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"words", None])
def test_damaged_or_missing_labels_are_made_again(table, tmp_path, damage):
    labels = tmp_path / "t.v1.labels.npy"
    if damage is not None:
        labels.write_bytes(damage)
    make(table, {0: 2}, labels)
    made = labels.stat().st_ino
    assert np.load(labels).tolist() == [2, 1, 2, 0, 1, 2]
    make(table, {0: 2}, labels)
    assert labels.stat().st_ino == made


def test_labels_of_other_rows_are_refused(table, tmp_path):
    np.save(tmp_path / "other.npy", np.zeros(5, np.int8))
    with pytest.raises(ValueError, match="labels of 6 rows"):
        with_labels(table, tmp_path / "other.npy")
