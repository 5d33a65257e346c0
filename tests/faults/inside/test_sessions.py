"""Each call that a session needs in the server fails once: no event is lost, the model is kept.

The supervisor, the runner, the pipes and the database are real; the worker is a child that trains
in no time.
"""

import tempfile
import threading

import pytest

from backend.background import supervisor as supervisor_module
from backend.database import models, sessions
from tests.e2e.server import wait_for
from tests.faults import workers
from tests.faults.outcome import SECONDS, ended, is_whole
from tests.faults.state import names_in

# Of a session, from the recovery at the start of the server to the end. The copy of the current
# model is made within the last.
STATEMENTS = [
    ("BEGIN IMMEDIATE", "database is locked"),
    ("UPDATE training_sessions*", "database or disk is full"),
    ("COMMIT", "disk I/O error"),
]


@pytest.mark.parametrize(("statement", "effect"), STATEMENTS)
@pytest.mark.parametrize(
    "first", [n if n in (1, 4) else pytest.param(n, marks=pytest.mark.holds) for n in range(1, 8)]
)
def test_a_statement_that_fails_once_loses_no_event(
    faults, api, key, services, supervisor, statement, effect, first
):
    session_id = api.session(key)
    fault = faults.add("sql", statement, effect, first=first)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("sql", "INSERT OR REPLACE INTO epochs*"),
        ("sql", "INSERT INTO models*"),
        ("sql", "UPDATE workspaces*"),
        ("open", "*/.exoplanet_model.keras.*.partial"),
        ("write", "*/.exoplanet_model.keras.*.partial"),
        ("fsync", "*/.exoplanet_model.keras.*.partial"),
        ("rename", "*/exoplanet_model.keras"),
    ],
)
def test_a_model_is_kept_though_its_row_or_its_copy_cannot_be_written_at_first(
    faults, api, key, services, supervisor, call, what
):
    session_id = api.session(key)
    effect = "database or disk is full" if call == "sql" else "ENOSPC"
    fault = faults.add(call, what, effect, times=2)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 2


@pytest.mark.parametrize("effect", ["EAGAIN", "EMFILE", "ENOMEM", "memory"])
def test_a_fork_that_fails_is_tried_again(faults, api, key, services, supervisor, effect):
    session_id = api.session(key)
    fault = faults.add("fork", "*", effect, times=2)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 2


@pytest.mark.parametrize("name", ["log of worker *", "listener of worker *"])
def test_a_thread_that_cannot_be_started_is_tried_again(
    faults, api, key, services, supervisor, name
):
    supervisor.start()
    fault = faults.add("thread", name, "none", times=2)
    session_id = api.session(key)
    is_whole(api, services, session_id)
    assert fault.effects == 2


def test_a_judge_that_cannot_be_started_is_started_with_the_next_worker(
    faults, api, key, services, supervisor
):
    fault = faults.add("thread", "judge", "none", times=2)
    session_id = api.session(key)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 2
    assert "judge" in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("what", ["*/gone", "*/gone/worker-*"])
def test_a_folder_that_cannot_be_made_for_a_worker_is_tried_again(
    faults, api, key, services, supervisor, monkeypatch, tmp_path, what
):
    folder = tmp_path / "gone"  # something else has cleaned up
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    fault = faults.add("mkdir", what, "ENOSPC", times=2, caller="*ChildProcess.__init__")
    session_id = api.session(key)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 2
    wait_for(lambda: list(folder.iterdir()), lambda left: not left, SECONDS)


def test_a_fork_that_never_works_fails_the_session_in_words_and_the_next_one_trains(
    faults, api, key, services, supervisor
):
    session_id = api.session(key)
    fault = faults.add("fork", "*", "EAGAIN", times=None)
    supervisor.start()
    session = ended(api, session_id)
    assert session["status"] == "failed"
    assert "could not start" in session["error"]["message"]
    assert fault.effects > 1
    faults.clear()
    is_whole(api, services, api.session(key))


def test_a_session_that_cannot_start_is_put_back_though_the_database_fails(
    faults, api, key, services, supervisor
):
    session_id = api.session(key)
    faults.add("fork", "*", "EAGAIN")
    fault = faults.add("sql", "COMMIT", "disk I/O error", caller="*SessionStarts._put_back")
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1


@pytest.mark.parametrize("call", ["rename", "unlink"])
def test_a_checkpoint_that_cannot_be_passed_on_is_passed_on_later(
    faults, api, key, services, supervisor, call
):
    session_id = api.session(key)
    for name in (f"{session_id}.ckpt", f"{session_id}.0.ckpt"):
        (services.storage.checkpoints / name).write_bytes(b"state")
    fault = faults.add(call, "*/checkpoints/*", "EIO", caller="*Storage.pass_on_checkpoint")
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1


