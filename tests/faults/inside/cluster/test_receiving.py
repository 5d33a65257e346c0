"""A disk that fails while a node's files arrive: the session ends in words, nothing is left."""

import hashlib

import pytest

from backend import wire
from backend.cluster.messages import FileBegins, Here, Piece, Reported, Said
from tests import messages
from tests.cluster.parts.bench import bench, storage
from tests.faults.state import files_in

__all__ = ["bench", "storage"]

CONTENT = b"model"
FILE = "model/1/m.keras"
SAID = (Here("n1"), FileBegins(FILE, 5, hashlib.sha256(CONTENT).hexdigest()), Piece(CONTENT))

PARTIAL = "*/.m.keras.*.partial"


@pytest.mark.parametrize(
    ("effect", "reason"), [("ENOSPC", "disk_full"), ("EDQUOT", "disk_full"), ("EIO", "crashed")]
)
@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("mkdir", "*/model/1"),
        ("open", PARTIAL),
        ("write", PARTIAL),
        ("fsync", PARTIAL),
        ("rename", f"*/{FILE}"),
    ],
)
def test_a_disk_that_fails_ends_the_session_in_words_and_leaves_nothing(
    faults, bench, tmp_path, call, what, effect, reason
):
    fault = faults.add(call, what, effect)
    bench.run(*SAID)
    assert fault.effects == 1
    failed, exited = bench.reports()
    assert (type(failed), failed.reason) == (wire.Failed, reason)
    assert "retry" in failed.message or reason == "crashed"
    assert isinstance(exited, wire.Exited)
    assert bench.cancelled == 1
    assert [name for name in files_in(tmp_path) if not name.startswith("faults")] == []


def test_a_file_that_is_not_whole_and_cannot_be_deleted_does_not_hold_up_the_end(
    faults, bench, tmp_path
):
    fault = faults.add("unlink", PARTIAL, "EIO")
    bench.run(*SAID[:2], Reported(wire.encode(wire.Exited())), None)
    assert fault.effects == 1
    (exited,) = bench.reports()
    assert isinstance(exited, wire.Exited)
    (left,) = (name for name in files_in(tmp_path) if not name.startswith("faults"))
    assert left.endswith(".partial")  # the next start of the server deletes it


def test_a_line_of_a_worker_that_cannot_be_printed_ends_nothing(faults, bench):
    fault = faults.add("write", "*", "ENOSPC", caller="*worker_log.print_line")
    bench.run(Here("n1"), Said(b"a line\n"), Reported(wire.encode(messages.epoch(1))), None)
    assert fault.effects == 1
    assert bench.reports()[0] == messages.epoch(1)
