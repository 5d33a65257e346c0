"""Each call on the way of a failed session's epochs to a model fails: none is lost, others train.

As in `test_sessions`, everything is real but the worker.
"""

import pytest

from backend.background import worker_process
from backend.database import models, sessions
from backend.services.leftovers import remove_leftovers
from tests import messages
from tests.api import fail
from tests.e2e.server import wait_for
from tests.faults import workers
from tests.faults.outcome import SECONDS, ended, has_one_model
from tests.faults.state import names_in

LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def failed(api, key, services):
    """A failed session with two finished epochs."""
    session_id = api.session(key)
    fail(services, session_id)
    return session_id


def change(services, session_id, **values):
    with services.database.write() as connection:
        sessions.change(connection, session_id, **values)


def row(services, session_id):
    with services.database.read() as connection:
        return sessions.find(connection, session_id)


def keep(api, session_id):
    api.post(f"/api/training/session/{session_id}/keep", 202)


def until_over(api, session_id):
    """The session, once its keep has ended."""
    return wait_for(
        lambda: api.get(f"/api/training/session/{session_id}")["session"],
        lambda session: session["request"] is None,
        SECONDS,
    )


def is_kept(api, services, session_id):
    """Its best epoch is the only model, and nothing else of it is left."""
    session = until_over(api, session_id)
    assert session["error"]["keep_error"] is None
    assert (session["status"], session["checkpoint_bytes"]) == ("failed", None)
    has_one_model(services, session_id)


# The end of a session that fails


@pytest.mark.parametrize(
    ("call", "what", "effect", "is_lost"),
    [
        ("rename", "*.kept.ckpt", "EIO", True),
        ("rename", "*.kept.ckpt", "ENOMEM", False),
        ("fsync", "*/checkpoints", "EIO", False),
        ("open", "*/checkpoints", "EIO", False),
        ("open", "*/checkpoints", "EMFILE", False),
    ],
)
def test_a_session_fails_in_its_own_words_though_its_epochs_cannot_be_put_aside(
    faults, api, key, services, supervisor, monkeypatch, call, what, effect, is_lost
):
    said = [*workers.events()[:4], messages.failed()]
    command = workers.command(str(services.storage.models), said)
    with monkeypatch.context() as during:
        during.setattr(worker_process, "_command", lambda *_arguments: command)
        session_id = api.session(key)
        (services.storage.checkpoints / f"{session_id}.ckpt").write_bytes(b"state")
        fault = faults.add(call, what, effect, caller="*Storage.keep_checkpoint")
        supervisor.start()
        session = ended(api, session_id)
    assert fault.effects == 1
    assert (session["status"], session["error"]["message"]) == ("failed", "no")
    assert session["checkpoint_bytes"] == (None if is_lost else len(b"state"))
    left = set() if is_lost else {f"checkpoints/{session_id}.kept.ckpt"}
    wait_for(lambda: names_in(services.storage.models), lambda found: found == left, SECONDS)
    if not is_lost:
        keep(api, session_id)
        is_kept(api, services, session_id)


# A session that trains on


def test_a_session_that_takes_back_its_epochs_later_goes_on(faults, api, key, services, supervisor):
    session_id = api.session(key)
    services.storage.kept_checkpoint(session_id).write_bytes(b"state")
    caller = "*Storage.take_back_checkpoint"
    fault = faults.add("rename", "*.ckpt", "EIO", times=2, caller=caller)
    supervisor.start()
    assert ended(api, session_id)["status"] == "completed"
    assert fault.effects == 2
    has_one_model(services, session_id)


def test_a_session_that_can_never_take_them_back_fails_with_them_and_others_train(
    faults, api, key, services, supervisor
):
    session_id = api.session(key)
    services.storage.kept_checkpoint(session_id).write_bytes(b"state")
    caller = "*Storage.take_back_checkpoint"
    faults.add("rename", "*.ckpt", "EIO", times=None, caller=caller)
    other = api.session(key)
    supervisor.start()
    assert ended(api, other)["status"] == "completed"
    session = ended(api, session_id)
    assert session["status"] == "failed"
    assert "could not start" in session["error"]["message"]
    assert session["checkpoint_bytes"] == len(b"state")
    assert services.storage.kept_checkpoint(session_id).read_bytes() == b"state"


# A keep

