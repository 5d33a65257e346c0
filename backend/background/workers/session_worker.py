"""A worker that waits for a session and trains it: heard, judged, and reported gone once.

Two threads watch over it. Its listener reads its events until its pipe closes. The runner's judge
calls `tick`, ends it when its pulse is wrong, and reports it gone even where the listener waits for
a process that the system does not let go of; what comes from that one later is dropped.
"""

import logging
import threading
from collections.abc import Callable

from backend import wire
from backend.background.worker_process import WorkerProcess
from backend.background.workers.memory_kills import RecentKills, find_counter
from backend.background.workers.pulse import LONGEST_TICK, Pulse
from backend.background.workers.reports import explain_exit

# How long a worker may live on after it closed its pipe: Python and TensorFlow clean up.
EXIT_SECONDS = 10.0

# How long a process that was killed or is dead may keep its listener waiting.
GONE_SECONDS = 30.0

# Made before there is a lack of memory.
_UNEXPLAINED = wire.Exited(may_retry=True)

log = logging.getLogger(__name__)


class SessionWorker:
    """One worker, from its start to its end.

    Args:
        process: just started.
        report: takes the events of its job; the last is Exited, once.
        on_gone: called once, before that.
        job: to begin with; None: it waits for `give`.

    Raises:
        RuntimeError: no thread can be started; the process is ended.
    """

    def __init__(
        self,
        process: WorkerProcess,
        report: Callable[[wire.Train, wire.ReportedEvent], None],
        on_gone: "Callable[[SessionWorker], None]",
        job: wire.Train | None = None,
    ) -> None:
        self._process = process
        self._report = report
        self._on_gone = on_gone
        self._pulse = Pulse()
        self._kills = RecentKills(None)
        self._lock = threading.RLock()  # of the four below
        self._job: wire.Train | None = None
        self._is_gone = False
        self._verdict: str | None = None
        self._is_killed = False
        self._seconds_ending = 0.0
        self._doubt: str | None = None
        self.has_learnt = False  # a first batch
        name = f"listener of worker {process.id}"
        self._listener = threading.Thread(target=self._listen, name=name, daemon=True)
        try:
            if job is not None:
                self._begin(job)
            self._listener.start()
        except BaseException:  # nobody would hear of this worker
            process.kill()
            process.wait()
            raise

    def give(self, job: wire.Train) -> bool:
        """Give a waiting worker its job; False: it is gone, and takes none."""
        with self._lock:
            if self._is_gone or self._is_killed or not self._process.is_alive:
                return False
            is_sent = self._begin(job)
            # One that has just died may pass for alive while another thread waits for it.
            self._job = job if is_sent else None
            return is_sent

    def stop(self) -> None:
        """Ask it to finish its epoch; never waits for it."""
        self._send(wire.Stop())

    def kill(self, verdict: str | None = None) -> None:
        """End it now; `verdict` says why, if it was not asked for."""
        with self._lock:
            self._verdict = self._verdict or verdict
            self._is_killed = True
        self._process.kill()

    def wait_until_heard(self, seconds: float) -> None:
        """Wait until a killed worker is gone and all that it said is reported, but not for long."""
        self._listener.join(max(0.0, seconds))

    def tick(self, seconds: float) -> None:
        """Judge it; called every second or so with the seconds since the last time."""
        self._kills.sample()
        if self._is_killed or not self._process.is_alive:
            self._seconds_ending += min(seconds, LONGEST_TICK)
            if self._seconds_ending >= GONE_SECONDS:
                self._end()
            return
        verdict = self._pulse.tick(seconds, self._process.processor_seconds())
        is_in_doubt = verdict is not None and not self._process.has_unread
        # Twice in a row: its listener may have emptied the pipe between these two lines, and not
        # have come to what it took.
        if is_in_doubt and self._doubt is not None:
            log.error("worker %d %s: it is killed", self._process.id, self._doubt)
            self.kill(self._doubt)
        self._doubt = (self._doubt or verdict) if is_in_doubt else None

    def _begin(self, job: wire.Train) -> bool:
        self._job = job
        self._kills = RecentKills(find_counter(self._process.id))
        self._pulse.begin_job()
        return self._send(job)

    def _send(self, command: wire.Command) -> bool:
        """Write a command; False: the worker has died, and never reads it."""
        try:
            if not self._process.send_at_once(command):
                self.kill("took no more commands")
        except BrokenPipeError:
            return False
        return True

    def _listen(self) -> None:
        try:
            for event in self._process.events():
                self._hear(event)
        except wire.Malformed as error:
            log.error("worker %d is killed. %s", self._process.id, error)
            self.kill()
            self._pass_on(wire.Failed(reason="crashed", message=_explain(error)))
        except Exception:  # the session must not train on unheard
            log.exception("worker %d cannot be heard: it is killed", self._process.id)
            self.kill("could not be heard")
        if self._process.wait(EXIT_SECONDS) is None:
            self.kill("closed its output but lived on")
            self._process.wait(GONE_SECONDS)
        self._end()

    def _hear(self, event: wire.Event) -> None:
        self._pulse.hear(event)
        if isinstance(event, wire.Ready | wire.Alive):
            return
        if self._job is None or not isinstance(event, wire.SessionEvent):
            raise wire.Malformed(f"Expected an event of a session, received {event!r:.200}")
        self.has_learnt |= isinstance(event, wire.Batch)
        self._pass_on(event)

    def _pass_on(self, event: wire.SessionEvent) -> None:
        with self._lock:
            if self._job is not None and not self._is_gone:
                self._report(self._job, event)

    def _end(self) -> None:
        with self._lock:
            if self._is_gone:
                return
            self._is_gone = True
            job, verdict = self._job, self._verdict
        exited = _UNEXPLAINED
        try:
            self._on_gone(self)
            is_out_of_memory = self._kills.has_any()
            exited = explain_exit(
                self._process.exit_code, verdict, is_out_of_memory=is_out_of_memory
            )
        except Exception:
            log.exception("the end of worker %d cannot be explained", self._process.id)
        finally:
            if job is not None:
                self._report(job, exited)


def _explain(error: wire.Malformed) -> str:
    return f"The session's worker sent a message that the server does not understand. {error}"
