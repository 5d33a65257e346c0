"""The best epoch of a failed session on its way to a model, with a runner that the test tells."""

import errno
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend import wire
from backend.background import keeping as module
from backend.database import finished_epochs, kept, sessions
from backend.database.schema import iso
from tests import messages
from tests.background.bench import Bench, ToldRunner, wait_until_gone
from tests.e2e.server import wait_for

EPOCHS = b"two epochs"

CRASHED = {"reason": "crashed", "message": "killed"}

HISTORY = (messages.epoch(1), messages.epoch(2))


def failed(bench: Bench, place: tuple[int, int] | None = None, **values: Any) -> int:
    """A session with a kept checkpoint, as the supervisor leaves it."""
    session_id = bench.session(place or bench.workspace())
    bench.storage.kept_checkpoint(session_id).write_bytes(EPOCHS)
    with bench.database.write() as connection:
        for each in HISTORY:
            finished_epochs.add(connection, session_id, each.epoch, each.metrics.model_dump())
        sessions.change(connection, session_id, starts=4, stage="learning")
        sessions.end(connection, session_id, "failed", CRASHED, len(EPOCHS))
        if values:
            sessions.change(connection, session_id, **values)
    return session_id


def request(bench: Bench, session_id: int, **values: Any) -> None:
    """What the route writes."""
    with bench.database.write() as connection:
        wanted = {"request": "keep", "stage": None, "starts_without_epoch": 0}
        sessions.change(connection, session_id, **{**wanted, **values})
    if bench.supervisor is not None:
        bench.supervisor.notify()


def withdraw(bench: Bench, session_id: int) -> None:
    """What the route of a cancel writes."""
    with bench.database.write() as connection:
        sessions.change(connection, session_id, request=None, stage=None, evaluation=None)
    assert bench.supervisor is not None
    bench.supervisor.notify()


def started(bench: Bench, runner: ToldRunner, count: int = 1) -> wire.Train:
    """The job of a keep, once the runner has it."""
    return wait_for(lambda: runner.jobs, lambda jobs: len(jobs) >= count, 10)[count - 1]


def until_over(bench: Bench, session_id: int) -> dict[str, Any]:
    return wait_for(lambda: bench.row(session_id), lambda row: row["request"] is None, 10)


def test_a_failed_session_keeps_its_newest_checkpoint_and_a_cancelled_one_none(bench):
    place = bench.workspace()
    ids = {status: bench.session(place) for status in ("failed", "cancelled")}
    runner = bench.start(trainings=2)
    for status, session_id in ids.items():
        bench.wait(session_id, "training")
        bench.storage.checkpoint(session_id, 1).write_bytes(EPOCHS)
        if status == "cancelled":
            with bench.database.write() as connection:
                sessions.change(connection, session_id, request="cancel")
        runner.report(session_id, 1, messages.failed())
        bench.wait(session_id, status)
        runner.report(session_id, 1, wire.Exited())
    wait_for(lambda: list(bench.storage.checkpoints.iterdir()), lambda left: len(left) == 1, 10)
    assert bench.row(ids["failed"])["checkpoint_bytes"] == len(EPOCHS)
    assert bench.storage.kept_checkpoint(ids["failed"]).read_bytes() == EPOCHS
    assert bench.row(ids["cancelled"])["checkpoint_bytes"] is None


def test_a_session_that_fails_before_its_first_epoch_ends_has_nothing_to_keep(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    runner.report(session_id, 1, messages.failed())
    assert bench.wait(session_id, "failed")["checkpoint_bytes"] is None


def test_a_keep_becomes_a_model_and_its_session_stays_failed(bench):
    session_id = failed(bench)
    request(bench, session_id)
    runner = bench.start()
    job = started(bench, runner)
    assert (job.keep, job.start) == (True, 5)
    assert bench.row(session_id)["stage"] == "preparing"
    runner.report(session_id, 5, messages.started(resumed_from_epoch=2, history=HISTORY))
    runner.report(session_id, 5, wire.Stage(stage="evaluating"))
    wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "evaluating", 10)
    runner.report(session_id, 5, wire.Evaluated(evaluation={"n_test": 1}))
    file = bench.model_file(session_id)
    runner.report(session_id, 5, messages.saved())
    row = until_over(bench, session_id)
    assert (row["status"], row["error"], row["stage"]) == ("failed", CRASHED, None)
    assert (row["best_epoch"], row["evaluation"]) == (1, {"n_test": 1})
    assert (row["checkpoint_bytes"], row["epochs_completed"]) == (None, 2)
    model = bench.model(session_id)
    assert model["file"] == job.model_file
    assert model["stored_bytes"] == file.stat().st_size
    current = bench.storage.current_model(row["workspace_id"])
    assert current.read_bytes() == file.read_bytes()
    assert wait_for(lambda: bench.announced, bool, 10)[0]["id"] == model["id"]
    kept_file = bench.storage.kept_checkpoint(session_id)
    wait_until_gone(kept_file)
    runner.report(session_id, 5, wire.Exited())
    following = bench.session((row["workspace_id"], row["dataset_id"]))
    bench.supervisor.notify()
    bench.wait(following, "training")  # the place is free
    assert file.exists()


