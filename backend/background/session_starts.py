"""From the queue to a job for a runner, and back: taken in turn, put back if it cannot start.

A session that an earlier server left in training goes first in the queue.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from backend import wire
from backend.background.cluster.needs import Place, needs_of
from backend.background.session_end import end_without_model, remove_files
from backend.config import Settings
from backend.database import Database, sessions
from backend.database.connection import Record
from backend.database.curves import view_jobs
from backend.database.labels import versions
from backend.database.schema import now
from backend.storage.layout import Storage
from backend.storage.version_labels import make
from backend.training.spec import UnusableSpec, reads_views, upgrade_spec

MAX_STARTS_WITHOUT_EPOCH = 3

# Between the attempts to start one session: seconds.
START_PAUSES = (1.0, 5.0, 15.0)

# Sessions that need what the cluster does not have, looked at for one that can start.
_MOST_PASSED_BY = 200

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """No worker, or no file, could be had for a session; the cause says why."""

    def __init__(self, session_id: int) -> None:
        super().__init__(f"session {session_id} cannot start")
        self.session_id = session_id


class SessionStarts:
    """The sessions that wait. Used from the supervisor's thread alone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        place_for: Callable[[wire.Needs], Place] = lambda _needs: "now",
    ) -> None:
        self._place_for = place_for
        self._settings = settings
        self._database = database
        self._storage = storage
        self._last_user_id = 0
        self._failures: dict[int, int] = {}  # session id: failed starts in a row
        self._due: dict[int, float] = {}  # session id: when it may be tried again
        self._failed: dict[int, BaseException | None] = {}  # session id: why, to be put back

    def recover(self) -> None:
        """Put the sessions that an earlier server left in training first in the queue."""
        with self._database.write() as connection:
            for session in sessions.with_status(connection, "training"):
                starts = session["starts_without_epoch"] + 1
                if session["request"] == "cancel":
                    end_without_model(connection, self._storage, session, "cancelled")
                elif starts >= MAX_STARTS_WITHOUT_EPOCH:
                    end_without_model(connection, self._storage, session, "failed", _interrupted())
                else:
                    sessions.change(
                        connection, session["id"], status="pending", starts_without_epoch=starts
                    )

    def reclaim(self, running: Collection[int]) -> None:
        """Put back the sessions in training that are not among the running ones."""
        with self._database.write() as connection:
            for session in sessions.with_status(connection, "training"):
                if session["id"] in running:
                    continue
                if session["request"] == "cancel":
                    end_without_model(connection, self._storage, session, "cancelled")
                else:
                    sessions.change(connection, session["id"], status="pending")

    def take(self) -> wire.Train | None:
        """Set the session whose turn it is to training, with a start and a model of its own.

        Returns:
            None: no session waits, but for those that are to be tried again later.

        Raises:
            CannotStart: its files could not be prepared; it still waits.
        """
        moment = time.monotonic()
        self._due = {each: due for each, due in self._due.items() if due > moment}
        no_place: set[int] = set()  # whatever ends: others may go before them
        while len(no_place) < _MOST_PASSED_BY:
            with self._database.write() as connection:
                passed_by = self._due.keys() | no_place
                session = sessions.next_pending(connection, self._last_user_id, passed_by)
                if session is None:
                    return None
                reads = reads_views(session["spec"])
                if reads and view_jobs.are_being_made_for(connection, session):
                    no_place.add(session["id"])
                    continue
                match self._place_for(needs_of(session["spec"], self._settings)):
                    case "later":
                        return None  # its turn comes when others have ended
                    case "never":
                        no_place.add(session["id"])
                        continue
                job = self._job(connection, session)
            self._last_user_id = session["turn_of"]
            if job is not None:
                return job
            remove_files(self._storage, session)
        return None

    def has_started(self, session_id: int) -> None:
        """A session that was taken has a worker."""
        self._failures.pop(session_id, None)
        self._due.pop(session_id, None)

    def has_failed(self, error: CannotStart) -> None:
        """Note a session that is to be put back."""
        self._failed[error.session_id] = error.__cause__

    def put_back(self) -> None:
        """Let the sessions that could not start wait and try again, or fail at the last attempt."""
        for session_id, error in list(self._failed.items()):
            self._put_back(session_id, error)
            del self._failed[session_id]

    @property
    def seconds_to_retry(self) -> float | None:
        """How long until a session may be tried again; None: no session waits for that."""
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _put_back(self, session_id: int, error: BaseException | None) -> None:
        failures = self._failures.get(session_id, 0) + 1
        is_last = failures > len(START_PAUSES)
        ended: Record | None = None
        with self._database.write() as connection:
            session = sessions.find(connection, session_id)
            waits = session is not None and session["status"] in ("pending", "training")
            if session is not None and waits:
                if session["request"] == "cancel":
                    end_without_model(connection, self._storage, session, "cancelled")
                    ended = session
                elif is_last:
                    failure = _no_worker(failures, error)
                    end_without_model(connection, self._storage, session, "failed", failure)
                    ended = session
                else:
                    sessions.change(connection, session_id, status="pending")
        if waits and ended is None:
            self._failures[session_id] = failures
            self._due[session_id] = time.monotonic() + START_PAUSES[failures - 1]
        else:
            self.has_started(session_id)  # it needs none any more
        if ended is not None:
            remove_files(self._storage, ended)

    def _job(self, connection: Connection, session: Record) -> wire.Train | None:
        """Set a pending session to training; one whose spec cannot be read has failed."""
        start = session["starts"] + 1
        model_file = new_model_file(connection, session)
        try:
            job = describe_job(session, start, model_file, self._settings)
        except UnusableSpec as error:
            log.error("session %s cannot start: %s", session["id"], error)
            failure = {"reason": "crashed", "message": str(error)}
            sessions.end(connection, session["id"], "failed", failure)  # and nothing can be kept
            return None
        if reads_views(session["spec"]):
            missing = view_jobs.why_missing_for(connection, session)
            if missing is not None:
                sessions.end(connection, session["id"], "failed", missing)
                return None
        try:
            self._prepare_files(connection, session, start)
        except OSError as error:
            raise CannotStart(session["id"]) from error
        sessions.change(
            connection,
            session["id"],
            status="training",
            stage="preparing",
            starts=start,
            model_file=model_file,
            started_at=session["started_at"] or now(),
        )
        return job

    def _prepare_files(self, connection: Connection, session: Record, start: int) -> None:
        # Before the commit: what an older start wrote is of no use to this one but for its
        # checkpoint, and a start that is tried again finds the same files.
        if session["model_file"] is not None:
            self._storage.remove_model(session["model_file"])
        make_version_labels(connection, self._storage, session)
        self._storage.take_back_checkpoint(session["id"], start)  # of an end that was not recorded
        self._storage.pass_on_checkpoint(session["id"], start)


