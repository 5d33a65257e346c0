"""The session queue: starts waiting sessions, records events, resumes after a restart.

One thread, the only one that changes a session after it was started. It sleeps until a runner
reports an event or `notify` is called.
"""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from backend import wire
from backend.background.runners import Runner, exited_because, make_runner
from backend.config import Settings
from backend.database import Database, models, sessions
from backend.database.connection import DatabaseBusy, Record
from backend.database.schema import now
from backend.storage.layout import Storage
from backend.training.spec import UnusableSpec, upgrade_spec

MAX_STARTS_WITHOUT_EPOCH = 3

_RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Supervisor:
    """Trains the pending sessions, `EXOTRAIN_TRAININGS` at once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        on_new_model: Callable[[Record], None],
    ) -> None:
        """Prepare only; `on_new_model` is called with each model that becomes current."""
        self._settings = settings
        self._database = database
        self._storage = storage
        self._on_new_model = on_new_model
        self._inbox: queue.Queue[tuple[int, int, wire.ReportedEvent] | None] = queue.Queue()
        self._runner: Runner = make_runner(settings, self._report)
        # session id: the request that was passed on
        self._running: dict[int, wire.RequestedEnd | None] = {}
        self._last_user_id = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Resume interrupted sessions, then work through the queue until `close`."""
        self._thread.start()

    def notify(self) -> None:
        """Check the database: a session was added, or its `request` was set."""
        self._inbox.put(None)

    def close(self) -> None:
        """End the running sessions; they are resumed at the next start."""
        self._is_closing = True
        self.notify()
        self._thread.join()

    def _report(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        self._inbox.put((session_id, start, event))

    def _run(self) -> None:
        self._persist(self._recover)
        while not self._is_closing:
            self._persist(self._start_pending)
            self._persist(self._forward_requests)
            self._persist(self._runner.keep_warm)
            message = self._inbox.get()
            if message is not None and not self._is_closing:
                self._persist(self._handle, *message)
        self._runner.close()

    def _persist(self, action: Callable[..., None], *arguments: Any) -> None:
        """Call it, repeatedly while the database cannot be written: no event may be lost."""
        while not self._is_closing:
            try:
                return action(*arguments)
            except (OperationalError, DatabaseBusy):
                log.exception("the database cannot be written; trying again")
                threading.Event().wait(_RETRY_SECONDS)
            except Exception:
                log.exception("%s%s failed", action.__name__, arguments)
                return None
        return None

    def _recover(self) -> None:
        """Put the sessions that an earlier server left in training first in the queue."""
        with self._database.write() as connection:
            for session in sessions.with_status(connection, "training"):
                starts = session["starts_without_epoch"] + 1
                if session["request"] == "cancel":
                    self._discard(session)
                    sessions.end(connection, session["id"], "cancelled")
                elif starts >= MAX_STARTS_WITHOUT_EPOCH:
                    self._discard(session)
                    sessions.end(connection, session["id"], "failed", _interrupted())
                else:
                    sessions.change(
                        connection, session["id"], status="pending", starts_without_epoch=starts
                    )

    def _start_pending(self) -> None:
        while len(self._running) < self._settings.trainings:
            with self._database.write() as connection:
                session = sessions.next_pending(connection, self._last_user_id)
                if session is None:
                    return
                job = self._take(connection, session)
            self._last_user_id = session["turn_of"]
            if job is not None:
                self._start(job)

    def _take(self, connection: Connection, session: Record) -> wire.Train | None:
        """Set a pending session to training; one whose spec cannot be read has failed."""
        start = session["starts"] + 1
        model_file = _new_model_file(connection, session)
        try:
            job = describe_job(session, start, model_file, self._settings)
        except UnusableSpec as error:
            log.error("session %s cannot start: %s", session["id"], error)
            self._discard(session)
            failure = {"reason": "crashed", "message": str(error)}
            sessions.end(connection, session["id"], "failed", failure)
            return None
        # Before the commit: what an older start wrote is of no use to this one but for its
        # checkpoint, and a start that is tried again finds the same files.
        if session["model_file"] is not None:
            self._storage.remove_model(session["model_file"])
        self._storage.pass_on_checkpoint(session["id"], start)
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

    def _start(self, job: wire.Train) -> None:
        self._running[job.session_id] = None
        try:
            self._runner.start(job)
        except Exception as error:
            log.exception("session %s cannot start", job.session_id)
            self._report(
                job.session_id, job.start, exited_because("The session could not start", error)
            )

    def _forward_requests(self) -> None:
        with self._database.read() as connection:
            for session_id, passed_on in list(self._running.items()):
                session = sessions.find(connection, session_id)
                if session is not None and session["request"] not in (None, passed_on):
                    self._running[session_id] = session["request"]
                    self._runner.request(session_id, session["request"])

    def _handle(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        with self._database.read() as connection:
            session = sessions.find(connection, session_id)
        if isinstance(event, wire.Exited):
            self._running.pop(session_id, None)
        if session is None or session["status"] != "training" or session["starts"] != start:
            return
        match event:
            case wire.Started():
                self._on_started(session, event)
            case wire.Batch():
                self._on_batch(session, event)
            case wire.Epoch():
                self._on_epoch(session, event)
            case wire.Stage():
                self._on_stage(session, event)
            case wire.Evaluated():
                self._on_evaluated(session, event)
            case wire.Saved():
                self._on_saved(session, event)
            case wire.Cancelled():
                self._end_without_model(session, "cancelled", None)
            case wire.Failed():
                self._on_failed(session, event)
            case wire.Exited():
                self._on_exited(session, event)
            case _:
                assert_never(event)

    def _on_started(self, session: Record, event: wire.Started) -> None:
        # A server that was killed may have missed an epoch that is in the checkpoint.
        has_new_epoch = event.resumed_from_epoch > session["epochs_completed"]
        starts = 0 if has_new_epoch else session["starts_without_epoch"]
        with self._database.write() as connection:
            for each in event.history:
                sessions.add_epoch(connection, session["id"], each.epoch, each.metrics.model_dump())
            sessions.forget_epochs_after(connection, session["id"], event.resumed_from_epoch)
            sessions.change(
                connection,
                session["id"],
                stage="learning",
                training=event.model_dump(exclude={"event", "history"}),
                batches=event.batches,
                starts_without_epoch=starts,  # recording the history again is no new epoch
            )

    def _on_batch(self, session: Record, event: wire.Batch) -> None:
        with self._database.write() as connection:
            sessions.change(
                connection,
                session["id"],
                batches_done=event.batches_done,
                batches=event.batches,
            )

    def _on_epoch(self, session: Record, event: wire.Epoch) -> None:
        with self._database.write() as connection:
            sessions.add_epoch(connection, session["id"], event.epoch, event.metrics.model_dump())

    def _on_stage(self, session: Record, event: wire.Stage) -> None:
        with self._database.write() as connection:
            sessions.change(connection, session["id"], stage=event.stage)

    def _on_evaluated(self, session: Record, event: wire.Evaluated) -> None:
        with self._database.write() as connection:
            sessions.change(connection, session["id"], evaluation=event.evaluation)

    def _on_saved(self, session: Record, event: wire.Saved) -> None:
        if session["request"] == "cancel":
            return self._end_without_model(session, "cancelled", None)
        file = session["model_file"]
        with self._database.write() as connection:
            model = models.create(
                connection,
                session["workspace_id"],
                session_id=session["id"],
                name=session["model_name"],
                file=file,
                sha256=event.sha256,
                file_size=self._storage.model(file).stat().st_size,
                stored_bytes=self._storage.model_bytes(file),
                manifest=event.manifest,
            )
            sessions.change(
                connection,
                session["id"],
                metrics=event.metrics.model_dump(),
                best_epoch=event.best_epoch,
            )
            sessions.end(connection, session["id"], "completed")
            is_current = models.is_current(connection, model)
            if is_current:  # the file before the commit: a reader of the row finds the file
                self._storage.promote(session["workspace_id"], file)
        self._storage.remove_checkpoint(session["id"])
        if is_current:
            self._on_new_model(model)
        return None

    def _on_failed(self, session: Record, event: wire.Failed | wire.Exited) -> None:
        error = {"reason": event.reason, "message": event.message}
        self._end_without_model(session, "failed", error)

    def _on_exited(self, session: Record, event: wire.Exited) -> None:
        if session["request"] == "cancel":
            self._end_without_model(session, "cancelled", None)
        else:
            self._on_failed(session, event)

    def _end_without_model(self, session: Record, status: str, error: Record | None) -> None:
        self._discard(session)
        with self._database.write() as connection:
            sessions.end(connection, session["id"], status, error)

    def _discard(self, session: Record) -> None:
        self._storage.remove_checkpoint(session["id"])
        if session["model_file"] is not None:
            self._storage.remove_model(session["model_file"])


def describe_job(session: Record, start: int, model_file: str, settings: Settings) -> wire.Train:
    """Turn a session into a job for a runner.

    Raises:
        UnusableSpec: this version cannot read the stored spec.
    """
    return wire.Train(
        session_id=session["id"],
        start=start,
        workspace_id=session["workspace_id"],
        model_file=model_file,
        memory_mb=settings.training_memory_mb,
        spec=upgrade_spec(session["spec"]),
    )


def _new_model_file(connection: Any, session: Record) -> str:
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
