"""The session queue: a thread that starts waiting sessions and records what runners report.

It is the only one that changes a session after its start. It sleeps until a runner reports,
`notify` is called, or something is to be tried again. After an error that nothing caught it begins
anew; if that does not help, `check` says so.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable

from backend import wire
from backend.background.attempts import DATABASE_SECONDS, Attempts
from backend.background.cluster.needs import Place, needs_of
from backend.background.current_copies import CurrentCopies
from backend.background.keeping import Keeping
from backend.background.runners import Runner, make_runner
from backend.background.running_sessions import RunningSessions
from backend.background.search.searches import HasSpace, Searches
from backend.background.session_end import remove_leftovers
from backend.background.session_events import SessionEvents
from backend.background.session_starts import START_PAUSES, CannotStart, SessionStarts
from backend.config import Settings
from backend.database import Database
from backend.database.connection import Record
from backend.storage.layout import Storage
from backend.troubles import Troubles

# After this many in a row without progress, the next error ends the server. Progress is an event
# recorded, or a while without an error.
MAX_RESTARTS = 5
_WHILE_SECONDS = 60.0

# Between attempts to record one event that fails for another reason; then its session fails.
_EVENT_PAUSES = (0.5, 2.0, 5.0)

_WARM_SECONDS = 15.0
_RESTART_SECONDS = 1.0
_RESTART_SHOWN_SECONDS = 600.0
# The loop goes round this often, should a reason to be woken be missed.
_LONGEST_SLEEP = 60.0

# The whole stop of the server may take ten seconds: how long workers may take to be gone and what
# they reported to be recorded, at least for the latter, and for all of it.
_DRAIN_SECONDS = 3.0
_LEAST_DRAIN_SECONDS = 1.0
_CLOSE_SECONDS = 5.0

Message = tuple[int, int, wire.ReportedEvent]

log = logging.getLogger(__name__)


class SupervisorEnded(RuntimeError):
    """The session queue has ended by itself: the server is of no use without it."""


class Supervisor:
    """Trains the pending sessions, `EXOTRAIN_TRAININGS` at once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        on_new_model: Callable[[Record], None],
        troubles: Troubles | None = None,
        *,
        has_space: HasSpace = lambda _connection, _study, _spec: True,
    ) -> None:
        """Prepare only.

        Args:
            settings, database, storage: the server's.
            on_new_model: called with each model that becomes current.
            troubles: takes what does not work at the moment.
            has_space: whether the model of one more trial of a search fits into the quota.
        """
        self._settings = settings
        self._database = database
        self._storage = storage
        self._troubles = troubles or Troubles()
        self._closing = threading.Event()
        self._attempts = Attempts(self._closing, self._troubles)
        self._copies = CurrentCopies(database, storage, self._troubles)
        self._keeping = Keeping(settings, database, storage, self._copies, on_new_model)
        self._events = SessionEvents(database, storage, self._copies, self._keeping, on_new_model)
        self._starts = SessionStarts(settings, database, storage, self._place_for)
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._message: Message | None = None  # taken from the inbox, not yet recorded
        self._recorded = 0  # messages
        self._runner: Runner = make_runner(settings, self._report, self._troubles)
        self._running = RunningSessions(database, self._runner)
        self._searches = Searches(settings, database, has_space, self._runner.most_at_once)
        self._has_recovered = False
        self._is_in_order = False
        self._warm_due = 0.0
        self._longest_sleep = _LONGEST_SLEEP
        self._deadline = 0.0
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Resume interrupted sessions, then work through the queue until `close`."""
        self._runner.begin(self.notify)
        self._thread.start()

    @property
    def runner(self) -> Runner:
        """Where sessions train."""
        return self._runner

    def notify(self) -> None:
        """Check the database: a session was added, or its `request` was set."""
        self._inbox.put(None)

    @property
    def epochs(self) -> int:
        """How many epochs it has recorded."""
        return self._events.epochs

    def check(self) -> None:
        """Do nothing while the queue works.

        Raises:
            SupervisorEnded: it does not, and cannot be restarted.
        """
        if not self._thread.is_alive():
            raise SupervisorEnded(
                f"the session queue ended by itself and could not be restarted ({self._error!r}). "
                "Start the server again: sessions in training are resumed."
            )

    def close(self) -> None:
        """End the running sessions; they are resumed at the next start."""
        self._deadline = time.monotonic() + _DRAIN_SECONDS
        self._closing.set()
        self.notify()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)

    def _report(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        self._inbox.put((session_id, start, event))

    def _run(self) -> None:
        try:
            self._keep_working()
        finally:
            self._runner.close()
        self._drain()

    def _keep_working(self) -> None:
        """Work until the end; after an error that nothing caught, begin again."""
        restarts = 0
        while not self._closing.is_set():
            recorded, began = self._recorded, time.monotonic()
            try:
                self._work()
            except BaseException as error:
                self._error = error
                is_first = self._recorded > recorded or time.monotonic() - began > _WHILE_SECONDS
                restarts = 1 if is_first else restarts + 1
                if restarts > MAX_RESTARTS:
                    raise
                log.exception("the session queue is restarted after an error (%d)", restarts)
                self._troubles.note("supervisor", _RESTART_SHOWN_SECONDS)
                self._is_in_order = False
                self._closing.wait(_RESTART_SECONDS * restarts)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._longest_sleep = _LONGEST_SLEEP
            self._step(self._put_in_order)
            if self._has_recovered:  # else recovery would take ours for an earlier server's
                self._step(self._searches.prune)
                self._step(self._searches.add_trials)
                self._step(self._start_pending)
            self._step(self._running.forward_requests)
            self._step(self._copies.retry)
            self._step(self._keeping.remove_old)
            self._keep_warm()
            self._take_message()
            if self._message is not None:
                self._record(*self._message)

    def _step(self, step: Callable[[], None]) -> None:
        """Do something that comes again: what fails now is left to the next time."""
        try:
            self._attempts.make(step)
        except Exception:
            log.exception("a step of the session queue failed; it is tried again")
            self._troubles.note("supervisor", 10 * DATABASE_SECONDS)
            self._longest_sleep = DATABASE_SECONDS

    def _put_in_order(self) -> None:
        """What the rows say is training is, after a start of the server and after an error here."""
        if self._is_in_order:
            return
        if self._has_recovered:
            self._starts.reclaim(self._running)
        else:
            self._keeping.recover()
            self._starts.recover()
            self._has_recovered = True
        # Only now: what had to be ended has left files too.
        remove_leftovers(self._database, self._storage)
        self._is_in_order = True

    def _start_pending(self) -> None:
        self._starts.put_back()
        while self._has_place:
            try:
                job = self._take_kept() or self._starts.take()
                if job is None:
                    return
                self._running.start(job)
            except CannotStart as error:
                log.exception("%s; it is put back", error)
                self._troubles.note("workers", 2 * START_PAUSES[-1])
                self._starts.has_failed(error)  # in memory: not lost if the next one fails
                self._keeping.has_failed(error)
                self._starts.put_back()
            except BaseException:  # it may have been taken, and have no worker
                self._is_in_order = False
                raise
            else:
                self._troubles.clear("workers")
                self._starts.has_started(job.session_id)

    def _take_kept(self) -> wire.Train | None:
        if self._place_for(needs_of({}, self._settings)) != "now":
            return None
        return self._keeping.take(self._running)

    def _place_for(self, needs: wire.Needs) -> Place:
        return self._runner.place_for(needs)

    @property
    def _has_place(self) -> bool:
        return len(self._running) < self._settings.most_trainings

    def _keep_warm(self) -> None:
        if time.monotonic() < self._warm_due:
            return
        try:
            self._runner.keep_warm()
        except Exception:
            log.exception("no worker can be prepared; it is tried again")
            self._troubles.note("workers", 2 * _WARM_SECONDS)
            self._warm_due = time.monotonic() + _WARM_SECONDS

    def _take_message(self) -> None:
        """Wait for a message, unless one is left from before an error."""
        if self._message is not None:
            return
        waits = [self._longest_sleep, self._copies.seconds_to_retry]
        if self._has_place:
            waits.append(self._starts.seconds_to_retry)
        if self._warm_due > time.monotonic():
            waits.append(self._warm_due - time.monotonic())
        try:
            self._message = self._inbox.get(timeout=min(each for each in waits if each is not None))
        except queue.Empty:
            return

    def _record(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        """Record the message that was taken; it is kept if the server stops before."""
        try:
            is_done = self._attempts.make(
                self._events.record, session_id, start, event, pauses=_EVENT_PAUSES
            )
        except Exception as error:
            log.exception("session %s: %s cannot be recorded", session_id, event.event)
            is_done = self._give_up(session_id, start, event, error)
        if is_done:
            if isinstance(event, wire.Exited):
                self._running.has_exited(session_id, start)
            self._message = None
            self._recorded += 1

    def _give_up(
        self, session_id: int, start: int, event: wire.ReportedEvent, error: Exception
    ) -> bool:
        try:
            is_done = self._attempts.make(self._events.give_up, session_id, start, event, error)
        except Exception:
            log.exception("session %s cannot be ended either", session_id)
            is_done, self._is_in_order = True, False
        if session_id in self._running:
            self._runner.request(session_id, "cancel")
        return is_done

    def _drain(self) -> None:
        """Record what was reported before the end, but no end that the stop itself has caused."""
        deadline = max(self._deadline, time.monotonic() + _LEAST_DRAIN_SECONDS)
        messages = [self._message]
        while not self._inbox.empty():
            messages.append(self._inbox.get())
        for message in messages:
            if message is not None and not isinstance(message[2], wire.Exited):
                self._events.record_before(deadline, *message)
