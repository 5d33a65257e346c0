"""One start of a session as the bridge sees it, whose node says what a test wants."""

import queue
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from backend import wire
from backend.cluster.messages import Message
from backend.storage.layout import Storage
from tests import messages
from tests.cluster.ray_cluster import require_ray


class FakeDesk:
    """An actor that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        for name in ("begin", "request"):
            setattr(self, name, SimpleNamespace(remote=partial(self._note, name)))

    def _note(self, name: str, *arguments: Any) -> None:
        self.told.append((name, *arguments))


class Bench:
    """A session, and what it sends to the server.

    Attributes:
        alive: the nodes that the cluster has.
        cancelled: how often Ray was asked to end the task.
        swept: the nodes that were asked to clean up.
    """

    def __init__(self, storage: Storage, session_class: Callable[..., Any]) -> None:
        self.sent: list[wire.BridgeEvent] = []
        self.alive = {"n1"}
        self.cancelled = 0
        self.swept: list[str] = []
        self.avoided: list[tuple[str, str]] = []
        self.desk = FakeDesk()
        self._said: queue.Queue[Message | Exception | None] = queue.Queue()
        job = messages.job(session_id=7, start=4, model_file="1/m.keras")
        needs = wire.Needs(cpus=1, gpus=0.0, memory_mb=None)
        assign = wire.Assign(job=job, needs=needs)
        self.session = session_class(assign, storage, self.sent.append, self, None, self.desk)
        self.session._submit = self._submit
        self._thread = threading.Thread(target=self.session.run, daemon=True)

    def run(self, *said: Message | Exception | None, waits: bool = True) -> None:
        """Let the node say this; None: its task ends."""
        for each in said:
            self._said.put(each)
        if not self._thread.is_alive():
            self._thread.start()
        if waits:
            self._thread.join(20)
            assert not self._thread.is_alive()

    def reports(self) -> list[wire.FromNode]:
        """What the server was told of the session."""
        found = [each for each in self.sent if isinstance(each, wire.FromSession)]
        assert all((each.session_id, each.start) == (7, 4) for each in found)
        return [each.report for each in found]

    def has(self, node: str) -> bool:
        """As `Nodes.has`."""
        return node in self.alive

    is_alive = has

    def name(self, node: str) -> str:
        """As `Nodes.name`."""
        return f"machine {node}"

    def avoid(self, node: str, why: str) -> None:
        """As `Nodes.avoid`."""
        self.avoided.append((node, why))

    def sweep(self, node: str) -> None:
        """As `Nodes.sweep`."""
        self.swept.append(node)

    def _submit(self) -> None:
        self.session._stream = self._stream()

    def _stream(self) -> Iterator[list[Message]]:
        while (said := self._said.get()) is not None:
            if isinstance(said, Exception):
                raise said
            yield [said]


@pytest.fixture
def storage(tmp_path):
    storage = Storage(tmp_path)
    storage.make_folders()
    return storage


@pytest.fixture
def bench(storage, monkeypatch):
    require_ray()
    from backend.cluster import session

    made = Bench(storage, session.Session)

    def cancel(_stream: Any, *, force: bool) -> None:
        assert force
        made.cancelled += 1

    monkeypatch.setattr(session.ray, "get", lambda reference, timeout=None: reference)
    monkeypatch.setattr(session.ray, "cancel", cancel)
    return made