STATEMENTS = [
    ("BEGIN IMMEDIATE", "database is locked"),
    ("UPDATE training_sessions*", "database or disk is full"),
    ("COMMIT", "disk I/O error"),
]


@pytest.mark.parametrize(("statement", "effect"), STATEMENTS)
def test_a_keep_that_cannot_be_taken_from_the_queue_at_first_is_taken_later(
    faults, api, services, supervisor, failed, statement, effect
):
    keep(api, failed)
    fault = faults.add("sql", statement, effect, times=2, caller="*Keeping.take")
    supervisor.start()
    is_kept(api, services, failed)
    assert fault.effects == 2
    assert row(services, failed)["starts"] == 1


@pytest.mark.parametrize("step", ["Keeping", "SessionStarts"])  # the second comes after a commit
@pytest.mark.parametrize(("statement", "effect"), [STATEMENTS[0], STATEMENTS[2]])
def test_a_keep_that_a_restart_interrupted_counts_it_once(
    faults, api, services, supervisor, failed, step, statement, effect
):
    keep(api, failed)
    change(services, failed, stage="evaluating")
    fault = faults.add("sql", statement, effect, times=4, caller=f"*{step}.recover")
    supervisor.start()
    is_kept(api, services, failed)
    assert fault.effects == 4
    assert row(services, failed)["starts_without_epoch"] == 1


@pytest.mark.parametrize(("statement", "effect"), STATEMENTS)
def test_a_keep_without_a_worker_whose_end_cannot_be_recorded_is_tried_again(
    faults, api, services, supervisor, failed, statement, effect
):
    keep(api, failed)
    faults.add("fork", "*", "EAGAIN")
    fault = faults.add("sql", statement, effect, caller="*Keeping.has_failed")
    supervisor.start()
    is_kept(api, services, failed)
    assert fault.effects == 1


def test_a_keep_that_never_has_a_worker_says_so_and_can_be_tried_again(
    faults, api, services, supervisor, failed
):
    keep(api, failed)
    faults.add("fork", "*", "EAGAIN", times=None)
    fault = faults.add("sql", "COMMIT", "disk I/O error", times=2, caller="*Keeping.has_failed")
    supervisor.start()
    session = until_over(api, failed)
    assert fault.effects == 2
    assert "No worker could be started" in session["error"]["keep_error"]
    assert session["checkpoint_bytes"] is not None
    faults.clear()
    keep(api, failed)
    is_kept(api, services, failed)


# Epochs that nobody needs any more


def test_epochs_whose_time_is_over_go_with_their_row_or_not_at_all(
    faults, api, services, supervisor, failed
):
    change(services, failed, completed_at=LONG_AGO)
    fault = faults.add("sql", "COMMIT", "disk I/O error", times=None, caller="*Keeping.remove_old")
    supervisor.start()
    wait_for(lambda: fault.effects, lambda effects: effects > 1, SECONDS)
    assert services.storage.kept_checkpoint(failed).exists()
    faults.clear()
    wait_for(services.storage.kept_checkpoint(failed).exists, lambda there: not there, SECONDS)
    assert row(services, failed)["checkpoint_bytes"] is None


@pytest.mark.parametrize("reason", ["kept", "too old", "unknown to the row"])
def test_epochs_that_cannot_be_deleted_hold_up_nothing(
    faults, api, key, services, supervisor, failed, caplog, reason
):
    if reason == "kept":
        keep(api, failed)
    elif reason == "too old":
        change(services, failed, completed_at=LONG_AGO)
    else:
        change(services, failed, checkpoint_bytes=None)
    fault = faults.add(
        "unlink", "*.kept.ckpt", "EIO", times=None, caller="*Storage.remove_kept_checkpoint"
    )
    supervisor.start()
    assert ended(api, api.session(key))["status"] == "completed"
    wait_for(lambda: fault.effects, bool, SECONDS)
    wait_for(lambda: caplog.text, lambda text: "stay for now" in text, SECONDS)
    assert until_over(api, failed)["checkpoint_bytes"] is None
    with services.database.read() as connection:
        assert (models.of_session(connection, failed) is not None) == (reason == "kept")
    assert services.troubles.current() == []
    assert fault.effects == 1
    supervisor.close()
    faults.clear()
    remove_leftovers(services.database, services.storage)
    assert not services.storage.kept_checkpoint(failed).exists()
