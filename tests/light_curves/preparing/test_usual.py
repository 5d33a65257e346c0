"""What is usual in a file of views: of its own rows, or why it cannot be said."""

import numpy as np
import pytest

from backend.light_curves.preparing.usual import DamagedViews, usual_of_views
from backend.transit.columns import LABELS, ROW_DTYPE
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE

ROWS = 60


@pytest.fixture
def files(tmp_path):
    """Views of every second row; the depth is the row's position, the label goes by thirds."""
    table = np.zeros(ROWS, ROW_DTYPE)
    table["label"] = np.arange(ROWS) // 20
    views = np.zeros(ROWS // 2, VIEW_ROW_DTYPE)
    views["row"] = np.arange(0, ROWS, 2)
    views["evidence"] = np.nan
    views["evidence"][:, EVIDENCE.index("depth")] = views["row"]
    np.save(tmp_path / "table.npy", table)
    np.save(tmp_path / "views.npy", views)
    return tmp_path / "views.npy", tmp_path / "table.npy"


def test_labels_are_those_of_the_rows_that_have_views(files):
    usual = usual_of_views(*files)
    planets, others = usual["planets"], usual["false_positives"]
    assert (planets["rows"], others["rows"]) == (10, 10)
    assert LABELS[1:] == ("CONFIRMED", "FALSE POSITIVE")
    assert planets["numbers"]["depth"]["median"] == 29.0
    assert others["numbers"]["depth"]["median"] == 49.0


def test_views_of_no_row_have_nothing_usual(files):
    np.save(files[0], np.zeros(0, VIEW_ROW_DTYPE))
    assert usual_of_views(*files)["planets"]["rows"] == 0


def _cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path):
    path.write_bytes(b"")


def _other(path):
    np.save(path, np.zeros(3))


def _longer(path):
    views = np.load(path)
    views["row"][-1] = ROWS
    np.save(path, views)


def _before(path):
    views = np.load(path)
    views["row"][0] = -1
    np.save(path, views)


@pytest.mark.parametrize("damage", [_cut, _empty, _other, _longer, _before])
def test_views_that_are_not_of_this_table_are_damaged(files, damage):
    damage(files[0])
    with pytest.raises(DamagedViews, match=r"views\.npy"):
        usual_of_views(*files)


def test_a_missing_file_is_said(files):
    files[0].unlink()
    with pytest.raises(FileNotFoundError):
        usual_of_views(*files)
