"""A supervisor over a real database, with a runner that reports what the test says."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend import wire
from backend.background import supervisor as module
from backend.background.cluster.needs import Place
from backend.background.current_copies import CurrentCopies
from backend.background.keeping import Keeping
from backend.background.session_events import SessionEvents
from backend.background.supervisor import Supervisor
from backend.background.workers.this_machine import ThisMachine
from backend.config import Settings
from backend.database import (
    Database,
    accounts,
    datasets,
    finished_epochs,
    models,
    sessions,
    workspaces,
)
from backend.storage.layout import Storage
from backend.troubles import Troubles
from tests import messages
from tests.e2e.server import wait_for

# The number of the start of each session of `second_start`.
START = 2


class ToldRunner(ThisMachine):
    """Takes jobs and does nothing with them; the test reports in its place."""

    def __init__(self, settings: Settings, report: Any, troubles: Troubles) -> None:
        self.settings = settings
        self.report = report
        self.troubles = troubles
        self.places: Callable[[wire.Needs], Place] = lambda _needs: "now"
        self.jobs: list[wire.Train] = []
        self.requests: list[tuple[int, wire.RequestedEnd]] = []
        self.is_closed = False

    def place_for(self, needs: wire.Needs) -> Place:
        return self.places(needs)

    def start(self, job: wire.Train) -> None:
        self.jobs.append(job)

    def started(self, session_id: int) -> list[int]:
        """The numbers of the starts of a session."""
        return [job.start for job in self.jobs if job.session_id == session_id]

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
        self.troubles = Troubles()
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
                suffix="csv",
                identity="d",
                read_as={},
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

    def start(self, has_space: Any = lambda *_: True, **settings: Any) -> ToldRunner:
        self.supervisor = Supervisor(
            Settings(data_dir=self.settings.data_dir, **settings),
            self.database,
            self.storage,
            self.announced.append,
            self.troubles,
            has_space=has_space,
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
            return [each.number for each in finished_epochs.history(connection, session_id)]

    def model_file(self, session_id: int) -> Path:
        path = self.storage.model(self.row(session_id)["model_file"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(messages.MODEL)
        return path

    def model(self, session_id: int) -> dict[str, Any] | None:
        with self.database.read() as connection:
            return models.of_session(connection, session_id)

    def reasons(self) -> list[str]:
        """The codes of what does not work."""
        return [each.code for each in self.troubles.current()]

    def request(self, session_id: int, what: str) -> bool:
        """What the routes do with a request: False if the session has ended."""
        with self.database.write() as connection:
            session = sessions.find(connection, session_id)
            assert session is not None
            if session["status"] != "training":
                return False
            sessions.change(connection, session_id, request=what)
        assert self.supervisor is not None
        self.supervisor.notify()
        return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program holds the lock."""
        path = self.settings.data_dir / "exotrain.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as outside:
            outside.execute("BEGIN IMMEDIATE")
            yield


def wait_until_gone(path: Path) -> None:
    """Files go after the commit that a test can see."""
    wait_for(path.exists, lambda exists: not exists, 10)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "make_runner", ToldRunner)
    bench = Bench(tmp_path)
    yield bench
    if bench.supervisor is not None:
        bench.supervisor.close()
        assert bench.supervisor._runner.is_closed
    bench.database.close()


@pytest.fixture
def events(bench):
    """Of a database with sessions that no queue starts; each model that becomes current is told."""
    copies = CurrentCopies(bench.database, bench.storage, bench.troubles)
    announce = bench.announced.append
    keeping = Keeping(bench.settings, bench.database, bench.storage, copies, announce)
    return SessionEvents(bench.database, bench.storage, copies, keeping, announce)


@pytest.fixture
def second_start(bench):
    """Makes a session in its second start, with a checkpoint and a model's file."""

    def make(**values):
        place = bench.workspace()
        file = f"{place[0]}/m.keras"
        values = {"status": "training", "starts": START, "model_file": file} | values
        session_id = bench.session(place, **values)
        bench.storage.checkpoint(session_id, START).write_bytes(b"state")
        if values["model_file"] is not None:
            bench.model_file(session_id)
        return session_id

    return make


def files(bench, session_id):
    """Which of a session's files are there: checkpoint, kept checkpoint, model."""
    storage, file = bench.storage, bench.row(session_id)["model_file"] or "1/m.keras"
    paths = (
        storage.checkpoint(session_id, START),
        storage.kept_checkpoint(session_id),
        storage.model(file),
    )
    return tuple(path.exists() for path in paths)
