"""Faults while sessions are recorded and started: no event is lost, no saved model, no cancel."""

import errno
import hashlib
import random
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from backend import wire
from backend.background import attempts, current_copies, keeping, session_starts
from backend.background import supervisor as module
from backend.background.session_events import SessionEvents
from backend.background.supervisor import SupervisorEnded
from backend.database import connection as connection_module
from backend.database import finished_epochs, models, sessions
from backend.storage.layout import Storage
from tests import messages
from tests.background.bench import ToldRunner, wait_until_gone
from tests.e2e.server import wait_for

CRASHED = wire.Exited(message="It ended.", may_retry=True)

PROMISED_STOP_SECONDS = 10


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The same attempts, with shorter pauses."""
    monkeypatch.setattr(attempts, "DATABASE_SECONDS", 0.02)
    monkeypatch.setattr(module, "_EVENT_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "_RESTART_SECONDS", 0.01)
    monkeypatch.setattr(session_starts, "START_PAUSES", (0.05, 0.05, 0.05))
    monkeypatch.setattr(current_copies, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(connection_module, "LOCK_SECONDS", 0.05)


@pytest.fixture
def training(bench):
    """Starts a supervisor with one session in training, which has a checkpoint and a model file."""

    def train(**values):
        session_id = bench.session(bench.workspace(), **values)
        runner = bench.start()
        bench.wait(session_id, "training")
        bench.storage.checkpoint(session_id, 1).write_bytes(b"state")
        return session_id, runner, bench.model_file(session_id)

    return train


def fail_times(monkeypatch, place, name, error, times=1):
    """Let the first calls of a function fail."""
    right, failed = getattr(place, name), []

    def fail(*arguments, **named):
        if len(failed) < times:
            failed.append(arguments)
            raise error
        return right(*arguments, **named)

    monkeypatch.setattr(place, name, fail)
    return failed


# A database that cannot be written


def test_a_model_saved_while_the_database_is_busy_is_kept(bench, training, caplog):
    session_id, runner, file = training()
    with bench.locked():
        runner.report(session_id, 1, messages.epoch(1))
        runner.report(session_id, 1, messages.saved())
        runner.report(session_id, 1, wire.Exited())
        wait_for(lambda: caplog.text.count("cannot be written"), lambda count: count > 2, 10)
        wait_for(bench.reasons, lambda reasons: reasons == ["database"], 10)
    bench.wait(session_id, "completed")
    assert bench.model(session_id)["sha256"] == messages.saved().sha256
    assert file.read_bytes() == b"model"
    assert bench.history(session_id) == [1]
    wait_until_gone(bench.storage.checkpoint(session_id, 1))
    wait_for(bench.reasons, lambda reasons: reasons == [], 10)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("UPDATE", {}, Exception("database is locked")),
        OperationalError("UPDATE", {}, Exception("database or disk is full")),
        MemoryError(),
        RuntimeError("something of ours"),
    ],
    ids=["locked", "full", "memory", "ours"],
)
def test_an_event_that_fails_in_the_middle_is_recorded_whole(bench, training, monkeypatch, error):
    session_id, runner, _file = training()
    failed = fail_times(monkeypatch, finished_epochs, "forget_after", error, times=2)
    history = (messages.epoch(1), messages.epoch(2))
    runner.report(session_id, 1, messages.started(resumed_from_epoch=2, history=history))
    wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "learning", 10)
    assert len(failed) == 2
    assert bench.history(session_id) == [1, 2]
    assert bench.row(session_id)["training"]["resumed_from_epoch"] == 2


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("of ours"), OSError("any")], ids=str)
def test_a_model_is_kept_and_its_checkpoint_until_then_whatever_fails_while_it_is_recorded(
    bench, training, monkeypatch, error
):
    session_id, runner, file = training()
    seen = []
    end = sessions.end

    def look(*arguments):
        seen.append(bench.storage.checkpoint(session_id, 1).exists())
        if len(seen) < 3:
            raise error
        end(*arguments)

    monkeypatch.setattr(sessions, "end", look)
    runner.report(session_id, 1, messages.saved())
    runner.report(session_id, 1, wire.Exited())
    bench.wait(session_id, "completed")
    assert seen == [True, True, True]
    assert bench.model(session_id) is not None
    assert file.exists()
    wait_until_gone(bench.storage.checkpoint(session_id, 1))


def test_a_model_that_cannot_be_recorded_at_all_fails_its_session_in_words_and_stays(
    bench, training, monkeypatch
):
    session_id, runner, file = training()
    fail_times(monkeypatch, models, "create", RuntimeError("no"), times=100)
    runner.report(session_id, 1, messages.saved())
    runner.report(session_id, 1, wire.Exited())
    error = bench.wait(session_id, "failed")["error"]
    assert error["reason"] == "crashed"
    file = file.with_name(f"{file.stem}.unrecorded.keras")  # no start takes it for a leftover
    assert f"model/{file.parent.name}/{file.name}" in error["message"]
    assert "RuntimeError: no" in error["message"]
    bench.supervisor.close()
    next_one = bench.session(bench.workspace())
    bench.start()
    bench.wait(next_one, "training")
    assert file.exists()


def test_an_event_that_cannot_be_recorded_at_all_fails_its_session_and_no_other(
    bench, training, monkeypatch
):
    session_id, runner, file = training()
    other = bench.session(bench.workspace())
    change = sessions.change

    def refuse(connection, changed, **values):
        if values.get("stage") == "evaluating":
            raise RuntimeError("no")
        change(connection, changed, **values)

    monkeypatch.setattr(sessions, "change", refuse)
    runner.report(session_id, 1, wire.Stage(stage="evaluating"))
    assert "RuntimeError: no" in bench.wait(session_id, "failed")["error"]["message"]
    wait_for(lambda: runner.requests, lambda made: made == [(session_id, "cancel")], 10)
    runner.report(session_id, 1, wire.Exited())
    bench.wait(other, "training")
    wait_until_gone(file)


def test_a_session_that_cannot_even_be_failed_ends_with_its_worker_and_the_queue_lives_on(
    bench, training, monkeypatch
):
    session_id, runner, _ = training()
    other = bench.session(bench.workspace())
    record, refused = SessionEvents.record, []

    def refuse(events, *reported):
        if isinstance(reported[2], wire.Stage):
            refused.append(reported)
            raise RuntimeError("no")
        record(events, *reported)

    monkeypatch.setattr(SessionEvents, "record", refuse)
    monkeypatch.setattr(SessionEvents, "give_up", refuse)
    runner.report(session_id, 1, wire.Stage(stage="evaluating"))
    wait_for(lambda: runner.requests, lambda made: made == [(session_id, "cancel")], 10)
    tries = len(module._EVENT_PAUSES) + 2  # the last one is to give it up
    assert len(refused) == tries
    runner.report(session_id, 1, wire.Exited(message="It ended."))
    assert bench.wait(session_id, "failed")["error"]["message"] == "It ended."
    bench.wait(other, "training")
    assert len(refused) == tries


@pytest.mark.parametrize("failing", ["end", "change"])
def test_what_the_queue_itself_writes_is_written_when_the_database_refuses_at_first(
    bench, monkeypatch, failing
):
    locked = OperationalError("UPDATE", {}, Exception("database is locked"))
    failed = fail_times(monkeypatch, sessions, failing, locked)
    place = bench.workspace()
    unreadable = bench.session(place, {**messages.SPEC, "epohcs": 3})
    readable = bench.session(place)
    bench.start()
    assert "epohcs" in bench.wait(unreadable, "failed")["error"]["message"]
    bench.wait(readable, "training")
    assert failed


# The copy of the current model


def test_a_copy_that_cannot_be_written_neither_loses_nor_delays_the_model(bench, training):
    session_id, runner, file = training()
    current = bench.storage.current_model(bench.row(session_id)["workspace_id"])
    current.mkdir()
    runner.report(session_id, 1, messages.saved())
    runner.report(session_id, 1, wire.Exited())
    bench.wait(session_id, "completed")
    assert file.read_bytes() == b"model"
    assert bench.model(session_id)["id"] == bench.announced[0]["id"]
    wait_for(bench.reasons, lambda reasons: reasons == ["current_copy"], 10)
    current.rmdir()
    wait_for(current.exists, bool, 10)
    wait_for(bench.reasons, lambda reasons: reasons == [], 10)
    assert current.read_bytes() == b"model"


def test_the_copy_that_is_tried_again_is_of_the_model_that_is_current_by_then(bench, training):
    session_id, runner, _file = training()
    workspace_id = bench.row(session_id)["workspace_id"]
    current = bench.storage.current_model(workspace_id)
    current.mkdir()
    runner.report(session_id, 1, messages.saved())
    bench.wait(session_id, "completed")
    other = f"{workspace_id}/other.keras"
    bench.storage.model(other).write_bytes(b"other")
    sha256 = hashlib.sha256(b"other").hexdigest()
    with bench.database.write() as connection:
        values = {"name": "o", "file": other, "sha256": sha256, "file_size": 5, "manifest": {}}
        promoted = models.create(connection, workspace_id, session_id=None, **values)
        models.promote(connection, promoted, by_hand=True)
    current.rmdir()
    wait_for(current.exists, bool, 10)
    assert current.read_bytes() == b"other"


# Cancel


def test_a_cancel_that_comes_right_after_the_session_was_read_is_not_forgotten(
    bench, training, monkeypatch
):
    session_id, runner, _file = training()
    answers, cancels = [], []
    find = sessions.find

    def find_and_be_overtaken(*arguments):
        found = find(*arguments)
        if threading.current_thread() is bench.supervisor._thread and not cancels:
            cancel = threading.Thread(
                target=lambda: answers.append(bench.request(session_id, "cancel"))
            )
            cancels.append(cancel)
            cancel.start()
            cancel.join(0.3)  # long enough, unless it has to wait for its turn to write
        return found

    monkeypatch.setattr(sessions, "find", find_and_be_overtaken)
    runner.report(session_id, 1, messages.saved())
    ended = lambda row: row["status"] in sessions.ENDED  # noqa: E731
    row = wait_for(lambda: bench.row(session_id), ended, 10)
    cancels[0].join(10)
    assert row["status"] == ("cancelled" if answers == [True] else "completed")


def test_of_many_races_of_a_cancel_with_the_end_none_ends_against_what_was_answered(bench):
    place = bench.workspace()
    runner = bench.start()
    chance = random.Random(7)
    for _ in range(40):
        session_id = bench.session(place)
        bench.supervisor.notify()
        bench.wait(session_id, "training")
        bench.model_file(session_id)
        reads = chance.randrange(20)
        runner.report(session_id, 1, messages.saved())
        for _ in range(reads):  # the moment of the cancel
            bench.row(session_id)
        is_accepted = bench.request(session_id, "cancel")
        runner.report(session_id, 1, wire.Exited())
        bench.wait(session_id, "cancelled" if is_accepted else "completed")
        assert (bench.model(session_id) is None) == is_accepted


@pytest.mark.parametrize(
    "end",
    [messages.saved(), messages.failed(), wire.Exited(), CRASHED, wire.Cancelled()],
    ids=lambda event: event.event,
)
def test_a_session_whose_cancel_was_accepted_ends_as_cancelled_and_keeps_nothing(
    bench, training, end
):
    session_id, runner, file = training()
    assert bench.request(session_id, "cancel")
    runner.report(session_id, 1, end)
    bench.wait(session_id, "cancelled")
    wait_until_gone(file)
    wait_until_gone(bench.storage.checkpoint(session_id, 1))
    assert bench.model(session_id) is None


# Crashes and older starts


def test_a_crashed_session_goes_on_once_from_its_checkpoint_then_fails_in_words(bench, training):
    session_id, runner, file = training()
    first_file = bench.row(session_id)["model_file"]
    runner.report(session_id, 1, CRASHED)
    wait_for(lambda: runner.started(session_id), lambda starts: starts == [1, 2], 10)
    assert bench.storage.checkpoint(session_id, 2).read_bytes() == b"state"
    assert not bench.storage.checkpoint(session_id, 1).exists()
    assert not file.exists()
    assert bench.row(session_id)["model_file"] != first_file
    runner.report(session_id, 2, CRASHED)
    error = bench.wait(session_id, "failed")["error"]
    assert error["reason"] == "crashed"
    assert error["message"].startswith("It ended. It had ended so once before")
    assert runner.started(session_id) == [1, 2]
    wait_until_gone(bench.storage.checkpoint(session_id, 2))


def test_a_stop_that_was_accepted_reaches_the_worker_of_the_next_start_too(bench, training):
    session_id, runner, _file = training()
    assert bench.request(session_id, "stop")
    wait_for(lambda: runner.requests, bool, 10)
    runner.report(session_id, 1, CRASHED)
    expected = [(session_id, "stop"), (session_id, "stop")]
    wait_for(lambda: runner.requests, lambda made: made == expected, 10)


def test_what_an_older_start_reports_changes_nothing(bench, training):
    session_id, runner, _file = training()
    runner.report(session_id, 1, CRASHED)
    wait_for(lambda: runner.started(session_id), lambda starts: starts == [1, 2], 10)
    file = bench.model_file(session_id)
    late = [messages.epoch(3), wire.Stage(stage="evaluating"), messages.saved(), wire.Exited()]
    for event in [*late, wire.Cancelled(), messages.failed()]:
        runner.report(session_id, 1, event)
    runner.report(session_id, 2, messages.epoch(1))
    wait_for(lambda: bench.history(session_id), bool, 10)
    row = bench.row(session_id)
    assert (row["status"], row["stage"], row["epochs_completed"]) == ("training", "preparing", 1)
    assert bench.history(session_id) == [1]
    runner.report(session_id, 2, messages.saved())
    bench.wait(session_id, "completed")
    assert file.exists()


def test_a_session_of_0_3_0_goes_on_from_its_checkpoint(bench):
    left = bench.session(bench.workspace(), status="training", model_file="1/m_20260101.keras")
    (bench.storage.checkpoints / f"{left}.ckpt").write_bytes(b"state of 0.3.0")
    runner = bench.start()
    wait_for(lambda: runner.started(left), lambda starts: starts == [1], 10)
    assert bench.storage.checkpoint(left, 1).read_bytes() == b"state of 0.3.0"
    assert [path.name for path in bench.storage.checkpoints.iterdir()] == [f"{left}.1.ckpt"]


def test_three_restarts_without_a_new_epoch_end_a_session_that_had_epochs_before(bench, training):
    session_id, runner, _file = training()
    runner.report(session_id, 1, messages.epoch(1))
    runner.report(session_id, 1, messages.epoch(2))
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1, 2], 10)
    history = (messages.epoch(1), messages.epoch(2))
    for start in (2, 3):
        bench.supervisor.close()
        runner = bench.start()
        wait_for(lambda runner=runner: runner.started(session_id), bool, 10)
        started = messages.started(resumed_from_epoch=2, history=history)
        runner.report(session_id, start, started)
        wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "learning", 10)
    bench.supervisor.close()
    bench.start()
    assert bench.wait(session_id, "failed")["error"]["reason"] == "interrupted"


# Starts that fail

SHORTAGES = [
    OSError(errno.EAGAIN, "Resource temporarily unavailable"),
    RuntimeError("can't start new thread"),
    MemoryError("no memory"),
    ImportError("libtensorflow.so is missing"),
]


@pytest.mark.parametrize("error", SHORTAGES, ids=type)
def test_a_session_that_cannot_start_waits_and_is_tried_again_while_others_start(
    bench, monkeypatch, error
):
    monkeypatch.setattr(session_starts, "START_PAUSES", (0.5, 0.05, 0.05))
    fail_times(monkeypatch, ToldRunner, "start", error, times=1)
    place = bench.workspace()
    refused, other = bench.session(place), bench.session(place)
    runner = bench.start(trainings=1)
    bench.wait(other, "training")
    row = bench.row(refused)
    assert (row["status"], row["starts"], row["error"]) == ("pending", 1, None)
    runner.report(other, 1, messages.failed())
    runner.report(other, 1, wire.Exited())
    wait_for(lambda: runner.started(refused), lambda starts: starts == [2], 10)
    bench.wait(refused, "training")


@pytest.mark.parametrize("error", SHORTAGES, ids=type)
def test_a_session_that_can_never_start_fails_in_words_and_health_says_so_meanwhile(
    bench, monkeypatch, error
):
    failed = fail_times(monkeypatch, ToldRunner, "start", error, times=4)
    session_id = bench.session(bench.workspace())
    bench.start()
    wait_for(bench.reasons, lambda reasons: reasons == ["workers"], 10)
    found = bench.wait(session_id, "failed")["error"]
    assert found["reason"] == "crashed"
    assert "could not start in 4 attempts" in found["message"]
    assert str(error) in found["message"]
    assert len(failed) == 4
    bench.session(bench.workspace())
    bench.supervisor.notify()
    wait_for(bench.reasons, lambda reasons: reasons == [], 10)


def test_a_session_that_waits_for_its_next_attempt_can_be_cancelled(bench, monkeypatch):
    monkeypatch.setattr(session_starts, "START_PAUSES", (600.0,))
    fail_times(monkeypatch, ToldRunner, "start", SHORTAGES[0])
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    wait_for(lambda: bench.row(session_id)["starts"], lambda starts: starts == 1, 10)
    bench.wait(session_id, "pending")
    with bench.database.write() as connection:
        sessions.end(connection, session_id, "cancelled")
    other = bench.session(bench.workspace())
    bench.supervisor.notify()
    bench.wait(other, "training")
    assert bench.row(session_id)["status"] == "cancelled"
    assert runner.started(session_id) == []


def test_a_cancel_of_a_session_that_is_being_started_is_carried_out_if_it_cannot_start(
    bench, monkeypatch
):
    def refuse(_runner, job):
        with bench.database.write() as connection:
            sessions.change(connection, job.session_id, request="cancel")
        raise SHORTAGES[0]

    monkeypatch.setattr(ToldRunner, "start", refuse)
    session_id = bench.session(bench.workspace())
    bench.start()
    bench.wait(session_id, "cancelled")


def test_a_session_that_cannot_start_is_put_back_though_the_database_refuses_at_first(
    bench, monkeypatch
):
    fail_times(monkeypatch, ToldRunner, "start", SHORTAGES[0])
    change, refused = sessions.change, []

    def refuse_once(connection, session_id, **values):
        if values == {"status": "pending"} and not refused:
            refused.append(session_id)
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        change(connection, session_id, **values)

    monkeypatch.setattr(sessions, "change", refuse_once)
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    wait_for(lambda: runner.started(session_id), lambda starts: starts == [2], 10)
    assert refused == [session_id]


def test_a_session_whose_checkpoint_cannot_be_moved_waits_and_is_tried_again(bench, monkeypatch):
    place = bench.workspace()
    stuck, other = bench.session(place), bench.session(place)
    for name in (f"{stuck}.ckpt", f"{stuck}.1.ckpt"):
        (bench.storage.checkpoints / name).mkdir()  # the older one cannot be removed like a file
    monkeypatch.setattr(session_starts, "START_PAUSES", (0.5, 600.0))
    bench.start(trainings=1)
    bench.wait(other, "training")
    assert bench.row(stuck)["status"] == "pending"


@pytest.mark.parametrize("error", SHORTAGES, ids=type)
def test_a_warm_worker_that_cannot_be_started_does_not_end_the_queue(
    bench, monkeypatch, caplog, error
):
    def refuse(_runner):
        raise error

    monkeypatch.setattr(ToldRunner, "keep_warm", refuse)
    first = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(first, "training")
    wait_for(bench.reasons, lambda reasons: reasons == ["workers"], 10)
    runner.report(first, 1, messages.failed())
    bench.wait(first, "failed")
    assert str(error) in caplog.text


def test_a_step_that_fails_is_said_and_keeps_no_session_from_its_start(bench, monkeypatch):
    fail_times(monkeypatch, current_copies.CurrentCopies, "retry", RuntimeError("of ours"))
    session_id = bench.session(bench.workspace())
    bench.start()
    wait_for(bench.reasons, lambda reasons: reasons == ["supervisor"], 10)
    bench.wait(session_id, "training")


@pytest.mark.parametrize(
    ("place", "name", "code", "pause", "times"),
    [
        (ToldRunner, "start", "workers", module.START_PAUSES[-1], 2),
        (ToldRunner, "keep_warm", "workers", module._WARM_SECONDS, 2),
        (current_copies.CurrentCopies, "retry", "supervisor", module.DATABASE_SECONDS, 10),
    ],
)
def test_what_does_not_work_is_said_for_longer_than_until_it_is_tried_again(
    bench, monkeypatch, place, name, code, pause, times
):
    notes = []
    monkeypatch.setattr(bench.troubles, "note", lambda *noted: notes.append(noted))
    fail_times(monkeypatch, place, name, RuntimeError("of ours"))
    session_id = bench.session(bench.workspace())
    bench.start()
    bench.wait(session_id, "training")
    wait_for(lambda: notes, bool, 10)
    assert notes == [(code, times * pause)]


def test_the_rows_and_the_files_are_put_in_order_once_at_a_start(bench, training, monkeypatch):
    put_in_order = []
    monkeypatch.setattr(module, "remove_leftovers", lambda *_: put_in_order.append("files"))
    reclaim = session_starts.SessionStarts.reclaim
    monkeypatch.setattr(
        session_starts.SessionStarts,
        "reclaim",
        lambda *given: put_in_order.append("rows") or reclaim(*given),
    )
    session_id, runner, _file = training()
    for epoch in (1, 2, 3):
        runner.report(session_id, 1, messages.epoch(epoch))
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1, 2, 3], 10)
    assert put_in_order == ["files"]


# The thread


class Escaped(BaseException):
    """What no handler catches, as an error in a handler of errors would be."""


def test_an_error_that_nothing_caught_restarts_the_queue_and_loses_no_message(
    bench, training, monkeypatch
):
    session_id, runner, _file = training()
    failed = fail_times(monkeypatch, finished_epochs, "add", Escaped(), times=3)
    runner.report(session_id, 1, messages.epoch(1))
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1], 10)
    assert len(failed) == 3
    assert bench.reasons() == ["supervisor"]
    bench.supervisor.check()
    assert bench.row(session_id)["status"] == "training"
    assert runner.started(session_id) == [1]


def test_a_queue_that_gets_on_between_its_errors_is_restarted_without_end(
    bench, training, monkeypatch
):
    session_id, runner, _file = training()
    add_epoch = finished_epochs.add
    seen = set()

    def fail_once_each(connection, session, epoch, metrics):
        if epoch not in seen:
            seen.add(epoch)
            raise Escaped
        add_epoch(connection, session, epoch, metrics)

    monkeypatch.setattr(finished_epochs, "add", fail_once_each)
    epochs = list(range(1, module.MAX_RESTARTS + 3))
    for epoch in epochs:
        runner.report(session_id, 1, messages.epoch(epoch))
    wait_for(lambda: bench.history(session_id), lambda found: found == epochs, 10)
    bench.supervisor.check()


def test_a_session_that_was_taken_when_the_queue_failed_is_started_again(bench, monkeypatch):
    fail_times(monkeypatch, ToldRunner, "start", Escaped(), times=1)
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    wait_for(lambda: runner.started(session_id), lambda starts: starts == [2], 10)
    bench.wait(session_id, "training")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_queue_that_cannot_be_restarted_says_so_and_ends_its_workers(
    bench, training, monkeypatch
):
    session_id, runner, _file = training()
    fail_times(monkeypatch, finished_epochs, "add", Escaped("for ever"), times=100)
    runner.report(session_id, 1, messages.epoch(1))
    bench.supervisor._thread.join(10)
    with pytest.raises(SupervisorEnded, match=r"could not be restarted.*for ever"):
        bench.supervisor.check()
    assert runner.is_closed
    assert bench.row(session_id)["status"] == "training"  # the next server resumes it


# The stop of the server


def close_reporting(monkeypatch, session_id, *events):
    """Let the runner report some events while it is closed, and then the end of its worker."""

    def close(runner):
        runner.is_closed = True
        for event in [*events, wire.Exited(may_retry=True)]:
            runner.report(session_id, 1, event)

    monkeypatch.setattr(ToldRunner, "close", close)


def test_what_was_reported_when_the_server_stops_is_recorded(bench, training, monkeypatch):
    session_id, _runner, file = training()
    close_reporting(monkeypatch, session_id, messages.epoch(1), messages.saved())
    bench.supervisor.close()
    assert bench.row(session_id)["status"] == "completed"
    assert bench.history(session_id) == [1]
    assert bench.model(session_id) is not None
    assert file.exists()
    assert not bench.storage.checkpoint(session_id, 1).exists()


def test_a_session_whose_worker_the_stop_ended_is_resumed(bench, training, monkeypatch):
    session_id, _runner, _file = training()
    close_reporting(monkeypatch, session_id, messages.epoch(1))
    bench.supervisor.close()
    row = bench.row(session_id)
    assert (row["status"], row["crashes"]) == ("training", 0)
    runner = bench.start()
    wait_for(lambda: runner.started(session_id), lambda starts: starts == [2], 10)
    assert bench.storage.checkpoint(session_id, 2).read_bytes() == b"state"


def test_the_event_that_was_being_recorded_when_the_server_stops_is_recorded(
    bench, training, monkeypatch, caplog
):
    monkeypatch.setattr(attempts, "DATABASE_SECONDS", 600.0)
    session_id, runner, _file = training()
    with bench.locked():
        runner.report(session_id, 1, messages.saved())
        wait_for(lambda: "cannot be written" in caplog.text, bool, 10)
        bench.supervisor._deadline = time.monotonic() + 60
        bench.supervisor._closing.set()
    bench.supervisor._thread.join(10)
    assert bench.row(session_id)["status"] == "completed"


def test_a_stop_ends_in_time_though_the_database_stays_busy(bench, training, monkeypatch):
    monkeypatch.setattr(connection_module, "LOCK_SECONDS", 1.5)
    monkeypatch.setattr(module, "_DRAIN_SECONDS", 1.0)
    session_id, runner, file = training()
    events = [messages.epoch(number) for number in range(1, 200)]
    close_reporting(monkeypatch, session_id, *events, messages.saved())
    with bench.locked():
        runner.report(session_id, 1, messages.epoch(1))
        began = time.monotonic()
        bench.supervisor.close()
        assert time.monotonic() - began < PROMISED_STOP_SECONDS
    assert bench.row(session_id)["status"] == "training"
    assert file.exists()
    assert bench.storage.checkpoint(session_id, 1).exists()


# What a kill between a commit and the files leaves


def test_files_that_a_killed_server_did_not_come_to_remove_go_at_the_next_start(bench):
    place = bench.workspace()
    ended = {
        status: bench.session(place, status=status, model_file=f"{place[0]}/{status}.keras")
        for status in ("completed", "failed", "cancelled")
    }
    kept = [bench.storage.checkpoint(987, 1), bench.model_file(ended["completed"])]
    gone = [bench.model_file(ended["failed"]), bench.model_file(ended["cancelled"])]
    gone += [bench.storage.checkpoint(each, 1) for each in ended.values()]
    for path in kept + gone:
        path.write_bytes(b"x")
    with bench.database.write() as connection:
        values = {"name": "m", "sha256": "s", "file_size": 1, "manifest": {}}
        models.create(
            connection,
            place[0],
            session_id=ended["completed"],
            file=f"{place[0]}/completed.keras",
            **values,
        )
    bench.start()
    for path in gone:
        wait_until_gone(path)
    assert all(path.exists() for path in kept)


# Two failures at once


def test_a_start_that_fails_while_the_database_is_locked_is_tried_again(bench, monkeypatch):
    session_id = bench.session(bench.workspace())
    fail_times(monkeypatch, keeping.Keeping, "has_failed", locked())
    failed = fail_times(monkeypatch, ToldRunner, "start", OSError(errno.EAGAIN, "no process"))
    bench.start()
    wait_for(lambda: failed, bool, 10)
    row = wait_for(lambda: bench.row(session_id), lambda row: row["starts"] == 2, 10)
    assert row["status"] == "training"


def test_nothing_starts_before_what_an_earlier_server_left_is_in_order(bench, monkeypatch):
    session_id = bench.session(bench.workspace())
    failed = fail_times(monkeypatch, keeping.Keeping, "recover", OSError(errno.EIO, "no"), times=3)
    bench.start()
    row = bench.wait(session_id, "training")
    assert len(failed) == 3
    assert row["starts"] == 1


def test_without_a_descriptor_the_finished_epochs_of_a_failed_session_stay(bench, monkeypatch):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    bench.storage.checkpoint(session_id, 1).write_bytes(b"state")
    error = OSError(errno.EMFILE, "Too many open files")
    failed = fail_times(monkeypatch, Storage, "keep_checkpoint", error, times=8)
    runner.report(session_id, 1, messages.failed())
    row = bench.wait(session_id, "failed")
    assert len(failed) == 8
    assert row["checkpoint_bytes"] == 5
    assert bench.storage.kept_checkpoint(session_id).exists()


def locked():
    return OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