def test_what_the_checkpoint_has_not_is_not_shown(bench):
    session_id = failed(bench)
    with bench.database.write() as connection:
        finished_epochs.add(connection, session_id, 3, messages.metrics().model_dump())
    request(bench, session_id)
    runner = bench.start()
    started(bench, runner)
    runner.report(session_id, 5, messages.started(resumed_from_epoch=2, history=HISTORY))
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1, 2], 10)
    assert bench.row(session_id)["stage"] == "preparing"


@pytest.mark.parametrize(
    "event", [wire.Exited(message="killed again"), wire.Failed(reason="crashed", message="no")]
)
def test_a_keep_that_fails_says_why_and_can_be_tried_again(bench, event):
    session_id = failed(bench)
    request(bench, session_id)
    runner = bench.start()
    started(bench, runner)
    runner.report(session_id, 5, wire.Evaluated(evaluation={"n_test": 1}))
    file = bench.model_file(session_id)
    runner.report(session_id, 5, event)
    row = until_over(bench, session_id)
    assert row["error"] == {**CRASHED, "keep_error": event.message}
    assert (row["status"], row["evaluation"]) == ("failed", None)
    assert row["checkpoint_bytes"] == len(EPOCHS)
    assert bench.storage.kept_checkpoint(session_id).read_bytes() == EPOCHS
    request(bench, session_id)
    runner.report(session_id, 5, wire.Exited())  # the last of the first keep, not of the second
    assert started(bench, runner, 2).start == 6
    assert not file.exists()
    assert bench.row(session_id)["request"] == "keep"


def test_a_kept_epoch_that_is_no_better_than_guessing_is_not_current(bench):
    session_id = failed(bench)
    request(bench, session_id)
    runner = bench.start()
    started(bench, runner)
    bench.model_file(session_id)
    runner.report(session_id, 5, messages.saved(verdict=messages.WORSE))
    row = until_over(bench, session_id)
    assert (row["best_epoch"], row["verdict"]) == (1, messages.WORSE)
    assert bench.model(session_id)["promoted_at"] is None
    assert not bench.storage.current_model(row["workspace_id"]).exists()


def test_a_cancelled_keep_is_ended_and_what_it_still_saves_is_no_model(bench):
    session_id = failed(bench)
    request(bench, session_id)
    runner = bench.start()
    started(bench, runner)
    file = bench.model_file(session_id)
    withdraw(bench, session_id)
    wait_for(lambda: runner.requests, lambda requests: requests == [(session_id, "cancel")], 10)
    runner.report(session_id, 5, messages.saved())
    runner.report(session_id, 5, wire.Exited(message="killed"))
    wait_until_gone(file)
    row = bench.row(session_id)
    assert (row["error"], row["best_epoch"]) == (CRASHED, None)
    assert row["checkpoint_bytes"] == len(EPOCHS)
    assert bench.model(session_id) is None
    assert runner.requests == [(session_id, "cancel")]


def test_a_keep_that_is_cancelled_and_asked_for_again_waits_for_the_end_of_the_first(bench):
    session_id = failed(bench)
    request(bench, session_id)
    runner = bench.start(trainings=2)
    started(bench, runner)
    withdraw(bench, session_id)
    wait_for(lambda: runner.requests, bool, 10)
    request(bench, session_id)
    runner.report(session_id, 5, wire.Exited(message="killed"))
    assert started(bench, runner, 2).start == 6
    assert [job.start for job in runner.jobs] == [5, 6]
    assert bench.row(session_id)["error"] == CRASHED


