"""Keeps a bridge to the cluster: starts it, judges it, writes to it, replaces it when it ends."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from backend import wire
from backend.background.worker_process import ChildProcess
from backend.config import Settings

# A bridge that says nothing for so long hangs; it says something every few seconds, also while it
# connects.
SILENT_SECONDS = 90.0

# Before a bridge that ended is replaced: twice the last pause, up to the longest.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

# Commands that a bridge has not read: it hangs, though it may still say something.
MOST_UNREAD = 1000

_TICK_SECONDS = 1.0
_CLOSE_SECONDS = 2.0

# Must not reach a bridge or a node.
SECRETS = ("EXOTRAIN_TOKEN",)

# Ray reports what it is used for to its makers, unless it is told not to.
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0"}

log = logging.getLogger(__name__)

Process = ChildProcess[wire.BridgeEvent]


class _Bridge:
    """One bridge, and a thread that writes to it: nobody else waits while it does not read."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.heard = time.monotonic()
        self._commands: queue.Queue[wire.BridgeCommand | None] = queue.Queue()
        try:
            threading.Thread(target=self._write, name="to the bridge", daemon=True).start()
        except BaseException:  # nobody would hear of it
            process.kill()
            process.wait()
            raise

    def send(self, command: wire.BridgeCommand) -> None:
        """Let a command be written when it can be; a bridge that reads no more is ended."""
        self._commands.put(command)
        if self._commands.qsize() > MOST_UNREAD:
            self.process.kill()

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self._commands.put(None)
        self.process.kill()
        self.process.wait()

    def _write(self) -> None:
        with suppress(OSError):  # its end is noticed by whoever listens to it
            while (command := self._commands.get()) is not None:
                self.process.send(command)


class BridgeKeeper:
    """A thread that keeps a bridge, and one that ends a bridge that hangs.

    Args:
        settings: of the server.
        hear: takes the events of the bridge; called from one thread.
        on_lost: called from the same thread when a bridge has ended, and nothing came of it.

    Attributes:
        is_closing: whether the server stops.
    """

    def __init__(
        self,
        settings: Settings,
        hear: Callable[[wire.BridgeEvent], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._hear = hear
        self._on_lost = on_lost
        self._lock = threading.Lock()
        self._bridge: _Bridge | None = None
        self._has_worked = False
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, name="bridge", daemon=True),
            threading.Thread(target=self._judge, name="judge of the bridge", daemon=True),
        ]

    def begin(self) -> None:
        """Start the first bridge."""
        for each in self._threads:
            each.start()

    @property
    def is_closing(self) -> bool:
        return self._closing.is_set()

    @property
    def is_there(self) -> bool:
        """Whether there is a bridge, connected or not."""
        return self._bridge is not None

    def send(self, command: wire.BridgeCommand) -> bool:
        """Send a command, without waiting; False: there is no bridge."""
        with self._lock:
            if self._bridge is None:
                return False
            self._bridge.send(command)
            return True

    def has_worked(self) -> None:
        """The bridge is connected: the next pause is a short one."""
        self._has_worked = True

    def close(self) -> None:
        """End the bridge, and start no other."""
        with self._lock:
            self._closing.set()
            bridge = self._bridge
        if bridge is not None:
            bridge.process.kill()
        if self._threads[0].is_alive():
            self._threads[0].join(_CLOSE_SECONDS)

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            # The end of this thread would be the end of the cluster.
            try:
                self._run()
            except Exception:
                log.exception("the bridge to the cluster failed")
            if self._has_worked:
                pause, self._has_worked = FIRST_PAUSE_SECONDS, False
            try:
                self._on_lost()
            except Exception:
                log.exception("what the bridge to the cluster had cannot be given back")
            self._closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _run(self) -> None:
        arguments = ["--data-dir", str(self._settings.data_dir)]
        if self._settings.ray_address is not None:
            arguments += ["--address", self._settings.ray_address]
        process: Process = ChildProcess(
            "backend.cluster", arguments, wire.decode_bridge_event, _ENVIRONMENT, SECRETS
        )
        try:
            bridge = _Bridge(process)
        except BaseException:  # no thread can be started
            process.kill()
            process.wait()
            raise
        with self._lock:
            self._bridge = bridge
            if self._closing.is_set():
                process.kill()
        try:
            for event in process.events():
                bridge.heard = time.monotonic()
                self._hear(event)
        except wire.Malformed as error:
            log.error("the bridge to the cluster is killed. %s", error)
        finally:
            with self._lock:
                self._bridge = None
            bridge.end()

    def _judge(self) -> None:
        last = time.monotonic()
        silent = 0.0
        while not self._closing.wait(_TICK_SECONDS):
            now = time.monotonic()
            with self._lock:
                bridge = self._bridge
            # A laptop that slept has ended no bridge: what it missed is one tick.
            missed = min(now - last, 2 * _TICK_SECONDS)
            silent = 0.0 if bridge is None or bridge.heard > last else silent + missed
            last = now
            if bridge is not None and silent > SILENT_SECONDS:
                log.error("the bridge to the cluster said nothing for %.0f s: it is killed", silent)
                bridge.process.kill()
                silent = 0.0
