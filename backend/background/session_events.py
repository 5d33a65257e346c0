"""What each event of a session changes: one transaction reads the session and writes.

So no request of a user comes in between, and an event that could not be recorded is recorded whole
when it is tried again. What an older start reports, or a session that has ended, changes nothing.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import assert_never

from sqlalchemy import Connection

from backend import wire
from backend.background.attempts import is_passing
from backend.background.current_copies import CurrentCopies
from backend.background.keeping import Keeping, give_up_keep
from backend.background.session_end import end_without_model, record_model, remove_files
from backend.background.session_starts import MAX_STARTS_WITHOUT_EPOCH
from backend.database import Database, finished_epochs, sessions
from backend.database.connection import Record
from backend.storage.layout import Storage, model_path

# How often a session goes on from its checkpoint after its worker crashed.
MAX_CRASHES_RETRIED = 1

# How long an attempt to record an event waits for the lock when the server stops.
_LAST_PATIENCE = 0.25

Afterwards = Callable[[], None]

log = logging.getLogger(__name__)


class SessionEvents:
    """Records what runners report."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        copies: CurrentCopies,
        keeping: Keeping,
        on_new_model: Callable[[Record], None],
    ) -> None:
        """Prepare only; `on_new_model` is called with each model that becomes current."""
        self._database = database
        self._storage = storage
        self._copies = copies
        self._keeping = keeping
        self._on_new_model = on_new_model
        self.epochs = 0  # recorded since the start of the server

    def record(
        self,
        session_id: int,
        start: int,
        event: wire.ReportedEvent,
        patience: float | None = None,
    ) -> None:
        """Record an event; an exception leaves everything as it was, until the commit.

        Args:
            session_id, start, event: what a runner reports.
            patience: as of `Database.write`.
        """
        afterwards: Afterwards | None = None
        with self._database.write(patience) as connection:
            session = _of_start(connection, session_id, start)
            if session is not None:
                afterwards = self._change(connection, session, event)
        if afterwards is not None:
            afterwards()

    def record_before(
        self, deadline: float, session_id: int, start: int, event: wire.ReportedEvent
    ) -> None:
        """Record an event when the server stops: `deadline` is a time of `time.monotonic`."""
        while time.monotonic() < deadline:
            try:
                return self.record(session_id, start, event, _LAST_PATIENCE)
            except Exception as error:
                log.warning("session %s: %s: %s", session_id, event.event, error)
                if not is_passing(error):
                    return None
        return None

    def give_up(
        self, session_id: int, start: int, event: wire.ReportedEvent, error: Exception
    ) -> None:
        """Fail a session whose event cannot be recorded; a model that it has saved stays."""
        with self._database.write() as connection:
            session = _of_start(connection, session_id, start)
            if session is None:
                return
            if session["status"] == "failed":
                return give_up_keep(connection, session, _unrecorded(event, error))
            if session["request"] == "cancel":
                end_without_model(connection, self._storage, session, "cancelled")
            else:
                message = _unrecorded(event, error)
                if isinstance(event, wire.Saved) and session["model_file"] is not None:
                    message = self._set_aside(session["model_file"], error)
                failure = {"reason": "crashed", "message": message}
                if isinstance(event, wire.Saved):
                    sessions.change(connection, session_id, model_file=None)
                    session["model_file"] = None
                end_without_model(connection, self._storage, session, "failed", failure)
        remove_files(self._storage, session)

    def _set_aside(self, model_file: str, error: Exception) -> str:
        """Let the model stay that a session has saved, if possible; says where it is."""
        try:
            model_file = self._storage.set_aside_model(model_file)
            until = "stays"
        except OSError as failure:
            if is_passing(failure):
                raise
            log.error("%s cannot be renamed: %s", model_path(model_file), failure)
            until = "stays until the server is started again: copy it before"
        return (
            f"The model was trained, but could not be recorded {_named(error)}. Its file, "
            f"{model_path(model_file)} in the data folder, {until}. Retry the session."
        )

    def _change(
        self, connection: Connection, session: Record, event: wire.ReportedEvent
    ) -> Afterwards | None:
        """Write what an event changes; return what is to be done after the commit."""
        if session["status"] == "failed":
            return self._keeping.change(connection, session, event)
        session_id = session["id"]
        match event:
            case wire.Started():
                _on_started(connection, session, event)
            case wire.Batch():
                done, batches = event.batches_done, event.batches
                sessions.change(connection, session_id, batches_done=done, batches=batches)
            case wire.Epoch():
                metrics = event.metrics.model_dump()
                finished_epochs.add(connection, session_id, event.epoch, metrics)
                return self._count_epoch
            case wire.Stage():
                sessions.change(connection, session_id, stage=event.stage)
            case wire.Evaluated():
                sessions.change(connection, session_id, evaluation=event.evaluation)
            case wire.Saved() if session["request"] != "cancel":
                return self._on_saved(connection, session, event)
            case wire.Saved() | wire.Cancelled() | wire.Failed() | wire.Exited():
                return self._on_end(connection, session, event)
            case _:
                assert_never(event)
        return None

    def _count_epoch(self) -> None:
        self.epochs += 1

    def _on_saved(self, connection: Connection, session: Record, event: wire.Saved) -> Afterwards:
        model = record_model(connection, self._storage, session, event)
        sessions.end(connection, session["id"], "completed")
        is_current = self._copies.write_if_current(connection, model)

        def afterwards() -> None:
            if is_current:
                self._on_new_model(model)
            # Only now: without the model the checkpoint is all that there is of the session.
            self._storage.remove_checkpoint(session["id"])

        return afterwards

    def _on_end(
        self,
        connection: Connection,
        session: Record,
        event: wire.Saved | wire.Cancelled | wire.Failed | wire.Exited,
    ) -> Afterwards | None:
        """The session has no model, unless a crashed one goes on from its checkpoint."""
        if session["request"] == "cancel" or isinstance(event, wire.Saved | wire.Cancelled):
            end_without_model(connection, self._storage, session, "cancelled")
        elif _goes_on_elsewhere(connection, session, event):
            return None
        elif (
            isinstance(event, wire.Exited)
            and event.may_retry
            and event.lost is None
            and session["crashes"] < MAX_CRASHES_RETRIED
        ):
            crashes = session["crashes"] + 1
            sessions.change(connection, session["id"], status="pending", crashes=crashes)
            return None
        else:
            message = _failure(session, event)
            failure = {"reason": event.reason, "message": message}
            end_without_model(connection, self._storage, session, "failed", failure)
        return partial(remove_files, self._storage, session)


