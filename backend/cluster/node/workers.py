"""The workers of a process on a node: a child that trains, and one that waits for the next session.

Ray keeps the process between sessions, and ends it with its children when it needs it no more.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from backend import wire
from backend.background.worker_process import WorkerProcess
from backend.background.workers.session_worker import SessionWorker
from backend.cluster.node.folder import NodeFolder

# How long a worker that was killed may take to be gone.
_GONE_SECONDS = 10.0

log = logging.getLogger(__name__)

Report = Callable[[wire.Train, wire.ReportedEvent], None]


class Worker:
    """A child process of `backend.worker` with a data folder of its own.

    Args:
        folder: of the node.
        needs: what its session reserves.

    Attributes:
        data: its data folder; put there what its job names before `begin`.
    """

    def __init__(self, folder: NodeFolder, needs: wire.Needs) -> None:
        self.needs = needs
        self.data: Path = folder.make_data_folder()
        self._folder = folder
        self._report: Report | None = None
        self._said: Callable[[bytes], None] | None = None
        try:
            process = WorkerProcess(self.data, needs.memory_mb, needs.cpus, self._print)
            self._worker = SessionWorker(process, self._pass_on, self._forget)
        except BaseException:
            folder.remove_data_folder(self.data)
            raise
        self.is_gone = False

    @property
    def has_learnt(self) -> bool:
        """Whether it has learnt a first batch."""
        return self._worker.has_learnt

    def begin(self, job: wire.Train, report: Report, said: Callable[[bytes], None]) -> bool:
        """Give it its job; False: it is gone, and takes none.

        Args:
            job: whose files are in its data folder.
            report: takes the events; the last is Exited.
            said: takes the lines that it prints.
        """
        self._report, self._said = report, said
        return self._worker.give(job)

    def stop(self) -> None:
        """Let it finish its epoch."""
        self._worker.stop()

    def tick(self, seconds: float) -> None:
        """Judge it by its heartbeats, every second or so."""
        self._worker.tick(seconds)

    def end(self) -> None:
        """End it now, and delete its data folder."""
        self._worker.kill()
        self._worker.wait_until_heard(_GONE_SECONDS)
        self._folder.remove_data_folder(self.data)

    def _pass_on(self, job: wire.Train, event: wire.ReportedEvent) -> None:
        if self._report is not None:
            self._report(job, event)

    def _print(self, line: bytes) -> None:
        if self._said is not None:
            self._said(line)

    def _forget(self, _worker: SessionWorker) -> None:
        self.is_gone = True


# Of this process; Ray runs one task at a time in it.
_waiting: list[Worker] = []


def take(folder: NodeFolder, needs: wire.Needs) -> Worker:
    """A worker for a session: the one that waits, if it is as the session needs it."""
    while _waiting:
        worker = _waiting.pop()
        if not worker.is_gone and worker.needs == needs:
            return worker
        worker.end()
    return Worker(folder, needs)


def prepare(folder: NodeFolder, needs: wire.Needs) -> None:
    """Have a worker wait for the next session; without one that starts more slowly."""
    if not _waiting:
        try:
            _waiting.append(Worker(folder, needs))
        except (OSError, RuntimeError, MemoryError) as error:
            log.warning("no worker can be prepared: %s", error)
