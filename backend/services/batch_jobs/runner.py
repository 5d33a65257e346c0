"""The thread that predicts batches, one at a time; users take turns.

It never ends by itself: whatever happens, the batch fails in words and the thread goes on. While
the machine is short of something, the batch waits. `check` starts the thread again should it have
been ended all the same.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable

from backend.background.attempts import Attempts, is_passing
from backend.background.predictor import PredictionFailed
from backend.database import batches
from backend.database.connection import Record
from backend.database.schema import now
from backend.errors import DiskFull, ModelCorrupt, NoSpace, Unavailable
from backend.lasting_thread import LastingThread
from backend.services.aftermath import left_to_the_next_start
from backend.services.batch_jobs.work import Cancelled, Forgotten, Unusable, Work
from backend.services.bin.room import relieve_disk, relieve_full_disk
from backend.services.context import Services
from backend.shortage import is_shortage
from backend.storage import disk
from backend.transit.catalog.names.read_as import ReadAsError
from backend.transit.catalog.reader import CatalogError

# A batch whose server was restarted so often without one new chunk of rows fails.
MAX_RESTARTS = 3

_LONGEST_SLEEP = 60.0
_SHORTAGE_SECONDS = 5.0
# For the child that makes text of a VOTable and the like.
_MOST_WAITS = 60
_RESTART_SECONDS = 1.0
_SHOWN_SECONDS = 60.0
_EXPIRY_SECONDS = 3600.0

# Of the ten seconds that the whole stop may take.
_CLOSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The server stops: the batch goes on at its next start."""


