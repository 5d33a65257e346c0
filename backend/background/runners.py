"""Runs each session in its own child process, or in a thread of the server.

A runner is started with jobs and reports their events, with the session's id and the number of its
start. After the last event of a job it reports `Exited`, once.
"""

import logging
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, assert_never

from backend import wire
from backend.background.worker_log import filtered_stderr
from backend.background.worker_process import WorkerProcess
from backend.config import Settings
from backend.storage.layout import Storage

Report = Callable[[int, int, wire.ReportedEvent], None]

_KILLED = -9

# A dead worker's pipe is read at once, unless a process that it started keeps it open.
_LISTENER_SECONDS = 0.5

log = logging.getLogger(__name__)


class Runner(Protocol):
    """Trains sessions. All calls come from one thread that lives as long as the server."""

    def start(self, job: wire.Train) -> None:
        """Start training this job's session."""

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        """Ask a session to `stop` after its epoch, or to `cancel` now."""

    def keep_warm(self) -> None:
        """Prepare a worker, so that the next session starts quickly."""

    def close(self) -> None:
        """End every session now; its checkpoint stays."""


class ProcessRunner:
    """A child process for each session: its memory is freed, and its crash harms no other."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._settings = settings
        self._report = report
        self._warm: list[WorkerProcess] = []
        self._running: dict[int, WorkerProcess] = {}
        self._listeners: dict[int, threading.Thread] = {}
        self._before_first_batch: set[int] = set()

    def start(self, job: wire.Train) -> None:
        worker = self._take_warm() or self._spawn()
        self._running[job.session_id] = worker
        self._before_first_batch.add(job.session_id)
        listener = threading.Thread(
            target=self._listen,
            args=(job.session_id, job.start, worker),
            name=f"session {job.session_id}",
        )
        try:
            worker.send(job)
            self._listeners[job.session_id] = listener
            listener.start()
        except Exception:  # nobody would hear of this worker again
            del self._running[job.session_id]
            self._listeners.pop(job.session_id, None)
            worker.kill()
            worker.wait()
            raise

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        worker = self._running.get(session_id)
        if worker is None:
            return
        match what:
            case "cancel":
                worker.kill()  # nothing in it is worth waiting for
            case "stop":
                worker.send(wire.Stop())
            case _:
                assert_never(what)

    def keep_warm(self) -> None:
        # A new worker takes a core for seconds: it must not delay a session that starts. Each event
        # of a session comes back here.
        if self._before_first_batch & self._running.keys():
            return
        self._warm = [worker for worker in self._warm if worker.is_alive]
        while len(self._warm) < self._settings.warm_workers:
            self._warm.append(self._spawn())

    def close(self) -> None:
        workers = [*self._warm, *self._running.values()]
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait_briefly()
        for listener in list(self._listeners.values()):  # what a worker reported is passed on
            listener.join(_LISTENER_SECONDS)

    def _spawn(self) -> WorkerProcess:
        return WorkerProcess(self._settings.data_dir, self._settings.training_memory_mb)

    def _take_warm(self) -> WorkerProcess | None:
        while self._warm:
            worker = self._warm.pop(0)
            if worker.is_alive:
                return worker
        return None

    def _listen(self, session_id: int, start: int, worker: WorkerProcess) -> None:
        try:
            for event in worker.events():
                if isinstance(event, wire.Batch):
                    self._before_first_batch.discard(session_id)
                if not isinstance(event, wire.Ready):
                    self._report(session_id, start, _of_session(event))
        except wire.Malformed as error:
            log.error("session %s: its worker is killed. %s", session_id, error)
            worker.kill()
            failed = wire.Failed(reason="crashed", message=_explain(error))
            self._report(session_id, start, failed)
        code = worker.wait()
        self._running.pop(session_id, None)
        self._listeners.pop(session_id, None)
        self._before_first_batch.discard(session_id)
        self._report(session_id, start, _explain_exit(code))


class ThreadRunner:
    """Keras in threads of the server, for hosts where processes cannot be started."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._storage = Storage(settings.data_dir)
        self._memory_mb = settings.training_memory_mb
        self._report = report
        self._requests: dict[int, wire.RequestedEnd] = {}
        self._is_closing = False

    def start(self, job: wire.Train) -> None:
        name = f"session {job.session_id}"
        threading.Thread(target=self._train, args=(job,), name=name, daemon=True).start()

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        self._requests[session_id] = what

    def keep_warm(self) -> None:
        if "backend.worker.jobs" not in sys.modules:
            threading.Thread(target=import_jobs, name="warm-up", daemon=True).start()

    def close(self) -> None:
        self._is_closing = True

    def _train(self, job: wire.Train) -> None:
        session_id = job.session_id
        exited = wire.Exited()
        try:
            jobs = import_jobs()
            jobs.train_session(
                job,
                self._storage,
                lambda event: self._report(session_id, job.start, event),
                lambda: self._should_stop(session_id),
            )
        except _ServerIsClosing:
            log.info("session %s will be resumed at the next start", session_id)
            return
        except Exception as error:
            log.exception("session %s ended without a result", session_id)
            exited = exited_because("The session ended without a result", error)
        self._requests.pop(session_id, None)
        self._report(session_id, job.start, exited)

    def _should_stop(self, session_id: int) -> wire.RequestedEnd | None:
        from backend.worker.memory import OverLimit, over_limit_message, resident_mb

        if self._is_closing:
            raise _ServerIsClosing
        if self._memory_mb and resident_mb() > self._memory_mb:
            raise OverLimit(over_limit_message(self._memory_mb))
        return self._requests.get(session_id)


class _ServerIsClosing(BaseException):
    """Ends a session as a kill would: its checkpoint stays."""


def make_runner(settings: Settings, report: Report) -> Runner:
    """The runner that `EXOTRAIN_RUNNER` names."""
    kind = ThreadRunner if settings.runner == "thread" else ProcessRunner
    return kind(settings, report)


@cache
def import_jobs() -> Any:
    """`backend.worker.jobs`, and with it TensorFlow, in this process."""
    from backend.training import keras_setup
    from backend.worker import jobs

    with filtered_stderr():
        keras_setup.open_devices()
    return jobs


def exited_because(what: str, error: Exception) -> wire.Exited:
    """The last event of a session that an exception of the server's own ended."""
    words = f"{what} ({type(error).__name__}: {str(error)[:500]}). Retry it later."
    return wire.Exited(message=wire.encodable(words))


def _of_session(event: wire.Event) -> wire.SessionEvent:
    if not isinstance(event, wire.SessionEvent):
        raise wire.Malformed(f"Expected an event of a session, received {event!r:.200}")
    return event


def _explain(error: wire.Malformed) -> str:
    return f"The session's worker sent a message that the server does not understand. {error}"


def _explain_exit(code: int) -> wire.Exited:
    if code == _KILLED:
        return wire.Exited(
            reason="out_of_memory",
            message="The system killed the session, most likely because the machine ran out of "
            "memory. Use a smaller dataset or batch_size, then retry.",
        )
    return wire.Exited(
        reason="crashed",
        message=f"The session's process ended without a result (exit code {code}); "
        "the server's log has its last output.",
    )