def test_a_keep_asked_for_before_the_worker_that_failed_is_gone_waits_for_its_end(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start(trainings=2)
    bench.wait(session_id, "training")
    bench.storage.checkpoint(session_id, 1).write_bytes(EPOCHS)
    runner.report(session_id, 1, messages.failed())
    bench.wait(session_id, "failed")
    request(bench, session_id)
    runner.report(session_id, 1, wire.Exited(message="killed"))
    assert started(bench, runner, 2).start == 2
    assert bench.row(session_id)["request"] == "keep"
    assert runner.requests == []


def test_keeps_take_the_places_of_sessions_and_go_first(bench):
    place = bench.workspace()
    waiting = bench.session(place)
    ids = [failed(bench, place) for _ in range(2)]
    for each in ids:
        request(bench, each)
    runner = bench.start(trainings=1)
    started(bench, runner)
    assert [job.session_id for job in runner.jobs] == [ids[0]]
    runner.report(ids[0], 5, messages.failed())
    runner.report(ids[0], 5, wire.Exited())
    started(bench, runner, 2)
    runner.report(ids[1], 5, wire.Exited())
    bench.wait(waiting, "training")
    assert [job.session_id for job in runner.jobs] == [*ids, waiting]


def test_a_keep_waits_for_a_place_that_has_what_its_session_reserves(bench):
    session_id = failed(bench, spec={**messages.SPEC, "gpus": 1})
    runner = bench.start(trainings=2)
    runner.places = lambda needs: "later" if needs.gpus else "now"
    request(bench, session_id)
    other = bench.session(bench.workspace())
    bench.supervisor.notify()
    bench.wait(other, "training")
    assert runner.started(session_id) == []
    runner.places = lambda _needs: "now"
    bench.supervisor.notify()
    wait_for(lambda: runner.started(session_id), lambda starts: len(starts) == 1, 10)


def test_a_keep_for_which_there_is_no_worker_says_so(bench, monkeypatch):
    def no_process(*_arguments: Any) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(ToldRunner, "start", no_process)
    session_id = failed(bench)
    request(bench, session_id)
    bench.start()
    error = until_over(bench, session_id)["error"]
    assert "Resource temporarily unavailable" in error["keep_error"]
    assert bench.row(session_id)["checkpoint_bytes"] == len(EPOCHS)


def test_a_keep_that_a_restart_interrupted_is_done_again_but_not_for_ever(bench):
    place = bench.workspace()
    again = failed(bench, place)
    request(bench, again, stage="evaluating", starts=5, starts_without_epoch=1)
    last = failed(bench, place)
    request(bench, last, stage="evaluating", starts=5, starts_without_epoch=2)
    runner = bench.start(trainings=2)
    assert started(bench, runner).session_id == again
    assert bench.row(again)["starts_without_epoch"] == 2
    runner.report(again, 6, messages.started(resumed_from_epoch=2, history=HISTORY))
    runner.report(again, 6, wire.Stage(stage="evaluating"))
    wait_for(lambda: bench.row(again)["stage"], lambda stage: stage == "evaluating", 10)
    assert bench.row(again)["starts_without_epoch"] == 2
    assert "restarted 3 times" in until_over(bench, last)["error"]["keep_error"]
    assert [job.session_id for job in runner.jobs] == [again]


def test_files_and_rows_agree_after_a_kill(bench):
    """Before the commit of a session's end, after the commit of a keep's, before a removal's."""
    place = bench.workspace()
    training = bench.session(place, status="training", starts=2, started_at=iso(datetime.now(UTC)))
    bench.storage.kept_checkpoint(training).write_bytes(EPOCHS)
    done = failed(bench, place, checkpoint_bytes=None)
    gone = failed(bench, place)
    bench.storage.kept_checkpoint(gone).unlink()
    stranger = bench.storage.kept_checkpoint(999)
    stranger.write_bytes(EPOCHS)
    runner = bench.start()
    assert started(bench, runner).session_id == training
    assert bench.storage.checkpoint(training, 3).read_bytes() == EPOCHS
    assert not bench.storage.kept_checkpoint(training).exists()
    assert not bench.storage.kept_checkpoint(done).exists()
    assert bench.row(gone)["checkpoint_bytes"] is None
    assert "missing" in bench.row(gone)["error"]["keep_error"]
    assert stranger.exists()


def test_what_nobody_keeps_in_seven_days_goes(bench):
    place = bench.workspace()
    now = datetime.now(UTC)
    ended = {
        days: iso(now - timedelta(days=days) + timedelta(minutes=1))
        for days in (kept.KEPT_DAYS, kept.KEPT_DAYS + 1)
    }
    young, old = (failed(bench, place, completed_at=moment) for moment in ended.values())
    bench.start()
    wait_for(lambda: bench.row(old), lambda row: row["checkpoint_bytes"] is None, 10)
    assert not bench.storage.kept_checkpoint(old).exists()
    assert bench.row(young)["checkpoint_bytes"] == len(EPOCHS)
    assert bench.storage.kept_checkpoint(young).exists()


def test_they_go_while_the_server_runs_too(bench, monkeypatch):
    monkeypatch.setattr(module, "_REMOVAL_SECONDS", 0.0)
    place = bench.workspace()
    bench.start()
    first = bench.session(place)
    bench.supervisor.notify()
    bench.wait(first, "training")
    session_id = failed(bench, place, completed_at="2026-01-01T00:00:00.000Z")
    bench.supervisor.notify()
    wait_for(lambda: bench.row(session_id), lambda row: row["checkpoint_bytes"] is None, 10)