def _goes_on_elsewhere(
    connection: Connection, session: Record, event: wire.Failed | wire.Exited
) -> bool:
    """Let a session wait again that has lost its node, or the cluster, and so did not fail.

    One that loses its node again and again, without an epoch in between, may be the reason.
    """
    lost = event.lost if isinstance(event, wire.Exited) else None
    starts = session["starts_without_epoch"] + (lost == "node")
    if lost is None or (lost == "node" and starts >= MAX_STARTS_WITHOUT_EPOCH):
        return False
    sessions.change(connection, session["id"], status="pending", starts_without_epoch=starts)
    return True


def _of_start(connection: Connection, session_id: int, start: int) -> Record | None:
    """A session in training, or one whose best epoch is kept, if this is its latest start."""
    session = sessions.find(connection, session_id)
    if session is None or session["starts"] != start:
        return None
    return session if session["status"] in ("training", "failed") else None


def _on_started(connection: Connection, session: Record, event: wire.Started) -> None:
    # A server that was killed may have missed an epoch that is in the checkpoint.
    has_new_epoch = event.resumed_from_epoch > session["epochs_completed"]
    starts = 0 if has_new_epoch else session["starts_without_epoch"]
    for each in event.history:
        finished_epochs.add(connection, session["id"], each.epoch, each.metrics.model_dump())
    finished_epochs.forget_after(connection, session["id"], event.resumed_from_epoch)
    sessions.change(
        connection,
        session["id"],
        stage="learning",
        training=event.model_dump(exclude={"event", "history"}),
        batches=event.batches,
        starts_without_epoch=starts,  # recording the history again is no new epoch
    )


def _failure(session: Record, event: wire.Failed | wire.Exited) -> str:
    if isinstance(event, wire.Exited) and session["crashes"]:
        return (
            f"{event.message} It had ended so once before, and was started again from its last "
            "finished epoch."
        )
    return event.message


def _unrecorded(event: wire.ReportedEvent, error: Exception) -> str:
    what = f"What the session reported ({event.event})"
    return f"{what} could not be recorded {_named(error)}. Retry it."


def _named(error: Exception) -> str:
    return wire.encodable(f"({type(error).__name__}: {str(error)[:300]})")
