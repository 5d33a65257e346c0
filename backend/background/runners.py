"""Where a training runs: in a child process of its own, or in a thread of the server.

A runner is started with jobs, JSON objects without file paths, and reports their events. After
the last event of a job it reports `{"event": "exited", "message"?: …}`, once.
"""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from backend.background.worker_process import WorkerProcess
from backend.config import Settings
from backend.storage.layout import Storage

Message = dict[str, Any]
Report = Callable[[int, Message], None]

_KILLED = -9

log = logging.getLogger(__name__)


class Runner(Protocol):
    """Runs trainings. All calls come from one thread that lives as long as the server."""

    def start(self, job: Message) -> None:
        """Begin the training of `job["session_id"]`."""

    def request(self, session_id: int, what: str) -> None:
        """Ask a training to `stop` after its epoch, or to `cancel` now."""

    def keep_warm(self) -> None:
        """Make the next start quick."""

    def close(self) -> None:
        """End every training now; its checkpoint stays."""


class ProcessRunner:
    """A child process for each training: its memory comes back, and its crash is its own."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._settings = settings
        self._report = report
        self._warm: list[WorkerProcess] = []
        self._running: dict[int, WorkerProcess] = {}

    def start(self, job: Message) -> None:
        session_id = job["session_id"]
        worker = self._take_warm() or self._spawn()
        self._running[session_id] = worker
        worker.send({"kind": "train", **job})
        threading.Thread(
            target=self._listen, args=(session_id, worker), name=f"session {session_id}"
        ).start()

    def request(self, session_id: int, what: str) -> None:
        worker = self._running.get(session_id)
        if worker is None:
            return
        if what == "cancel":
            worker.kill()  # it holds nothing that is worth waiting for
        else:
            worker.send({"request": what})

    def keep_warm(self) -> None:
        self._warm = [worker for worker in self._warm if worker.is_alive]
        while len(self._warm) < self._settings.warm_workers:
            self._warm.append(self._spawn())

    def close(self) -> None:
        for worker in [*self._warm, *self._running.values()]:
            worker.kill()

    def _spawn(self) -> WorkerProcess:
        return WorkerProcess(self._settings.data_dir, self._settings.training_memory_mb)

    def _take_warm(self) -> WorkerProcess | None:
        while self._warm:
            worker = self._warm.pop(0)
            if worker.is_alive:
                return worker
        return None

    def _listen(self, session_id: int, worker: WorkerProcess) -> None:
        for event in worker.events():
            if event["event"] != "ready":
                self._report(session_id, event)
        code = worker.wait()
        self._running.pop(session_id, None)
        self._report(session_id, {"event": "exited", **_explain_exit(code)})


class ThreadRunner:
    """Keras in threads of the server, for hosts where no process may be started."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._storage = Storage(settings.data_dir)
        self._memory_mb = settings.training_memory_mb
        self._report = report
        self._requests: dict[int, str] = {}
        self._is_closing = False

    def start(self, job: Message) -> None:
        name = f"session {job['session_id']}"
        threading.Thread(target=self._train, args=(job,), name=name, daemon=True).start()

    def request(self, session_id: int, what: str) -> None:
        self._requests[session_id] = what

    def keep_warm(self) -> None:
        if "backend.worker.jobs" not in sys.modules:
            threading.Thread(target=_import_jobs, name="warm-up", daemon=True).start()

    def close(self) -> None:
        self._is_closing = True

    def _train(self, job: Message) -> None:
        session_id = job["session_id"]
        try:
            jobs = _import_jobs()
            jobs.run_training(
                job,
                self._storage,
                lambda event: self._report(session_id, event),
                lambda: self._should_stop(session_id),
            )
        except _ServerIsClosing:
            log.info("session %s will be resumed at the next start", session_id)
            return
        self._requests.pop(session_id, None)
        self._report(session_id, {"event": "exited"})

    def _should_stop(self, session_id: int) -> str | None:
        from backend.worker.memory import over_limit_message, resident_mb

        if self._is_closing:
            raise _ServerIsClosing
        if self._memory_mb and resident_mb() > self._memory_mb:
            raise MemoryError(over_limit_message(self._memory_mb))
        return self._requests.get(session_id)


class _ServerIsClosing(BaseException):
    """Leaves a training as a kill would: with its checkpoint."""


def make_runner(settings: Settings, report: Report) -> Runner:
    """The runner that `EXOTRAIN_RUNNER` names."""
    kind = ThreadRunner if settings.runner == "thread" else ProcessRunner
    return kind(settings, report)


def _import_jobs() -> Any:
    from backend.worker import jobs

    return jobs


def _explain_exit(code: int) -> Message:
    if code == _KILLED:
        return {
            "reason": "out_of_memory",
            "message": "The system killed the training, most likely because the machine ran out "
            "of memory. Use a smaller dataset or batch_size, then retry.",
        }
    return {
        "reason": "crashed",
        "message": f"The training process ended without a result (exit code {code}); "
        "the server's log has its last output.",
    }
