"""Runs each session in its own child process, or in a thread of the server.

A runner is started with jobs and reports their events, with the session's id and the number of its
start. After the last event of a job it reports `Exited`, once.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, assert_never

from backend import wire
from backend.background.cluster.needs import Place
from backend.background.cluster.ray_runner import RayRunner
from backend.background.cluster.state import ClusterState
from backend.background.worker_process import WorkerProcess
from backend.background.workers import pulse
from backend.background.workers.reports import Report, exited_because
from backend.background.workers.session_worker import SessionWorker
from backend.background.workers.this_machine import ThisMachine
from backend.background.workers.thread_runner import ThreadRunner
from backend.config import Settings
from backend.troubles import Troubles

__all__ = ["ProcessRunner", "Report", "Runner", "exited_because", "make_runner"]

# How long a server that stops waits for the system to free its workers, and for what they said.
_CLOSE_SECONDS = 2.0

# A waiting worker that died or was stopped is replaced after this pause; one after another, after
# twice the last, up to the longest: a machine on which none can start is not kept busy by it.
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 600.0

log = logging.getLogger(__name__)


class Runner(Protocol):
    """Trains sessions. All calls come from one thread that lives as long as the server."""

    def begin(self, changed: Callable[[], None]) -> None:
        """Get ready; `changed` is called when sessions that had no place may have one."""

    def place_for(self, needs: wire.Needs) -> Place:
        """Whether a session that reserves this has a place, among those that may train at once."""

    def most_at_once(self, needs: wire.Needs) -> int | None:
        """How many sessions that reserve this have a place together; None: all that may train."""

    def why_waiting(self, needs: wire.Needs) -> str | None:
        """What a session that reserves this waits for, if not for others to end."""

    def node_of(self, session_id: int) -> wire.Node | None:
        """The node of a cluster that a session trains on; None: on none, or not yet."""

    @property
    def cluster(self) -> ClusterState | None:
        """The cluster that sessions train on; None: they train on this machine."""

    def start(self, job: wire.Train) -> None:
        """Start training this job's session."""

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        """Ask a session to `stop` after its epoch, or to `cancel` now; never waits for it."""

    def keep_warm(self) -> None:
        """Prepare a worker, so that the next session starts quickly."""

    def close(self) -> None:
        """End every session now; its checkpoint stays."""


class ProcessRunner(ThisMachine):
    """A child process for each session: its memory is freed, and its crash harms no other.

    A thread of its own, the judge, ends workers that are stopped or hang, and replaces waiting ones
    that died.
    """

    def __init__(self, settings: Settings, report: Report) -> None:
        self._settings = settings
        self._report = report
        self._lock = threading.RLock()  # of what follows; never held while an event is reported
        self._waiting: list[SessionWorker] = []
        self._running: dict[int, SessionWorker] = {}
        self._is_warm_wanted = False
        self._pause = _Pause()
        self._judge: threading.Thread | None = None
        self._closing = threading.Event()

    def start(self, job: wire.Train) -> None:
        with self._lock:
            worker = self._give_to_waiting(job) or self._spawn(job)
            self._running[job.session_id] = worker

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        worker = self._running.get(session_id)
        if worker is None:
            return
        match what:
            case "cancel":
                worker.kill()  # nothing in it is worth waiting for
            case "stop":
                worker.stop()
            case _:
                assert_never(what)

    def keep_warm(self) -> None:
        with self._lock:
            self._is_warm_wanted = True
            # A new worker takes a core for seconds: it must not delay a session that starts. Each
            # event of a session comes back here.
            if self._closing.is_set() or not all(
                each.has_learnt for each in self._running.values()
            ):
                return
            while len(self._waiting) < self._settings.warm_workers and self._pause.is_over:
                self._waiting.append(self._spawn())

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            workers = [*self._waiting, *self._running.values()]
        for worker in workers:
            worker.kill()
        deadline = time.monotonic() + _CLOSE_SECONDS
        for worker in workers:
            worker.wait_until_heard(deadline - time.monotonic())

    def _give_to_waiting(self, job: wire.Train) -> SessionWorker | None:
        while self._waiting:
            worker = self._waiting.pop(0)
            if worker.give(job):
                self._pause.reset()
                return worker
        return None

    def _spawn(self, job: wire.Train | None = None) -> SessionWorker:
        if self._judge is None or not self._judge.is_alive():
            judge = threading.Thread(target=self._judge_all, name="judge", daemon=True)
            judge.start()
            self._judge = judge
        process = WorkerProcess(self._settings.data_dir, self._settings.training_memory_mb)
        return SessionWorker(process, self._pass_on, self._forget, job)

    def _pass_on(self, job: wire.Train, event: wire.ReportedEvent) -> None:
        is_end_of_server = self._closing.is_set() and isinstance(event, wire.Exited)
        if not is_end_of_server:  # which is no end of the session
            self._report(job.session_id, job.start, event)

    def _forget(self, worker: SessionWorker) -> None:
        with self._lock:
            if worker in self._waiting and not self._closing.is_set():
                self._waiting.remove(worker)
                self._pause.begin()
                log.warning("a waiting worker is gone: it is replaced")
            for session_id, each in list(self._running.items()):
                if each is worker:
                    del self._running[session_id]

    def _judge_all(self) -> None:
        last = time.monotonic()
        while not self._closing.wait(pulse.TICK_SECONDS):
            # Its end would end the workers that it made.
            with suppress(Exception):
                now = time.monotonic()
                seconds, last = now - last, now
                with self._lock:
                    workers = [*self._waiting, *self._running.values()]
                for worker in workers:
                    _without_end(worker.tick, seconds)
                if self._is_warm_wanted:
                    _without_end(self.keep_warm)


def _without_end(action: Callable[..., None], *arguments: float) -> None:
    """Call it; the thread goes on whatever it raises, since its end would end its workers."""
    try:
        action(*arguments)
    except Exception:
        log.exception("%s%s failed", action.__qualname__, arguments)


class _Pause:
    """Between the loss of a waiting worker and its replacement."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def begin(self) -> None:
        longer = max(FIRST_PAUSE_SECONDS, 2 * self._seconds)
        self._seconds = min(longer, LONGEST_PAUSE_SECONDS)
        self._until = time.monotonic() + self._seconds

    def reset(self) -> None:
        self._seconds = self._until = 0.0


def make_runner(settings: Settings, report: Report, troubles: Troubles) -> Runner:
    """The runner that `EXOTRAIN_RUNNER` names."""
    match settings.runner:
        case "ray":
            return RayRunner(settings, report, troubles)
        case "thread":
            return ThreadRunner(settings, report)
    return ProcessRunner(settings, report)
