"""The plan of faults for the tests of this process, and a session queue that meets them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.background import attempts, current_copies, session_starts, worker_process
from backend.background import supervisor as supervisor_module
from backend.background.supervisor import Supervisor
from backend.services.context import Services
from tests.faults import workers
from tests.faults.layer import Layer, install
from tests.faults.plan import Faults


@pytest.fixture(autouse=True)
def faults(tmp_path: Path) -> Iterator[Faults]:
    """Faults of this process; the layer is there before the database is opened."""
    planned = Faults(tmp_path / "faults")
    undo = install(Layer(planned.folder, "server"))
    yield planned
    planned.clear()
    undo()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses before something is tried again, made short."""
    monkeypatch.setattr(attempts, "DATABASE_SECONDS", 0.05)
    monkeypatch.setattr(supervisor_module, "DATABASE_SECONDS", 0.05)
    monkeypatch.setattr(supervisor_module, "_EVENT_PAUSES", (0.05, 0.05, 0.05))
    monkeypatch.setattr(current_copies, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(session_starts, "START_PAUSES", (0.05, 0.1, 0.2))


@pytest.fixture
def supervisor(
    services: Services, monkeypatch: pytest.MonkeyPatch, short_pauses: None
) -> Iterator[Supervisor]:
    """On the application's database, not started; each session has a child that trains in no time.

    No worker waits: there is a fork of each session's own.
    """
    command = workers.command(str(services.storage.models))
    monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)
    settings = replace(services.settings, warm_workers=0)
    made = Supervisor(settings, services.database, services.storage, lambda _model: None)
    services.supervisor = made
    yield made
    made.close()
