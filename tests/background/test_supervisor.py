"""The queue of sessions, with a runner that reports what the test says."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from backend import wire
from backend.background import supervisor as module
from backend.background.supervisor import Supervisor
from backend.config import Settings
from backend.database import (
    Database,
    accounts,
    connection,
    datasets,
    models,
    sessions,
    workspaces,
)
from backend.storage.layout import Storage
from tests import messages
from tests.e2e.server import wait_for


class ToldRunner:
    """Takes jobs and does nothing with them; the test reports in its place."""

    def __init__(self, _settings: Settings, report: Any) -> None:
        self.report = report
        self.jobs: list[wire.Train] = []
        self.requests: list[tuple[int, wire.RequestedEnd]] = []
        self.is_closed = False

    def start(self, job: wire.Train) -> None:
        self.jobs.append(job)

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        self.requests.append((session_id, what))

    def keep_warm(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True


class Bench:
    """A database with workspaces, a supervisor over it, and its runner."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self.storage = Storage(folder)
        self.storage.make_folders()
        self.database = Database(folder / "exotrain.db")
        self.announced: list[dict[str, Any]] = []
        self.supervisor: Supervisor | None = None
        with self.database.write() as connection:
            self.user = accounts.create_user(connection, "admin", is_admin=True)

    def workspace(self) -> tuple[int, int]:
        with self.database.write() as connection:
            key = f"key{len(workspaces.of_user(connection, self.user['id']))}"
            workspace = workspaces.create(connection, key, key, self.user["id"])
            dataset = datasets.create(
                connection,
                workspace["id"],
                name="d",
                sha256="d",
                file_size=1,
                num_samples=1,
                num_rejected=0,
                source="koi",
                class_counts={},
                profile={},
            )
        return workspace["id"], dataset["id"]

    def session(
        self, place: tuple[int, int], spec: dict[str, Any] = messages.SPEC, **values: Any
    ) -> int:
        with self.database.write() as connection:
            made = sessions.create(
                connection,
                place[0],
                dataset_id=place[1],
                dataset_size=1,
                model_name="m",
                spec=spec,
                epochs=3,
            )
            if values:
                sessions.change(connection, made["id"], **values)
        return made["id"]

    def start(self, **settings: Any) -> ToldRunner:
        self.supervisor = Supervisor(
            Settings(data_dir=self.settings.data_dir, **settings),
            self.database,
            self.storage,
            self.announced.append,
        )
        self.supervisor.start()
        runner = self.supervisor._runner
        assert isinstance(runner, ToldRunner)
        return runner

    def row(self, session_id: int) -> dict[str, Any]:
        with self.database.read() as connection:
            found = sessions.find(connection, session_id)
        assert found is not None
        return found

    def wait(self, session_id: int, status: str) -> dict[str, Any]:
        return wait_for(lambda: self.row(session_id), lambda row: row["status"] == status, 10)

    def history(self, session_id: int) -> list[int]:
        with self.database.read() as connection:
            return [each.number for each in sessions.history(connection, session_id)]

    def model_file(self, session_id: int) -> Path:
        path = self.storage.model(self.row(session_id)["model_file"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"model")
        return path


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "make_runner", ToldRunner)
    bench = Bench(tmp_path)
    yield bench
    if bench.supervisor is not None:
        bench.supervisor.close()
        assert bench.supervisor._runner.is_closed
    bench.database.close()


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
    assert wait_for(lambda: bench.announced, bool, 10)[0]["sha256"] == "s"


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


def test_a_model_saved_after_the_cancel_is_not_kept(bench):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    file = bench.model_file(session_id)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, request="cancel")
    runner.report(session_id, 1, messages.saved())
    bench.wait(session_id, "cancelled")
    assert not file.exists()
    with bench.database.read() as connection:
        assert models.of_session(connection, session_id) is None


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
    checkpoint = bench.storage.checkpoint(session_id, 1)
    checkpoint.write_bytes(b"state")
    runner = bench.start()
    bench.wait(session_id, "training")
    runner.report(session_id, 1, wire.Exited(**exit_event))
    assert bench.wait(session_id, "failed")["error"]["reason"] == reason
    assert not checkpoint.exists()


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
            sessions.add_epoch(connection, left, each.epoch, each.metrics.model_dump())
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


def test_an_event_that_the_database_refuses_at_first_is_recorded_whole(bench, monkeypatch):
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    change, refusals = sessions.change, []

    def refuse_once(connection, session_id, **values):
        if "training" in values and not refusals:
            refusals.append(values)
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        change(connection, session_id, **values)

    monkeypatch.setattr(sessions, "change", refuse_once)
    history = (messages.epoch(1), messages.epoch(2))
    runner.report(session_id, 1, messages.started(resumed_from_epoch=2, history=history))
    wait_for(lambda: bench.row(session_id)["stage"], lambda stage: stage == "learning", 10)
    assert refusals
    assert bench.history(session_id) == [1, 2]
    assert bench.row(session_id)["training"]["resumed_from_epoch"] == 2


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


def no_process(*_arguments):
    """Fails as a machine does that can start no other process."""
    raise OSError(errno.EAGAIN, "Resource temporarily unavailable")


def test_a_warm_worker_that_cannot_be_started_does_not_end_the_queue(bench, monkeypatch, caplog):
    monkeypatch.setattr(ToldRunner, "keep_warm", no_process)
    first = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(first, "training")
    runner.report(first, 1, messages.failed())
    bench.wait(first, "failed")
    assert "Resource temporarily unavailable" in caplog.text


def test_a_session_that_the_runner_cannot_start_fails_in_words_and_frees_its_place(
    bench, monkeypatch
):
    place = bench.workspace()
    refused, other = bench.session(place), bench.session(place)
    start = ToldRunner.start

    def refuse(runner, job):
        if job.session_id == refused:
            no_process()
        start(runner, job)

    monkeypatch.setattr(ToldRunner, "start", refuse)
    runner = bench.start(trainings=1)
    error = bench.wait(refused, "failed")["error"]
    assert error["reason"] == "crashed"
    assert "could not start" in error["message"]
    assert "Resource temporarily unavailable" in error["message"]
    bench.wait(other, "training")
    wait_for(lambda: [job.session_id for job in runner.jobs], lambda ids: ids == [other], 10)


def test_a_session_with_an_unreadable_spec_fails_though_the_database_refuses_at_first(
    bench, monkeypatch
):
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    end, refusals = sessions.end, []

    def refuse_once(*arguments):
        if not refusals:
            refusals.append(arguments)
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        end(*arguments)

    monkeypatch.setattr(sessions, "end", refuse_once)
    session_id = bench.session(bench.workspace(), {**messages.SPEC, "epohcs": 3})
    bench.start()
    assert "epohcs" in bench.wait(session_id, "failed")["error"]["message"]
    assert refusals


def test_no_event_is_lost_while_another_program_holds_the_lock(bench, monkeypatch, caplog):
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(connection, "LOCK_SECONDS", 0.05)
    session_id = bench.session(bench.workspace())
    runner = bench.start()
    bench.wait(session_id, "training")
    path = bench.settings.data_dir / "exotrain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as outside:
        outside.execute("BEGIN IMMEDIATE")
        runner.report(session_id, 1, messages.started())
        for epoch in (1, 2, 3):
            runner.report(session_id, 1, messages.epoch(epoch))
        wait_for(lambda: caplog.text.count("cannot be written"), lambda count: count > 2, 10)
    wait_for(lambda: bench.history(session_id), lambda epochs: epochs == [1, 2, 3], 10)