class BatchRunner:
    """Predicts the waiting batches, and removes old results."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closing = threading.Event()
        self._news = threading.Event()
        self._attempts = Attempts(self._closing, services.troubles)
        self._last_user_id = 0
        self._has_recovered = False
        self._waits = (0, 0)  # of the batch with that id, so often
        self._expiry_due = 0.0
        self._thread = LastingThread("batches", "that predicts batches", self._run, self._closing)

    def start(self) -> None:
        """Go on with the batch that the last end interrupted, then with the queue until `close`."""
        self._thread.start()

    def notify(self) -> None:
        """Check the database: a batch was posted, or its `request` was set."""
        self._news.set()

    def check(self) -> None:
        """Do nothing while the thread works; else say so in the health answer, and start one."""
        self._thread.check(lambda: self._services.troubles.note("batches", _SHOWN_SECONDS))

    def close(self) -> None:
        """End; a batch that runs goes on at the next start."""
        self._closing.set()
        self._news.set()
        self._thread.end(_CLOSE_SECONDS)

    def work(self) -> None:
        """Do what is to be done now, until nothing waits."""
        if not self._has_recovered:
            self._make(self._recover)
            self._has_recovered = True
        self._expire()
        while not self._closing.is_set():
            batch = self._take()
            if batch is None:
                return
            self._predict(batch)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            try:
                self.work()
                self._services.troubles.clear("batches")
                self._news.wait(_LONGEST_SLEEP)
            except Stopped:
                return
            except BaseException:
                if self._closing.is_set():  # the database may be closed
                    return
                log.exception("the prediction of batches begins again after an error")
                self._services.troubles.note("batches", _SHOWN_SECONDS)
                self._closing.wait(_RESTART_SECONDS)

    def _recover(self) -> None:
        """Count the restart of what an earlier server was predicting."""
        with self._services.database.write() as connection:
            batches.forget_requests(connection)
            for batch in batches.running(connection):
                restarts = batch["restarts"] + 1
                batches.change(connection, batch["id"], restarts=restarts)
                if restarts >= MAX_RESTARTS:
                    error = {"reason": "interrupted", "message": _INTERRUPTED}
                    batches.end(connection, batch["id"], "failed", error)
                    self._remove_files(batch)

    def _take(self) -> Record | None:
        """The batch whose turn it is, set to running; one that is running goes first."""
        with self._services.database.read() as connection:
            running = batches.running(connection)
            if running:
                return running[0]
            if batches.next_pending(connection, self._last_user_id) is None:
                return None
        with self._services.database.write() as connection:
            batch = batches.next_pending(connection, self._last_user_id)
            if batch is None:  # cancelled meanwhile
                return None
            batches.change(connection, batch["id"], status="running", started_at=now())
            taken = batches.find(connection, batch["id"])
        self._last_user_id = batch["turn_of"]
        return taken

    def _predict(self, batch: Record) -> None:
        """Predict a batch; however it ends, say so in its row."""

        def pause(seconds: float) -> None:
            self._pause(batch, seconds)

        try:
            Work(self._services, batch, self._make, pause).run()
        except Stopped:
            raise
        except Forgotten:
            self._remove_files(batch)
        except Cancelled:
            self._end(batch, "cancelled")
        except Exception as error:
            if self._closing.is_set():
                raise Stopped from error
            if is_shortage(error) or is_passing(error) or self._may_go_on(batch, error):
                log.warning("batch %d waits: %s", batch["id"], error)
                self._services.troubles.note("batches", _SHOWN_SECONDS)
                self._wait_after_shortage(batch)
                return
            self._end(batch, "failed", self._in_words(batch, error))
        else:
            with left_to_the_next_start(f"the deletion of the file of batch {batch['id']}"):
                self._services.storage.remove_batch_upload(batch["workspace_id"], batch["id"])

    def _may_go_on(self, batch: Record, error: Exception) -> bool:
        """Whether the bin made room, or the child that makes text of its file may be available."""
        if isinstance(error, DiskFull):
            return relieve_disk(self._services, error.missing, partly=False) > 0
        if isinstance(error, OSError) and disk.is_full(error):
            return relieve_full_disk(self._services, error) > 0
        if not isinstance(error, Unavailable):
            return False
        last, waits = self._waits
        self._waits = batch["id"], waits + 1 if last == batch["id"] else 1
        return self._waits[1] <= _MOST_WAITS

    def _wait_after_shortage(self, batch: Record) -> None:
        try:
            self._pause(batch, _SHORTAGE_SECONDS)
        except Cancelled:
            self._end(batch, "cancelled")

    def _end(self, batch: Record, status: str, error: Record | None = None) -> None:
        def end() -> None:
            with self._services.database.write() as connection:
                now = batches.find(connection, batch["id"])
                if now is not None and now["status"] in batches.UNFINISHED:
                    batches.end(connection, batch["id"], status, error)
                else:  # its workspace was deleted meanwhile, which has ended it
                    batches.forget_requests(connection)

        self._make(end)
        self._remove_files(batch)

    def _remove_files(self, batch: Record) -> None:
        place = batch["workspace_id"], batch["id"]
        with left_to_the_next_start(f"the deletion of the files of batch {batch['id']}"):
            self._services.storage.remove_batch_upload(*place)
            self._services.storage.remove_batch_result(*place)

    def _in_words(self, batch: Record, error: Exception) -> Record:
        """Why a batch has failed: `{reason, message}`."""
        match error:
            case Unusable():
                return {"reason": error.reason, "message": str(error)}
            case CatalogError() | ReadAsError() | Unavailable():
                return {"reason": "bad_file", "message": str(error)}
            case ModelCorrupt():
                return {"reason": "model_corrupt", "message": str(error)}
            case PredictionFailed():
                return {"reason": "predictor", "message": str(error)}
            case NoSpace():
                return {"reason": "no_space", "message": str(error)}
            case OSError() if disk.is_full(error):
                message = disk.full_message(error, self._services.settings.data_dir)
                return {"reason": "no_space", "message": message}
        number = secrets.token_hex(4)
        log.error("batch %d failed (%s)", batch["id"], number, exc_info=error)
        message = f"The server made a mistake: its log has the reason under {number}."
        return {"reason": "crashed", "message": message}

    def _make(self, step: Callable[[], None]) -> None:
        """Do a step that writes the database, again until it can.

        Raises:
            Stopped: the server stops before.
        """
        if not self._attempts.make(step):
            raise Stopped

    def _pause(self, batch: Record, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped, Cancelled, Forgotten: the batch ends meanwhile.
        """
        end = time.monotonic() + seconds
        while True:
            # Before each look, so that no news is missed; it may have come before this call.
            self._news.clear()
            if self._closing.is_set():
                raise Stopped
            with self._services.database.read() as connection:
                found = batches.find(connection, batch["id"])
            if found is None:
                raise Forgotten
            if found["request"] == "cancel":
                raise Cancelled
            left = end - time.monotonic()
            if left <= 0:
                return
            self._news.wait(left)

    def _expire(self) -> None:
        """Remove the results whose time is over; once an hour."""
        if time.monotonic() < self._expiry_due:
            return
        with self._services.database.write() as connection:
            too_old = batches.too_old(connection, self._services.settings.batch_days)
            for batch in too_old:
                batches.expire(connection, batch["id"])
        self._expiry_due = time.monotonic() + _EXPIRY_SECONDS
        for batch in too_old:
            log.info("batch %d: its result is removed: its time is over", batch["id"])
            self._remove_files(batch)


_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more part of this catalogue was "
    "predicted. Post it again when the server can run without interruption."
)
