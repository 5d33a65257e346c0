"""The queue of trainings: starts what waits, records what runs, resumes what was interrupted.

One thread, the only one that changes a session after it was started. It sleeps until a runner
reports an event or `notify` is called.
"""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from backend.background.runners import Runner, make_runner
from backend.config import Settings
from backend.database import Database, models, sessions
from backend.database.schema import now
from backend.storage.layout import Storage

Message = dict[str, Any]

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
        on_new_model: Callable[[Message], None],
    ) -> None:
        """Prepare; `start` begins. `on_new_model` is told of each model that becomes current."""
        self._settings = settings
        self._database = database
        self._storage = storage
        self._on_new_model = on_new_model
        self._inbox: queue.Queue[tuple[int, Message] | None] = queue.Queue()
        self._runner: Runner = make_runner(settings, self._report)
        self._running: dict[int, str | None] = {}  # session id: the request that it was told
        self._last_workspace_id = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Take up interrupted trainings, then work the queue until `close`."""
        self._thread.start()

    def notify(self) -> None:
        """Look at the database: a session was added, or its `request` was set."""
        self._inbox.put(None)

    def close(self) -> None:
        """End the trainings under way; they are resumed at the next start."""
        self._is_closing = True
        self.notify()
        self._thread.join()

    def _report(self, session_id: int, event: Message) -> None:
        self._inbox.put((session_id, event))

    def _run(self) -> None:
        self._persist(self._recover)
        while not self._is_closing:
            self._persist(self._start_pending)
            self._persist(self._forward_requests)
            self._runner.keep_warm()
            message = self._inbox.get()
            if message is not None and not self._is_closing:
                self._persist(self._handle, *message)
        self._runner.close()

    def _persist(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do it, and again while the database cannot be written: an event must not be lost."""
        while not self._is_closing:
            try:
                return action(*arguments)
            except OperationalError:
                log.exception("the database cannot be written; trying again")
                threading.Event().wait(_RETRY_SECONDS)
            except Exception:
                log.exception("%s%s failed", action.__name__, arguments)
                return None
        return None

    def _recover(self) -> None:
        """Queue what an earlier server left in training, before all others."""
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
                session = sessions.next_pending(connection, self._last_workspace_id)
                if session is None:
                    return
                model_file = session["model_file"] or _new_model_file(connection, session)
                sessions.change(
                    connection,
                    session["id"],
                    status="training",
                    stage="preparing",
                    model_file=model_file,
                    started_at=session["started_at"] or now(),
                )
            self._last_workspace_id = session["workspace_id"]
            self._running[session["id"]] = None
            self._runner.start(describe_job(session, model_file, self._settings))

    def _forward_requests(self) -> None:
        with self._database.read() as connection:
            for session_id, told in list(self._running.items()):
                session = sessions.find(connection, session_id)
                if session is not None and session["request"] not in (None, told):
                    self._running[session_id] = session["request"]
                    self._runner.request(session_id, session["request"])

    def _handle(self, session_id: int, event: Message) -> None:
        with self._database.read() as connection:
            session = sessions.find(connection, session_id)
        is_over = session is None or session["status"] != "training"
        if event["event"] == "exited":
            self._running.pop(session_id, None)
        if is_over:
            return
        assert session is not None
        handlers = {
            "started": self._on_started,
            "batch": self._on_batch,
            "epoch": self._on_epoch,
            "stage": self._on_stage,
            "evaluated": self._on_evaluated,
            "saved": self._on_saved,
            "cancelled": self._on_cancelled,
            "failed": self._on_failed,
            "exited": self._on_exited,
        }
        handlers[event.pop("event")](session, event)

    def _on_started(self, session: Message, event: Message) -> None:
        # A server that is killed may miss an epoch that the checkpoint has: the trainer tells it.
        history = event.pop("history", [])
        with self._database.write() as connection:
            for epoch in history:
                sessions.add_epoch(connection, session["id"], epoch["epoch"], _metrics(epoch))
            sessions.forget_epochs_after(
                connection, session["id"], event.get("resumed_from_epoch") or 0
            )
            sessions.change(
                connection,
                session["id"],
                stage="learning",
                training=event,
                batches=event.get("batches") or 0,
            )

    def _on_batch(self, session: Message, event: Message) -> None:
        with self._database.write() as connection:
            sessions.change(
                connection,
                session["id"],
                batches_done=event["batches_done"],
                batches=event["batches"],
            )

    def _on_epoch(self, session: Message, event: Message) -> None:
        with self._database.write() as connection:
            sessions.add_epoch(connection, session["id"], event["epoch"], _metrics(event))

    def _on_stage(self, session: Message, event: Message) -> None:
        with self._database.write() as connection:
            sessions.change(connection, session["id"], stage=event["stage"])

    def _on_evaluated(self, session: Message, event: Message) -> None:
        with self._database.write() as connection:
            sessions.change(connection, session["id"], evaluation=event["evaluation"])

    def _on_saved(self, session: Message, event: Message) -> None:
        if session["request"] == "cancel":
            return self._on_cancelled(session, event)
        file = session["model_file"]
        with self._database.write() as connection:
            model = models.create(
                connection,
                session["workspace_id"],
                session_id=session["id"],
                name=session["model_name"],
                file=file,
                sha256=event["sha256"],
                file_size=self._storage.model(file).stat().st_size,
                manifest=event["manifest"],
            )
            sessions.change(
                connection,
                session["id"],
                metrics=event["metrics"],
                best_epoch=event["best_epoch"],
            )
            sessions.end(connection, session["id"], "completed")
            is_current = models.is_current(connection, model)
            if is_current:  # the file before the commit: a reader of the row finds the file
                self._storage.promote(session["workspace_id"], file)
        self._storage.remove_checkpoint(session["id"])
        if is_current:
            self._on_new_model(model)
        return None

    def _on_cancelled(self, session: Message, event: Message) -> None:
        self._end_without_model(session, "cancelled", None)

    def _on_failed(self, session: Message, event: Message) -> None:
        error = {"reason": event["reason"], "message": event["message"]}
        self._end_without_model(session, "failed", error)

    def _on_exited(self, session: Message, event: Message) -> None:
        if session["request"] == "cancel":
            self._on_cancelled(session, event)
        else:
            fallback = {"reason": "crashed", "message": "The training ended without a result."}
            self._on_failed(session, {**fallback, **event})

    def _end_without_model(self, session: Message, status: str, error: Message | None) -> None:
        self._discard(session)
        with self._database.write() as connection:
            sessions.end(connection, session["id"], status, error)

    def _discard(self, session: Message) -> None:
        self._storage.remove_checkpoint(session["id"])
        if session["model_file"] is not None:
            self._storage.remove_model(session["model_file"])


def describe_job(session: Message, model_file: str, settings: Settings) -> Message:
    """A session as the JSON object that a runner takes; it names files, but no paths."""
    return {
        **session["spec"],
        "session_id": session["id"],
        "workspace_id": session["workspace_id"],
        "model_name": session["model_name"],
        "model_file": model_file,
        "memory_mb": settings.training_memory_mb,
    }


def _new_model_file(connection: Any, session: Message) -> str:
    """`<workspace id>/<model name>_<YYYYMMDD_HHMMSS>.keras`; the first free second from now on."""
    moment = datetime.now(UTC)
    while True:
        stem = f"{session['model_name']}_{moment:%Y%m%d_%H%M%S}"
        model_file = f"{session['workspace_id']}/{stem}.keras"
        if not sessions.model_file_is_taken(connection, model_file):
            return model_file
        moment += timedelta(seconds=1)


def _metrics(event: Message) -> Message:
    return {name: value for name, value in event.items() if name != "epoch"}


def _interrupted() -> Message:
    return {
        "reason": "interrupted",
        "message": f"The server was restarted {MAX_STARTS_WITHOUT_EPOCH} times before this "
        "training finished one new epoch. Retry it when the server can run undisturbed.",
    }