def describe_job(
    session: Record, start: int, model_file: str, settings: Settings, *, keep: bool = False
) -> wire.Train:
    """Turn a session into a job for a runner.

    Args:
        session: its row.
        start: its number, from 1.
        model_file: from `new_model_file`.
        settings: of the server.
        keep: save the best epoch of its kept checkpoint, and train no further one.

    Raises:
        UnusableSpec: this version cannot read the stored spec.
    """
    return wire.Train(
        session_id=session["id"],
        start=start,
        workspace_id=session["workspace_id"],
        model_file=model_file,
        memory_mb=needs_of(session["spec"], settings).memory_mb,
        spec=upgrade_spec(session["spec"]),
        keep=keep,
    )


def make_version_labels(connection: Connection, storage: Storage, session: Record) -> None:
    """Make the labels of the version that a session trains on, where they are missing.

    Where the table or the version is gone there are none, which the worker says.

    Raises:
        OSError: they cannot be written.
    """
    sha256 = session["spec"].get("dataset_version_sha256")
    if sha256 is None:
        return
    # By its hash: the dataset may have been uploaded again, and number its versions otherwise.
    version = versions.find_by_hash(connection, session["dataset_id"] or 0, sha256)
    place = session["workspace_id"], session["spec"]["dataset_sha256"]
    table = storage.table(*place)
    if version is None or not table.is_file():
        return
    with contextlib.suppress(ValueError, EOFError):  # the worker says that the table is damaged
        make(table, dict(version["changes"]), storage.version_labels(*place, sha256))


def new_model_file(connection: Any, session: Record) -> str:
    """`<workspace id>/<model name>_<YYYYMMDD_HHMMSS>.keras`; the first free second from now on."""
    moment = datetime.now(UTC)
    while True:
        stem = f"{session['model_name']}_{moment:%Y%m%d_%H%M%S}"
        model_file = f"{session['workspace_id']}/{stem}.keras"
        if not sessions.model_file_is_taken(connection, model_file):
            return model_file
        moment += timedelta(seconds=1)


def _interrupted() -> Record:
    return {
        "reason": "interrupted",
        "message": f"The server was restarted {MAX_STARTS_WITHOUT_EPOCH} times before this "
        "session finished one new epoch. Retry it when the server can run without interruption.",
    }


def _no_worker(attempts: int, error: BaseException | None) -> Record:
    words = (
        f"The session could not start in {attempts} attempts "
        f"({type(error).__name__}: {str(error)[:500]}). Retry it later."
    )
    return {"reason": "crashed", "message": wire.encodable(words)}
