"""Keeps the best epoch of failed sessions: a worker evaluates and saves it, and trains nothing.

It takes a place of a session. A keep has started while its row has a stage. Until the database
knows the model, the finished epochs stay: whatever fails, they can be kept again.
"""

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from backend import wire
from backend.background.cluster.needs import Place, needs_of
from backend.background.current_copies import CurrentCopies
from backend.background.session_end import record_model
from backend.background.session_starts import (
    CannotStart,
    describe_job,
    make_version_labels,
    new_model_file,
)
from backend.config import Settings
from backend.database import Database, finished_epochs, kept, models, sessions
from backend.database.connection import Record
from backend.storage.layout import Storage
from backend.training.spec import UnusableSpec

MAX_RESTARTS = 3

_REMOVAL_SECONDS = 3600.0

log = logging.getLogger(__name__)


class Keeping:
    """The keeps that wait or run. Used from the supervisor's thread alone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        copies: CurrentCopies,
        on_new_model: Callable[[Record], None],
    ) -> None:
        """Prepare only; `on_new_model` is called with each model that becomes current."""
        self._settings = settings
        self._database = database
        self._storage = storage
        self._copies = copies
        self._on_new_model = on_new_model
        self._removal_due = 0.0

    def recover(self) -> None:
        """Make files and database agree after a kill, and count the restarts of each keep."""
        with self._database.write() as connection:
            for session_id in self._storage.kept_checkpoints():
                session = sessions.find(connection, session_id)
                if session is not None and _is_useless(session):
                    self._remove_file(session_id)
            for session in kept.with_checkpoint(connection):
                if not self._storage.kept_checkpoint(session["id"]).exists():
                    _refuse(connection, session, _GONE)
                    kept.forget(connection, session["id"])
                elif kept.has_started(session):
                    _count_restart(connection, session)

    def take(
        self, running: Collection[int], place_for: Callable[[wire.Needs], Place]
    ) -> wire.Train | None:
        """Start the keep that waits longest, with a start and a model of its own.

        Args:
            running: sessions that have a worker.
            place_for: whether a session that reserves this has a place.

        Returns:
            None: none waits that has a place.
        """
        with self._database.write() as connection:
            for session in kept.requested(connection):
                if session["id"] in running:
                    continue
                if place_for(needs_of(session["spec"], self._settings)) == "now":
                    job = self._job(connection, session)
                    if job is not None:
                        return job
        return None

    def has_failed(self, error: CannotStart) -> None:
        """End a keep for which there was no worker; nothing, if the session is another one."""
        message = f"No worker could be started ({error.__cause__}). Try it again later."
        with self._database.write() as connection:
            session = sessions.find(connection, error.session_id)
            if session is not None and kept.is_requested(session):
                _refuse(connection, session, wire.encodable(message))

    def remove_old(self) -> None:
        """Remove the finished epochs of sessions that nobody kept in time; once an hour."""
        if time.monotonic() < self._removal_due:
            return
        with self._database.write() as connection:
            too_old = kept.too_old(connection, datetime.now(UTC))
            for session_id in too_old:
                kept.forget(connection, session_id)
        self._removal_due = time.monotonic() + _REMOVAL_SECONDS
        for session_id in too_old:
            log.info("session %d: its finished epochs are removed: their time is over", session_id)
            self._remove_file(session_id)

    def change(
        self, connection: Connection, session: Record, event: wire.ReportedEvent
    ) -> Callable[[], None] | None:
        """Write what an event of a failed session's latest start changes.

        Returns:
            What is to be done after the commit.
        """
        if not kept.has_started(session):  # cancelled, or it has ended
            return self._forget_model(connection, session, event)
        match event:
            case wire.Started():
                _on_started(connection, session, event)
            case wire.Stage():
                sessions.change(connection, session["id"], stage=event.stage)
            case wire.Evaluated():
                sessions.change(connection, session["id"], evaluation=event.evaluation)
            case wire.Saved():
                return self._on_saved(connection, session, event)
            case wire.Exited() if event.lost is not None:
                _count_restart(connection, session)  # it is tried again, elsewhere
                return self._forget_model(connection, session, event)
            case wire.Failed() | wire.Exited():
                _refuse(connection, session, event.message)
                return self._forget_model(connection, session, event)
            case _:
                pass  # nothing is learnt, and only a withdrawn keep is cancelled
        return None

    def _job(self, connection: Connection, session: Record) -> wire.Train | None:
        start = session["starts"] + 1
        model_file = new_model_file(connection, session)
        try:
            job = describe_job(session, start, model_file, self._settings, keep=True)
        except UnusableSpec as error:
            _refuse(connection, session, str(error))
            return None
        try:
            make_version_labels(connection, self._storage, session)
            if session["model_file"] is not None:
                self._storage.remove_model(session["model_file"])
        except OSError as error:
            raise CannotStart(session["id"]) from error
        sessions.change(
            connection, session["id"], stage="preparing", starts=start, model_file=model_file
        )
        return job

    def _on_saved(
        self, connection: Connection, session: Record, event: wire.Saved
    ) -> Callable[[], None]:
        model = record_model(connection, self._storage, session, event)
        sessions.change(connection, session["id"], request=None, stage=None, checkpoint_bytes=None)
        is_current = self._copies.write_if_current(connection, model)

        def afterwards() -> None:
            if is_current:
                self._on_new_model(model)
            self._remove_file(session["id"])

        return afterwards

    def _forget_model(
        self, connection: Connection, session: Record, event: wire.ReportedEvent
    ) -> Callable[[], None] | None:
        """Remove what a worker has written for nothing, once it writes no more."""
        file = session["model_file"]
        is_over = isinstance(event, wire.Exited) and file is not None
        if not is_over or models.of_session(connection, session["id"]) is not None:
            return None
        return partial(self._storage.remove_model, file)

    def _remove_file(self, session_id: int) -> None:
        """Remove finished epochs that no row knows any more; what stays goes at the next start."""
        try:
            self._storage.remove_kept_checkpoint(session_id)
        except OSError as error:
            log.warning("session %d: its finished epochs stay for now: %s", session_id, error)


def _is_useless(session: Record) -> bool:
    """Whether a kept checkpoint of a session is one that its row does not know.

    A kill came after the commit. A session that has not ended takes it back when it starts.
    """
    return session["status"] in sessions.ENDED and session["checkpoint_bytes"] is None


def give_up_keep(connection: Connection, session: Record, message: str) -> None:
    """End a keep whose event cannot be recorded; nothing, if none has started."""
    if kept.has_started(session):
        _refuse(connection, session, message)


def _on_started(connection: Connection, session: Record, event: wire.Started) -> None:
    """Show the epochs that the checkpoint has: a kill may have hidden one, or lost one."""
    session_id = session["id"]
    for each in event.history:
        finished_epochs.add(connection, session_id, each.epoch, each.metrics.model_dump())
    finished_epochs.forget_after(connection, session_id, event.resumed_from_epoch)
    restarts = session["starts_without_epoch"]
    sessions.change(connection, session_id, starts_without_epoch=restarts)


def _count_restart(connection: Connection, session: Record) -> None:
    restarts = session["starts_without_epoch"] + 1
    sessions.change(connection, session["id"], starts_without_epoch=restarts, stage=None)
    if restarts >= MAX_RESTARTS:
        _refuse(connection, session, _INTERRUPTED)


def _refuse(connection: Connection, session: Record, message: str) -> None:
    """Record that the best epoch could not be kept, and why; it can be tried again."""
    sessions.change(
        connection,
        session["id"],
        request=None,
        stage=None,
        evaluation=None,
        error={**session["error"], "keep_error": message},
    )


_GONE = "The file with the finished epochs of this session is missing. Retry the session."

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before the best epoch was saved. Keep it when "
    "the server can run without interruption."
)
