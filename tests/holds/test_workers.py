"""Workers of a real server that are killed, stopped, hang or run out of memory."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.config import IDLE_WORKER_MB
from tests.e2e.server import Client, Server, is_running, wait_for
from tests.holds.bench import Bench
from tests.processes import processor_seconds, resident_mb

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

ENDLESS = {"epochs": 500, "batch_size": 32, "seed": 3, "patience": 500, "test_split": 0}
SHORT = {**ENDLESS, "epochs": 4}

# A stopped worker is found after 30 s, one that hangs after 120 s.
FOUND_SECONDS = 60
HANG_SECONDS = 300


class WorkerBench(Bench):
    """A server with a small catalogue."""

    def learning(self, **spec: Any) -> tuple[int, int]:
        """A session whose first epoch is in its checkpoint, and the process id of its worker."""
        session_id = self.train(**spec)
        # An epoch is told before it is written.
        session = self.client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
        assert session["status"] == "training", session["error"]
        (worker,) = self.server.children()
        return session_id, worker

    def goes_on(self, session_id: int, first: int) -> int:
        """Another worker goes on from the checkpoint: its process id."""
        seen = self.client.session(session_id)["epochs_completed"]
        session = self.client.wait(
            session_id, lambda session: session["epochs_completed"] >= seen + 2
        )
        assert session["status"] == "training", session["error"]
        assert session["training"]["resumed_from_epoch"] >= 1
        (second,) = self.server.children()
        assert second != first
        return second

    def waiting_worker(self, not_this: int | None = None) -> int:
        """The process id of a warm worker that has nothing more to do."""
        pids = wait_for(self.server.children, lambda pids: pids not in ([], [not_this]), 150)
        (worker,) = [pid for pid in pids if pid != not_this]
        wait_for(lambda: resident_mb(worker), lambda megabytes: megabytes > 300, 150)
        used, since = processor_seconds(worker), time.monotonic()

        def idle_seconds() -> float:
            nonlocal used, since
            now = processor_seconds(worker)
            if now > used + 0.02:
                used, since = now, time.monotonic()
            return time.monotonic() - since

        wait_for(idle_seconds, lambda seconds: seconds > 3, 150)
        return worker


@pytest.fixture
def bench(start_server: Callable[..., Server], tmp_path: Path) -> WorkerBench:
    """A server without a warm worker."""
    return WorkerBench(start_server(), tmp_path)


@pytest.fixture
def warm_bench(start_server: Callable[..., Server], tmp_path: Path) -> WorkerBench:
    """A server with one."""
    return WorkerBench(start_server(EXOTRAIN_WARM_WORKERS="1"), tmp_path)


def gone(process_id: int, seconds: float) -> None:
    wait_for(lambda: is_running(process_id), lambda runs: not runs, seconds)


def test_a_killed_worker_is_not_out_of_memory_and_its_session_goes_on_once(bench: WorkerBench):
    session_id, worker = bench.learning(**ENDLESS)
    os.kill(worker, signal.SIGKILL)
    second = bench.goes_on(session_id, worker)
    os.kill(second, signal.SIGKILL)
    session = bench.client.wait(session_id)
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "crashed"
    assert "killed from outside (signal 9)" in session["error"]["message"]


def test_a_stopped_worker_is_found_and_its_session_goes_on_in_another(bench: WorkerBench):
    session_id, worker = bench.learning(**ENDLESS)
    os.kill(worker, signal.SIGSTOP)
    gone(worker, FOUND_SECONDS)
    bench.goes_on(session_id, worker)
    assert "did not answer for 30 s" in bench.server.log.read_text()


@pytest.mark.long
def test_a_session_that_waits_for_ever_is_found_and_goes_on(bench: WorkerBench):
    session_id = bench.train(**SHORT)
    (table,) = bench.server.data_dir.glob("uploads/*/*.npy")
    content = table.read_bytes()
    table.unlink()
    os.mkfifo(table)  # reading waits for a writer that never comes
    (worker,) = wait_for(bench.server.children, lambda pids: len(pids) == 1)
    gone(worker, HANG_SECONDS)
    table.unlink()
    table.write_bytes(content)
    session = bench.client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert "did nothing for 120 s" in bench.server.log.read_text()


def test_a_stopped_worker_holds_up_neither_a_stop_nor_a_cancel(bench: WorkerBench):
    session_id, worker = bench.learning(**ENDLESS)
    os.kill(worker, signal.SIGSTOP)
    bench.client.post(f"/api/training/session/{session_id}/stop")
    bench.client.post(f"/api/training/session/{session_id}/cancel")
    session = bench.client.wait(session_id, seconds=20)
    assert session["status"] == "cancelled"
    gone(worker, 5)


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.long)]
)
def test_a_waiting_worker_that_dies_or_is_stopped_is_replaced(
    warm_bench: WorkerBench, how: signal.Signals
):
    first = warm_bench.waiting_worker()
    os.kill(first, how)
    gone(first, FOUND_SECONDS)
    second = warm_bench.waiting_worker(not_this=first)
    session = warm_bench.client.complete(warm_bench.key, warm_bench.dataset, **SHORT)
    assert session["training"]["resumed_from_epoch"] == 0
    assert second != first


@pytest.mark.long
def test_a_server_that_was_stopped_for_longer_than_a_worker_may_be_ends_none(bench: WorkerBench):
    session_id, worker = bench.learning(**ENDLESS)
    bench.server.process.send_signal(signal.SIGSTOP)
    until = time.monotonic() + 40
    wait_for(time.monotonic, lambda now: now > until)
    bench.server.process.send_signal(signal.SIGCONT)
    # On a connection of its own: the old one was idle for so long that the server ends it now.
    client = Client(bench.server)
    seen = client.session(session_id)["epochs_completed"]
    session = client.wait(session_id, lambda session: session["epochs_completed"] >= seen + 5, 120)
    assert session["status"] == "training", session["error"]
    until = time.monotonic() + 5  # a verdict would have come by now
    wait_for(time.monotonic, lambda now: now > until)
    assert bench.server.children() == [worker]


def test_a_memory_limit_that_no_worker_can_keep_is_refused_at_the_start(tmp_path: Path):
    with pytest.raises(AssertionError) as refusal:
        Server(tmp_path, EXOTRAIN_TRAINING_MEMORY_MB="256")
    said = f"EXOTRAIN_TRAINING_MEMORY_MB is 256 MB, but a worker holds {IDLE_WORKER_MB} MB"
    assert said in str(refusal.value)
