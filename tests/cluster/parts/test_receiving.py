"""Files that a node sends: those of its session alone, whole, with the hash that was announced."""

import hashlib

import pytest

from backend.cluster.messages import FileBegins, Piece
from backend.cluster.receiving import Receiving, Refused
from backend.storage.layout import Storage
from tests import messages
from tests.faults.state import files_in

CONTENT = b"the state after an epoch"
CHECKPOINT = "model/checkpoints/7.4.ckpt"


@pytest.fixture
def storage(tmp_path):
    storage = Storage(tmp_path)
    storage.make_folders()
    (storage.models / "1").mkdir()
    return storage


@pytest.fixture
def receiving(storage):
    job = messages.job(session_id=7, start=4, model_file="1/m.keras")
    return Receiving(job, storage)


def begins(path=CHECKPOINT, content=CONTENT, size=None):
    return FileBegins(
        path, len(content) if size is None else size, hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize(
    "path",
    [CHECKPOINT, "model/1/m.keras", "model/1/m.json", "model/1/m.test.npy",
     "model/1/m.neighbours.npy", "model/1/m.related.npy"],
)  # fmt: skip
def test_a_file_of_the_session_is_in_its_place_with_its_last_piece(receiving, tmp_path, path):
    target = tmp_path / path
    target.write_bytes(b"before")
    receiving.begin(begins(path))
    receiving.add(Piece(CONTENT[:5]))
    assert target.read_bytes() == b"before"
    receiving.add(Piece(CONTENT[5:]))
    assert target.read_bytes() == CONTENT
    receiving.close()
    assert list(files_in(tmp_path)) == [path]


def test_a_file_without_a_byte_is_whole_at_once(receiving, tmp_path):
    receiving.begin(begins(content=b""))
    assert (tmp_path / CHECKPOINT).read_bytes() == b""


@pytest.mark.parametrize(
    "path",
    [
        "model/checkpoints/7.3.ckpt",  # of an older start
        "model/checkpoints/8.4.ckpt",  # of another session
        "model/checkpoints/7.kept.ckpt",
        "model/1/other.keras",
        "model/2/m.keras",
        "model/1/exoplanet_model.keras",
        "exotrain.db",
        "uploads/1/d.npy",
        "../outside",
        "model/1/../../exotrain.db",
        "model/checkpoints/../checkpoints/7.4.ckpt",
        "/etc/passwd",
        "",
    ],
)
def test_any_other_path_is_refused_and_nothing_is_written(receiving, tmp_path, path):
    before = files_in(tmp_path.parent)
    with pytest.raises(Refused, match="expected a file of the session"):
        receiving.begin(begins(path))
    receiving.close()
    assert files_in(tmp_path.parent) == before


@pytest.mark.parametrize(
    ("announced", "sent"),
    [
        (begins(), [b"the state of another epoch.."[: len(CONTENT)]]),
        (begins(), [CONTENT + b"more"]),
        (begins(), [CONTENT[:-1], b"!?"]),
        (begins(size=5), [CONTENT[:5]]),
    ],
)
def test_other_bytes_than_announced_leave_the_file_that_was_there(
    receiving, tmp_path, announced, sent
):
    target = tmp_path / CHECKPOINT
    target.write_bytes(b"before")
    before = files_in(tmp_path)
    receiving.begin(announced)
    for piece in sent[:-1]:
        receiving.add(Piece(piece))
    with pytest.raises(Refused, match=CHECKPOINT):
        receiving.add(Piece(sent[-1]))
    receiving.close()
    assert files_in(tmp_path) == before


def test_what_follows_a_whole_file_is_refused_and_the_file_stays(receiving, tmp_path):
    receiving.begin(begins())
    receiving.add(Piece(CONTENT))
    with pytest.raises(Refused):
        receiving.add(Piece(b"x"))
    assert (tmp_path / CHECKPOINT).read_bytes() == CONTENT


def test_a_file_that_does_not_end_leaves_nothing(receiving, tmp_path):
    receiving.begin(begins())
    receiving.add(Piece(CONTENT[:5]))
    receiving.close()
    assert files_in(tmp_path) == {}
    receiving.close()


def test_a_second_file_does_not_begin_within_the_first(receiving):
    receiving.begin(begins())
    with pytest.raises(Refused):
        receiving.begin(begins("model/1/m.keras"))
    receiving.close()


def test_a_piece_belongs_to_a_file(receiving):
    with pytest.raises(Refused, match="no file"):
        receiving.add(Piece(b"x"))
