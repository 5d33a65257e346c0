"""A thread that does the jobs of a queue in the background, one at a time; users take turns.

It never ends by itself: whatever happens, the job fails in words and the thread goes on. While the
machine is short of something, the job waits. `check` starts the thread again should it have been
ended all the same.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from backend.background.attempts import Attempts, is_passing
from backend.database.connection import Record
from backend.database.schema import now
from backend.errors import DiskFull, NoSpace, Unavailable
from backend.lasting_thread import LastingThread
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.room import relieve_disk, relieve_full_disk
from backend.services.context import Services
from backend.shortage import is_shortage
from backend.storage import disk
from backend.troubles import Code

# A job whose server was restarted so often without any progress fails.
MAX_RESTARTS = 3

_LONGEST_SLEEP = 60.0
_SHORTAGE_SECONDS = 5.0
# For a child process that reads a file.
_MOST_WAITS = 60
_RESTART_SECONDS = 1.0
_SHOWN_SECONDS = 60.0

# Of the ten seconds that the whole stop may take.
_CLOSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The server stops: the job goes on at its next start."""


class Cancelled(Exception):
    """Its user has cancelled the job."""


class Forgotten(Exception):
    """The job has no row any more: its workspace was deleted."""


class JobThread:
    """Does the waiting jobs of one queue.

    Each queue has a subclass that says what a job is.
    """

    def __init__(
        self, services: Services, rows: Any, name: Code, noun: str, what: str, interrupted: str
    ) -> None:
        """Prepare only.

        Args:
            services: the server's.
            rows: the module of the database with the queue's rows: forget_requests, running,
                next_pending, find, change, end, UNFINISHED.
            name: of the thread, and of the trouble when it does not work.
            noun: what a job is called in the log.
            what: it does, for the log.
            interrupted: why a job fails whose server was restarted again and again.
        """
        self._services = services
        self._rows = rows
        self._name: Code = name
        self._noun = noun
        self._interrupted = interrupted
        self._closing = threading.Event()
        self._news = threading.Event()
        self._attempts = Attempts(self._closing, services.troubles)
        self._last_user_id = 0
        self._has_recovered = False
        self._waits = (0, 0)  # of the job with that id, so often
        self._thread = LastingThread(name, what, self._run, self._closing)

    def start(self) -> None:
        """Go on with the job that the last end interrupted, then with the queue until `close`."""
        self._thread.start()

    def notify(self) -> None:
        """Check the database: a job was posted, or its `request` was set."""
        self._news.set()

    def check(self) -> None:
        """Do nothing while the thread works; else say so in the health answer, and start one."""
        self._thread.check(self._note_trouble)

    def close(self) -> None:
        """End; a job that runs goes on at the next start."""
        self._closing.set()
        self._news.set()
        self._thread.end(_CLOSE_SECONDS)

    def work(self) -> None:
        """Do what is to be done now, until nothing waits."""
        if not self._has_recovered:
            self._make(self._recover)
            self._has_recovered = True
        self._keep_house()
        while not self._closing.is_set():
            job = self._take()
            if job is None:
                return
            self._do(job)

    def _keep_house(self) -> None:
        """Do what is to be done now and then."""

    def _carry_out(self, job: Record, pause: Callable[[float], None]) -> None:
        """Do a job to its end, and record that it is completed.

        Args:
            job: its row.
            pause: waits so many seconds; raises what ends the job meanwhile.
        """
        raise NotImplementedError

    def _after(self, job: Record) -> None:
        """Remove what a completed job needs no more."""
        raise NotImplementedError

    def _remove_files(self, job: Record) -> None:
        """Remove everything that belongs to a job that has ended without a result."""
        raise NotImplementedError

    def _known_reason(self, job: Record, error: Exception) -> Record | None:
        """Why a job has failed: `{reason, message}`; None: nobody knows."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            try:
                self.work()
                self._services.troubles.clear(self._name)
                self._news.wait(_LONGEST_SLEEP)
            except Stopped:
                return
            except BaseException:
                if self._closing.is_set():  # the database may be closed
                    return
                log.exception("the queue of %s begins again after an error", self._name)
                self._note_trouble()
                self._closing.wait(_RESTART_SECONDS)

    def _recover(self) -> None:
        """Count the restart of what an earlier server was doing."""
        with self._services.database.write() as connection:
            self._rows.forget_requests(connection)
            for job in self._rows.running(connection):
                restarts = job["restarts"] + 1
                self._rows.change(connection, job["id"], restarts=restarts)
                if restarts >= MAX_RESTARTS:
                    error = {"reason": "interrupted", "message": self._interrupted}
                    self._rows.end(connection, job["id"], "failed", error)
                    self._remove_files(job)

    def _take(self) -> Record | None:
        """The job whose turn it is, set to running; one that is running goes first."""
        with self._services.database.read() as connection:
            running = self._rows.running(connection)
            if running:
                return running[0]
            if self._rows.next_pending(connection, self._last_user_id) is None:
                return None
        with self._services.database.write() as connection:
            job = self._rows.next_pending(connection, self._last_user_id)
            if job is None:  # cancelled meanwhile
                return None
            self._rows.change(connection, job["id"], status="running", started_at=now())
            taken = self._rows.find(connection, job["id"])
        self._last_user_id = job["turn_of"]
        return taken

    def _do(self, job: Record) -> None:
        """Do a job; however it ends, say so in its row."""

        def pause(seconds: float) -> None:
            self._pause(job, seconds)

        try:
            self._carry_out(job, pause)
        except Stopped:
            raise
        except Forgotten:
            self._remove_files(job)
        except Cancelled:
            self._end(job, "cancelled")
        except Exception as error:
            if self._closing.is_set():
                raise Stopped from error
            if is_shortage(error) or is_passing(error) or self._may_go_on(job, error):
                log.warning("%s %d waits: %s", self._noun, job["id"], error)
                self._note_trouble()
                self._wait_after_shortage(job)
                return
            self._end(job, "failed", self._in_words(job, error))
        else:
            with left_to_the_next_start(f"the deletion of files of {self._noun} {job['id']}"):
                self._after(job)

    def _may_go_on(self, job: Record, error: Exception) -> bool:
        """Whether the bin made room, or the child that reads its file may be available."""
        if isinstance(error, DiskFull):
            return relieve_disk(self._services, error.missing, partly=False) > 0
        if isinstance(error, OSError) and disk.is_full(error):
            return relieve_full_disk(self._services, error) > 0
        if not isinstance(error, Unavailable):
            return False
        last, waits = self._waits
        self._waits = job["id"], waits + 1 if last == job["id"] else 1
        return self._waits[1] <= _MOST_WAITS

    def _wait_after_shortage(self, job: Record) -> None:
        try:
            self._pause(job, _SHORTAGE_SECONDS)
        except Cancelled:
            self._end(job, "cancelled")

    def _end(self, job: Record, status: str, error: Record | None = None) -> None:
        def end() -> None:
            with self._services.database.write() as connection:
                current = self._rows.find(connection, job["id"])
                if current is not None and current["status"] in self._rows.UNFINISHED:
                    self._rows.end(connection, job["id"], status, error)
                else:  # its workspace was deleted meanwhile, which has ended it
                    self._rows.forget_requests(connection)

        self._make(end)
        self._remove_files(job)

    def _in_words(self, job: Record, error: Exception) -> Record:
        """Why a job has failed: `{reason, message}`."""
        known = self._known_reason(job, error)
        if known is not None:
            return known
        if isinstance(error, NoSpace):
            return {"reason": "no_space", "message": str(error)}
        if isinstance(error, OSError) and disk.is_full(error):
            message = disk.full_message(error, self._services.settings.data_dir)
            return {"reason": "no_space", "message": message}
        number = secrets.token_hex(4)
        log.error("%s %d failed (%s)", self._noun, job["id"], number, exc_info=error)
        message = f"The server made a mistake: its log has the reason under {number}."
        return {"reason": "crashed", "message": message}

    def _make(self, step: Callable[[], None]) -> None:
        """Do a step that writes the database, again until it can.

        Raises:
            Stopped: the server stops before.
        """
        if not self._attempts.make(step):
            raise Stopped

    def _pause(self, job: Record, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped, Cancelled, Forgotten: the job ends meanwhile.
        """
        end = time.monotonic() + seconds
        while True:
            # Before each look, so that no news is missed; it may have come before this call.
            self._news.clear()
            if self._closing.is_set():
                raise Stopped
            with self._services.database.read() as connection:
                found = self._rows.find(connection, job["id"])
            if found is None:
                raise Forgotten
            if found["request"] == "cancel":
                raise Cancelled
            left = end - time.monotonic()
            if left <= 0:
                return
            self._news.wait(left)

    def _note_trouble(self) -> None:
        self._services.troubles.note(self._name, _SHOWN_SECONDS)
