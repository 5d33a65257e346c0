"""Judges a worker by its heartbeats: does it answer, does it work, does it get on.

Time is counted in ticks of the judge, each of them capped. So a server that was itself stopped, a
laptop that slept and a clock that was set end no healthy worker: what they missed is one tick.
"""

import threading

from backend import wire

TICK_SECONDS = 1.0

# What a tick counts at most, however long ago the last one was.
LONGEST_TICK = 2.0

# A worker sends a heartbeat every 2 s. While a library works without giving other threads a turn,
# none comes: then the kernel must have seen the process run, or it is stopped.
SILENT_SECONDS = 30.0
STILL_SECONDS = 20.0
SILENT_BUT_RUNNING_SECONDS = 300.0

# Importing TensorFlow sends no heartbeat, and takes more than a minute on a machine with eight
# times as much work as cores.
START_SECONDS = 600.0
START_STILL_SECONDS = 60.0

# Whether it does something is known only of a worker whose last heartbeat is not older than this.
ANSWERS_SECONDS = 6.0

# A session that neither computes nor gets on waits for something that will not come. Tracing a
# graph and splitting a large catalogue compute for minutes without a word.
IDLE_SECONDS = 120.0
IDLE_PROCESSOR_SECONDS = 0.2
STUCK_SECONDS = 3600.0


class Pulse:
    """One worker's: `hear` is called by whoever listens to it, `tick` by the judge."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_ready = False
        self._has_job = False
        self._starting = 0.0  # seconds since the start
        self._silent = 0.0  # since the last event
        self._still = 0.0  # since the kernel has seen it run
        self._idle = 0.0  # since it computed or got on
        self._stuck = 0.0  # since it got on
        self._ran = -1.0  # processor seconds by the kernel
        self._progress = -1
        self._computed = 0.0  # processor seconds at the last time that it was not idle

    def begin_job(self) -> None:
        """From now on it must get on."""
        with self._lock:
            self._has_job = True
            self._idle = self._stuck = 0.0

    def hear(self, event: wire.Event) -> None:
        """Note a sign of life."""
        with self._lock:
            self._silent = 0.0
            if isinstance(event, wire.Alive):
                self._hear_heartbeat(event)
            else:
                self._is_ready = True
                self._idle = self._stuck = 0.0

    def tick(self, seconds: float, processor_seconds: float | None) -> str | None:
        """Count time; say what is wrong, or None.

        Args:
            seconds: since the last tick.
            processor_seconds: that the process has used, by the kernel; None: unknown.
        """
        seconds = min(seconds, LONGEST_TICK)
        with self._lock:
            self._silent += seconds
            self._still += seconds
            if processor_seconds is not None and processor_seconds > self._ran:
                self._still, self._ran = 0.0, processor_seconds
            if not self._is_ready:
                self._starting += seconds
                return self._slow_start(is_seen=processor_seconds is not None)
            if self._has_job and self._silent <= ANSWERS_SECONDS:
                self._idle += seconds
                self._stuck += seconds
            return self._silence(is_seen=processor_seconds is not None) or self._standstill()

    def _hear_heartbeat(self, event: wire.Alive) -> None:
        got_on = event.progress != self._progress
        computed = event.processor_seconds - self._computed >= IDLE_PROCESSOR_SECONDS
        if got_on:
            self._stuck = 0.0
        if got_on or computed:
            self._idle = 0.0
            self._progress, self._computed = event.progress, event.processor_seconds

    def _slow_start(self, *, is_seen: bool) -> str | None:
        if is_seen and self._still >= START_STILL_SECONDS:
            return f"stood still for {self._still:.0f} s while it started"
        if self._starting >= START_SECONDS:
            return f"was not ready {self._starting:.0f} s after its start"
        return None

    def _silence(self, *, is_seen: bool) -> str | None:
        is_stopped = not is_seen or self._still >= STILL_SECONDS
        limit = SILENT_SECONDS if is_stopped else SILENT_BUT_RUNNING_SECONDS
        return f"did not answer for {self._silent:.0f} s" if self._silent >= limit else None

    def _standstill(self) -> str | None:
        if self._idle >= IDLE_SECONDS:
            return f"did nothing for {self._idle:.0f} s"
        if self._stuck >= STUCK_SECONDS:
            return f"did not get on for {self._stuck:.0f} s"
        return None
