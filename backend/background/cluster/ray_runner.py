"""Runs sessions on a Ray cluster, through a bridge: a child process that is replaced when it ends.

The server never waits for the cluster. While that does not answer, sessions wait in the queue, and
those that trained go on from their last checkpoint when it does.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from backend import wire
from backend.background.cluster import needs as needs_
from backend.background.cluster.needs import Place, needs_of
from backend.background.cluster.predictions import ClusterPredictions
from backend.background.cluster.state import Assigned, ClusterState, in_words
from backend.background.worker_process import ChildProcess
from backend.background.workers.reports import Report
from backend.config import Settings
from backend.troubles import Troubles

# A bridge that says nothing for so long hangs; it says something every few seconds, also while it
# connects.
SILENT_SECONDS = 90.0

# A cluster that was last seen before that is not there.
STALE_SECONDS = 20.0

# Before a bridge that ended is replaced: twice the last pause, up to the longest.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

# After a session found no place that the server had seen.
_HOLD_SECONDS = 10.0

# What is reserved on the cluster is seen a little later.
_SEEN_SECONDS = 5.0

_TICK_SECONDS = 1.0
_CLOSE_SECONDS = 2.0

_CONNECTING = "The server is connecting to it."

SECRETS = ("EXOTRAIN_TOKEN",)  # must not reach a bridge or a node

log = logging.getLogger(__name__)

Bridge = ChildProcess[wire.BridgeEvent]


class RayRunner:
    """A `runners.Runner`; a thread of its own keeps the bridge."""

    def __init__(self, settings: Settings, report: Report, troubles: Troubles) -> None:
        self._settings = settings
        self._report = report
        self._troubles = troubles
        self._lock = threading.RLock()  # of what follows; never held while an event is reported
        self._bridge: Bridge | None = None
        self._assigned: dict[int, Assigned] = {}
        self._nodes: tuple[wire.Node, ...] = ()
        self._seen: float | None = None  # of `time.monotonic`, when the cluster was seen last
        self._heard = time.monotonic()
        self._hold_until = 0.0
        self._unreachable = _CONNECTING
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="bridge", daemon=True)
        self._judge = threading.Thread(target=self._judge_bridge, name="judge", daemon=True)
        self._changed: Callable[[], None] = lambda: None
        self._has_begun = False
        self.predictions = ClusterPredictions(settings.threads, self._send_prediction, self._free)

    def begin(self, changed: Callable[[], None]) -> None:
        """Connect; `changed` is called when the cluster has changed, so that sessions may start."""
        self._changed = changed
        self._has_begun = True
        self._keeper.start()
        self._judge.start()

    def start(self, job: wire.Train) -> None:
        needs = needs_of(job.spec, self._settings)
        with self._lock:
            if self._bridge is None:
                raise RuntimeError(self._unreachable)
            self._tell(self._bridge, wire.Assign(job=job, needs=needs))
            self._assigned[job.session_id] = Assigned(job.start, needs, None, time.monotonic())

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        with self._lock:
            assigned, bridge = self._assigned.get(session_id), self._bridge
        # Without the lock: a bridge that hangs reads nothing until it is ended, which needs it.
        if assigned is not None and bridge is not None:
            bridge.send(wire.Request(session_id=session_id, start=assigned.start, what=what))

    def place_for(self, needs: wire.Needs) -> Place:
        """Whether the cluster has a place for a session that reserves this."""
        place = self._free(needs)
        if place == "later":
            self.predictions.give_way()
        return place

    @property
    def parallel(self) -> int:
        """How many sessions, or parts of a catalogue, the cluster can have at the same time."""
        return self.most_at_once(wire.Needs(cpus=self._settings.threads, gpus=0, memory_mb=None))

    def most_at_once(self, needs: wire.Needs) -> int:
        """How many sessions that reserve this the cluster can have at the same time; at least 1."""
        return max(1, needs_.most_at_once(needs, self._nodes))

    def _free(self, needs: wire.Needs) -> Place:
        with self._lock:
            if not self.is_reachable or time.monotonic() < self._hold_until:
                return "later"
            assert self._seen is not None
            unseen = [
                (each.needs, each.node)
                for each in self._assigned.values()
                if each.node is None or each.since > self._seen - _SEEN_SECONDS
            ]
            return needs_.place_for(needs, self._nodes, unseen)

    def why_waiting(self, needs: wire.Needs) -> str | None:
        """What a session that reserves this waits for, if not for others to end."""
        with self._lock:
            if not self.is_reachable:
                return f"Waiting for the cluster. {self._unreachable}"
            return needs_.why_waiting(needs, self._nodes)

    @property
    def is_reachable(self) -> bool:
        """Whether the cluster was seen just now."""
        seen = self._seen
        return seen is not None and time.monotonic() - seen < STALE_SECONDS

    @property
    def cluster(self) -> ClusterState:
        """The cluster, as it was seen last."""
        return ClusterState(None if self.is_reachable else self._unreachable, self._nodes)

    def node_of(self, session_id: int) -> wire.Node | None:
        """Where a session trains; None: it has no place yet, or is none of the cluster's."""
        with self._lock:
            assigned = self._assigned.get(session_id)
            found = (each for each in self._nodes if assigned and each.id == assigned.node)
            return next(found, None)

    def keep_warm(self) -> None:
        pass  # when the nodes are seen

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            bridge = self._bridge
        if bridge is not None:
            bridge.kill()
        if self._has_begun:
            self._keeper.join(_CLOSE_SECONDS)

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            began = time.monotonic()
            with suppress(Exception):  # the end of this thread would be the end of the cluster
                self._run_bridge()
            if self._seen is not None and self._seen > began:
                pause = FIRST_PAUSE_SECONDS
            with self._lock:
                self._bridge = self._seen = None
            self._give_back_all()
            self._note_trouble()
            self._closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _run_bridge(self) -> None:
        arguments = ["--data-dir", str(self._settings.data_dir)]
        if self._settings.ray_address is not None:
            arguments += ["--address", self._settings.ray_address]
        try:
            bridge: Bridge = ChildProcess(
                "backend.cluster", arguments, wire.decode_bridge_event, without=SECRETS
            )
        except (OSError, RuntimeError, MemoryError):
            log.exception("the bridge to the cluster cannot be started; it is tried again")
            return
        self._heard = time.monotonic()
        with self._lock:
            self._bridge = bridge
            if self._closing.is_set():
                bridge.kill()
        try:
            for event in bridge.events():
                self._heard = time.monotonic()
                self._hear(event)
        except wire.Malformed as error:
            log.error("the bridge to the cluster is killed. %s", error)
        except Exception:
            log.exception("the bridge to the cluster cannot be heard: it is killed")
        finally:
            with self._lock:
                self._bridge = None
            bridge.kill()
            bridge.wait()
        if not self._closing.is_set():
            log.error("the bridge to the cluster has ended (%s)", self._unreachable)

    def _hear(self, event: wire.BridgeEvent) -> None:
        match event:
            case wire.Cluster():
                self._see(event.nodes)
            case wire.Unreachable():
                self._unreachable = event.message
                self._note_trouble()
            case wire.Placed():
                with self._lock:
                    assigned = self._assigned.get(event.session_id)
                    if assigned is not None and assigned.start == event.start:
                        assigned.node, assigned.since = event.node, time.monotonic()
                self._changed()
            case wire.FromSession():
                self._pass_on(event.session_id, event.start, event.report)
            case wire.PredictionAnswer() | wire.PredictionRefusal() | wire.Lost():
                self.predictions.hear(event)

    def _see(self, nodes: tuple[wire.Node, ...]) -> None:
        with self._lock:
            had = {(each.id, each.cpus_free, each.gpus_free, each.refusal) for each in self._nodes}
            was_reachable = self.is_reachable
            self._nodes, self._seen = nodes, time.monotonic()
            self._unreachable = _CONNECTING  # once it is lost again
            has = {(each.id, each.cpus_free, each.gpus_free, each.refusal) for each in nodes}
            if self._bridge is not None and self._settings.warm_workers:
                needs = needs_of({}, self._settings)
                with suppress(RuntimeError, BrokenPipeError):
                    self._tell(self._bridge, wire.Warm(needs=needs))
        self._troubles.clear("cluster")
        if has != had or not was_reachable:
            log.info("the cluster has %s", in_words(nodes))
            self._changed()

    def _pass_on(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        if isinstance(event, wire.Exited):
            with self._lock:
                assigned = self._assigned.get(session_id)
                if assigned is not None and assigned.start == start:
                    del self._assigned[session_id]
                if event.lost == "cluster":
                    self._hold_until = time.monotonic() + _HOLD_SECONDS
            if self._closing.is_set():
                return  # the end of the server is no end of the session
        self._report(session_id, start, event)

    def _tell(self, bridge: Bridge, command: wire.BridgeCommand) -> None:
        """Send a command without waiting; a bridge that reads no more is ended."""
        if not bridge.send_at_once(command):
            bridge.kill()  # it has half of a line
            raise RuntimeError("The bridge to the cluster took no more commands.")

    def _send_prediction(self, command: wire.Predict) -> bool:
        with self._lock:
            bridge = self._bridge
        if bridge is None:
            return False
        with suppress(BrokenPipeError):
            bridge.send(command)
            return True
        return False

    def _give_back_all(self) -> None:
        with self._lock:
            lost, self._assigned = self._assigned, {}
        self.predictions.lose_all(self._unreachable)
        if self._closing.is_set():
            return
        for session_id, assigned in lost.items():
            message = f"The cluster was lost. {self._unreachable}"
            exited = wire.Exited(message=message, may_retry=True, lost="cluster")
            self._report(session_id, assigned.start, exited)

    def _judge_bridge(self) -> None:
        last = time.monotonic()
        silent = 0.0
        while not self._closing.wait(_TICK_SECONDS):
            now = time.monotonic()
            # A laptop that slept has ended no bridge: what it missed is one tick.
            silent = 0.0 if self._heard > last else silent + min(now - last, 2 * _TICK_SECONDS)
            last = now
            with self._lock:
                bridge = self._bridge
            if bridge is not None and silent > SILENT_SECONDS:
                log.error("the bridge to the cluster said nothing for %.0f s: it is killed", silent)
                bridge.kill()
                silent = 0.0
            if not self.is_reachable:
                self._note_trouble()

    def _note_trouble(self) -> None:
        if not self._closing.is_set():
            self._troubles.note("cluster", 2 * LONGEST_PAUSE_SECONDS)
