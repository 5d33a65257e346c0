"""The end of a session: its files, and what a disk that fails does to it."""

import errno

import pytest

from backend.background import session_end
from tests import messages
from tests.background.bench import START, files


def test_files_that_cannot_be_removed_do_not_undo_an_end(bench, events, second_start, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(type(bench.storage), "remove_unfinished", refuse)
    session_id = second_start()
    events.record(session_id, START, messages.failed())
    assert bench.row(session_id)["status"] == "failed"


@pytest.mark.parametrize(
    ("error", "ends"), [(OSError(errno.EIO, "no"), True), (OSError(errno.ENOMEM, "no"), False)]
)
def test_epochs_that_cannot_be_put_aside_do_not_prevent_the_end_unless_they_may_be_later(
    bench, events, second_start, monkeypatch, error, ends
):
    def refuse(*_):
        raise error

    session_id = second_start()
    monkeypatch.setattr(type(bench.storage), "keep_checkpoint", refuse)
    if ends:
        events.record(session_id, START, messages.failed())
        row = bench.row(session_id)
        assert (row["status"], row["checkpoint_bytes"]) == ("failed", None)
    else:
        with pytest.raises(OSError, match="no"):
            events.record(session_id, START, messages.failed())
        assert bench.row(session_id)["status"] == "training"


def test_a_session_without_finished_epochs_ends_although_no_folder_can_be_read(
    bench, events, second_start, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.EMFILE, "no")

    session_id = second_start()
    bench.storage.remove_checkpoint(session_id)
    monkeypatch.setattr(type(bench.storage), "newest_checkpoint", refuse)
    events.record(session_id, START, messages.failed())
    row = bench.row(session_id)
    assert (row["status"], row["checkpoint_bytes"]) == ("failed", None)


def test_the_next_start_removes_files_of_ended_sessions_and_models_that_no_row_names(
    bench, second_start
):
    ended, training = second_start(status="cancelled"), second_start()
    stranger = bench.storage.checkpoint(99, 1)
    stranger.write_bytes(b"state")
    session_end.remove_leftovers(bench.database, bench.storage)
    assert files(bench, ended) == (False, False, False)
    assert files(bench, training) == (True, False, True)
    assert stranger.exists()


def test_leftovers_that_cannot_be_removed_do_not_prevent_the_start(
    bench, second_start, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.EIO, "no")

    session_id = second_start(status="cancelled")
    monkeypatch.setattr(type(bench.storage), "remove_checkpoint", refuse)
    session_end.remove_leftovers(bench.database, bench.storage)
    assert files(bench, session_id)[0]