def test_an_event_that_cannot_be_recorded_fails_its_session_in_words(
    faults, api, key, services, supervisor
):
    session_id = api.session(key)
    faults.add("sql", "INSERT INTO models*", "memory", times=None)
    fault = faults.add("sql", "COMMIT", "database is locked", caller="*SessionEvents.give_up")
    supervisor.start()
    session = ended(api, session_id)
    assert session["status"] == "failed"
    assert "could not be recorded" in session["error"]["message"]
    assert fault.effects == 1
    assert [name for name in names_in(services.storage.models) if name.endswith(".keras")]
    faults.clear()
    assert ended(api, api.session(key))["status"] == "completed"


@pytest.mark.parametrize(
    ("effect", "times", "until"),
    [("EIO", None, "until the server is started again"), ("ENOMEM", 2, "stays. Retry")],
)
def test_a_model_that_can_be_neither_recorded_nor_renamed_is_named_as_it_is(
    faults, api, key, services, supervisor, effect, times, until
):
    session_id = api.session(key)
    faults.add("sql", "INSERT INTO models*", "memory", times=None)
    caller = "*Storage.set_aside_model"
    fault = faults.add("rename", "*.unrecorded.keras", effect, times=times, caller=caller)
    supervisor.start()
    message = ended(api, session_id)["error"]["message"]
    assert fault.effects == (times or 1)
    assert until in message
    named = message.partition("Its file, ")[2].partition(" in the data folder")[0]
    assert (services.settings.data_dir / named).read_bytes() == workers.MODEL
    faults.clear()
    assert ended(api, api.session(key))["status"] == "completed"


def test_a_queue_that_begins_again_takes_back_its_sessions(
    faults, api, key, services, supervisor, monkeypatch
):
    monkeypatch.setattr(supervisor_module, "_RESTART_SECONDS", 0.05)
    session_id = api.session(key)
    running, failures = supervisor._running, []
    forward = running.forward_requests

    def fail_once():
        if running and not failures:
            running._running.clear()  # as if the runner had not been heard of
            failures.append(1)
            raise KeyboardInterrupt
        forward()

    monkeypatch.setattr(running, "forward_requests", fail_once)
    fault = faults.add("sql", "COMMIT", "disk I/O error", caller="*SessionStarts.reclaim")
    supervisor.start()
    is_whole(api, services, session_id)
    assert (len(failures), fault.effects) == (1, 1)


def test_a_session_that_cannot_start_can_be_cancelled(faults, api, key, services, supervisor):
    session_id = api.session(key)
    fault = faults.add("fork", "*", "EAGAIN", times=None)
    supervisor.start()
    wait_for(lambda: fault.effects, bool, SECONDS)
    api.post(f"/api/training/session/{session_id}/cancel")
    assert ended(api, session_id)["status"] == "cancelled"


@pytest.mark.parametrize("effect", ["EPIPE", "EIO"])
def test_a_job_that_cannot_be_sent_is_sent_to_another_worker(
    faults, api, key, services, supervisor, effect
):
    session_id = api.session(key)
    fault = faults.add("pipe", '*"kind":"train"*', effect)
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("first", [1, 2])
def test_a_pipe_that_cannot_be_read_ends_the_worker_and_not_the_session(
    faults, api, key, services, supervisor, first
):
    session_id = api.session(key)
    fault = faults.add("pipe", "read", "EIO", first=first, caller="*ChildProcess.events")
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1


def test_a_log_of_a_worker_that_cannot_be_read_ends_nothing(
    faults, api, key, services, supervisor, caplog
):
    session_id = api.session(key)
    fault = faults.add("pipe", "read", "EIO", caller="*worker_log._copy")
    supervisor.start()
    is_whole(api, services, session_id)
    assert fault.effects == 1
    assert "output cannot be read" in caplog.text


def test_files_that_cannot_be_deleted_do_not_hold_up_the_end_of_a_session(
    faults, api, key, services, supervisor
):
    first, second = api.session(key), api.session(key)
    for session_id in (first, second):
        (services.storage.checkpoints / f"{session_id}.ckpt").write_bytes(b"state")
    fault = faults.add("unlink", "*/checkpoints/*", "EIO", times=None)
    supervisor.start()
    assert ended(api, first)["status"] == "completed"
    assert ended(api, second)["status"] == "completed"
    assert fault.effects > 0
    with services.database.read() as connection:
        assert models.of_session(connection, first) is not None
        assert sessions.count(connection, "training") == 0


def test_a_commit_that_hangs_makes_writers_wait_and_readers_not(
    faults, api, key, services, supervisor
):
    fault = faults.add("sql", "COMMIT", "hang", caller="*supervisor*")
    supervisor.start()
    wait_for(lambda: fault.effects, bool, SECONDS)
    assert api.get("/api/health")["status"]
    answer = api.post("/api/workspaces", None, json={"name": "late"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    fault.release()
    is_whole(api, services, api.session(key))
