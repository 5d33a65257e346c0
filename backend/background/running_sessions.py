"""The sessions that a runner has, and what it was asked to do with them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from backend import wire
from backend.background.runners import Runner
from backend.background.session_starts import CannotStart
from backend.database import Database, sessions
from backend.database.connection import Record
from backend.database.kept import has_started


@dataclass
class _Running:
    """A session that a runner has.

    Attributes:
        start: the number of its start.
        keep: whether its best epoch is kept, and nothing trained.
        passed_on: the request that the runner knows of.
    """

    start: int
    keep: bool = False
    passed_on: wire.RequestedEnd | None = None


class RunningSessions(Collection[int]):
    """The ids of the sessions that a runner has; starts them, and passes on requests."""

    def __init__(self, database: Database, runner: Runner) -> None:
        self._database = database
        self._runner = runner
        self._running: dict[int, _Running] = {}

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._running

    def __iter__(self) -> Iterator[int]:
        return iter(self._running)

    def __len__(self) -> int:
        return len(self._running)

    def start(self, job: wire.Train) -> None:
        """Give a session to the runner.

        Raises:
            CannotStart: the runner could not take it.
        """
        self._running[job.session_id] = _Running(job.start, job.keep)
        try:
            self._runner.start(job)
        except BaseException as error:
            del self._running[job.session_id]
            if isinstance(error, Exception):
                raise CannotStart(job.session_id) from error
            raise

    def forward_requests(self) -> None:
        """Ask the runner for what the rows of its sessions ask for, once each."""
        with self._database.read() as connection:
            found = sessions.requests_of(connection, self._running)
        for session_id, running in self._running.items():
            request = _requested(found.get(session_id), running.keep)
            if request is not None and request != running.passed_on:
                self._runner.request(session_id, request)
                running.passed_on = request

    def has_exited(self, session_id: int, start: int) -> None:
        """Forget a session, unless the runner has a later start of it."""
        running = self._running.get(session_id)
        if running is not None and running.start == start:
            del self._running[session_id]


def _requested(session: Record | None, keep: bool) -> wire.RequestedEnd | None:
    """What a runner is to do with a session that it has; a keep that is not wanted ends."""
    if keep:
        return None if session is not None and has_started(session) else "cancel"
    if session is None or session["status"] != "training":
        return None
    return session["request"]
