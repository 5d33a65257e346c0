"""The queue of sessions: turns, events, requests, restarts."""

from dataclasses import replace

import pytest

from backend import wire
from backend.database import accounts, finished_epochs, sessions
from tests import messages
from tests.background.bench import wait_until_gone
from tests.e2e.server import wait_for


def test_users_take_turns_and_a_job_holds_no_path(bench):
    place = bench.workspace()
    with bench.database.write() as connection:
        quiet = accounts.create_user(connection, "quiet")["id"]
    ids = [bench.session(place), bench.session(place), bench.session(place, user_id=quiet)]
    runner = bench.start()
    order = []
    while len(order) < 3:
        wait_for(lambda: len(runner.jobs), lambda n: n > len(order), 10)
        order.append(runner.jobs[-1].session_id)
        runner.report(order[-1], 1, messages.failed())
        runner.report(order[-1], 1, wire.Exited())
    assert order == [ids[0], ids[2], ids[1]]
    assert str(bench.settings.data_dir) not in str(runner.jobs)


def test_as_many_train_at_once_as_the_setting_says(bench):
    place = bench.workspace()
    ids = [bench.session(place) for _ in range(3)]
    runner = bench.start(trainings=2)
    wait_for(lambda: len(runner.jobs), lambda count: count >= 2, 10)
    assert [job.session_id for job in runner.jobs] == ids[:2]
    assert runner.settings == replace(bench.settings, trainings=2)
    assert bench.row(ids[2])["status"] == "pending"


def test_two_models_of_one_second_have_different_files(bench):
    place = bench.workspace()
    ids = [bench.session(place) for _ in range(3)]
    bench.start(trainings=3)
    bench.wait(ids[2], "training")
    assert len({bench.row(each)["model_file"] for each in ids}) == 3


def test_events_become_what_the_session_shows(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    assert bench.row(session_id)["stage"] == "preparing"
    runner.report(session_id, 1, messages.started())
    wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "learning", 10)
    runner.report(session_id, 1, messages.epoch(1))
    runner.report(session_id, 1, wire.Batch(epoch=2, batches_done=3, batches=4))
    runner.report(session_id, 1, wire.Stage(stage="evaluating"))
    wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "evaluating", 10)
    runner.report(session_id, 1, wire.Evaluated(evaluation={"n_test": 1}))
    file = bench.model_file(session_id)
    runner.report(session_id, 1, messages.saved())
    row = bench.wait(session_id, "completed")
    assert (row["epochs_completed"], row["batches_done"], row["batches"]) == (1, 3, 4)
    assert row["metrics"] == messages.metrics(1.0).model_dump()
    assert row["training"] == {
        "rows": 9,
        "train": 6,
        "validation": 2,
        "test": 1,
        "parameters": 5,
        "batches": 4,
        "resumed_from_epoch": 0,
    }
    assert row["evaluation"] == {"n_test": 1}
    current = bench.storage.current_model(row["workspace_id"])
    assert current.read_bytes() == file.read_bytes()
    assert wait_for(lambda: bench.announced, bool, 10)[0]["sha256"] == messages.saved().sha256


def test_epochs_that_a_killed_server_missed_come_with_the_resumed_start(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    runner.report(session_id, 1, messages.epoch(1))
    runner.report(session_id, 1, messages.epoch(3))
    history = (messages.epoch(1), messages.epoch(2))
    runner.report(session_id, 1, messages.started(resumed_from_epoch=2, history=history))
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1, 2], 10)
    assert bench.row(session_id)["epochs_completed"] == 2


def test_a_request_reaches_the_runner_once(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    with bench.database.write() as connection:
        sessions.change(connection, session_id, request="stop")
    for _ in range(3):
        bench.supervisor.notify()
    wait_for(lambda: runner.requests, bool, 10)
    runner.report(session_id, 1, messages.failed())
    bench.wait(session_id, "failed")
    assert runner.requests == [(session_id, "stop")]


@pytest.mark.parametrize(
    ("exit_event", "reason"),
    [
        ({}, "crashed"),
        ({"reason": "out_of_memory", "message": "killed"}, "out_of_memory"),
    ],
)
def test_a_session_that_ends_without_a_result_fails_and_leaves_no_checkpoint(
    bench, exit_event, reason
):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    checkpoint = bench.storage.checkpoint(session_id, 1)
    checkpoint.write_bytes(b"state")
    runner.report(session_id, 1, wire.Exited(**exit_event))
    assert bench.wait(session_id, "failed")["error"]["reason"] == reason
    wait_until_gone(checkpoint)


def test_what_an_earlier_server_left_in_training_goes_first(bench):
    place = bench.workspace()
    waiting = bench.session(place)
    left = bench.session(place, status="training", started_at="2026-01-01T00:00:00.000Z")
    runner = bench.start()
    wait_for(lambda: runner.jobs, bool, 10)
    assert [job.session_id for job in runner.jobs] == [left]
    assert bench.row(left)["starts_without_epoch"] == 1
    assert bench.row(waiting)["status"] == "pending"


def test_a_cancel_that_the_earlier_server_could_not_carry_out_is_carried_out(bench):
    left = bench.session(bench.workspace(), status="training", request="cancel")
    runner = bench.start()
    bench.wait(left, "cancelled")
    assert runner.jobs == []


def test_the_third_restart_without_an_epoch_is_the_last(bench):
    left = bench.session(bench.workspace(), status="training", starts_without_epoch=2)
    bench.start()
    assert bench.wait(left, "failed")["error"]["reason"] == "interrupted"


def test_a_resume_without_a_new_epoch_counts_towards_the_last_restart(bench):
    left = bench.session(bench.workspace(), status="training", starts_without_epoch=1)
    with bench.database.write() as connection:
        for each in (messages.epoch(1), messages.epoch(2)):
            finished_epochs.add(connection, left, each.epoch, each.metrics.model_dump())
        sessions.change(connection, left, starts_without_epoch=1)
    runner = bench.start()
    history = (messages.epoch(1), messages.epoch(2))
    wait_for(lambda: runner.jobs, bool, 10)
    runner.report(left, 1, messages.started(resumed_from_epoch=2, history=history))
    wait_for(lambda: bench.row(left)["stage"], lambda stage: stage == "learning", 10)
    assert bench.row(left)["starts_without_epoch"] == 2
    runner.report(left, 1, messages.epoch(3))
    wait_for(lambda: bench.row(left)["epochs_completed"], lambda number: number == 3, 10)
    assert bench.row(left)["starts_without_epoch"] == 0


def test_a_spec_that_an_earlier_version_stored_becomes_a_job(bench):
    stored = {name: messages.SPEC[name] for name in messages.SPEC.keys() - {"version"}}
    session_id = bench.session(bench.workspace(), stored)
    runner = bench.start()
    (job,) = wait_for(lambda: runner.jobs, bool, 10)
    assert job.spec == wire.Spec(**messages.SPEC)
    assert bench.row(session_id)["spec"] == stored


def test_a_spec_that_cannot_be_read_fails_its_session_and_no_other(bench):
    place = bench.workspace()
    unreadable = bench.session(place, {**messages.SPEC, "epohcs": 3})
    readable = bench.session(place)
    runner = bench.start()
    error = bench.wait(unreadable, "failed")["error"]
    assert error["reason"] == "crashed"
    assert "epohcs" in error["message"]
    bench.wait(readable, "training")
    assert [job.session_id for job in runner.jobs] == [readable]
