"""Runs sessions in threads of the server, for hosts where processes cannot be started."""

import logging
import sys
import threading
from functools import cache
from typing import Any

from backend import wire
from backend.background.worker_log import filtered_stderr
from backend.background.workers.reports import Report, exited_because
from backend.background.workers.this_machine import ThisMachine
from backend.config import Settings
from backend.storage.layout import Storage

log = logging.getLogger(__name__)


class ThreadRunner(ThisMachine):
    """Keras in the server: a `runners.Runner`."""

    def __init__(self, settings: Settings, report: Report) -> None:
        self._storage = Storage(settings.data_dir)
        self._memory_mb = settings.training_memory_mb
        self._report = report
        self._requests: dict[int, wire.RequestedEnd] = {}
        self._is_closing = False

    def start(self, job: wire.Train) -> None:
        self._requests.pop(job.session_id, None)  # of an earlier start
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


@cache
def import_jobs() -> Any:
    """`backend.worker.jobs`, and with it TensorFlow, in this process."""
    from backend.training import keras_setup
    from backend.worker import jobs

    with filtered_stderr():
        keras_setup.open_devices()
    return jobs
