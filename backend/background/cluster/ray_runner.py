"""Runs sessions on a Ray cluster, through a bridge: a child process that is replaced when it ends.

The server never waits for the cluster. While that does not answer, sessions wait in the queue, and
those that trained go on from their last checkpoint when it does.
"""

import logging
import threading
import time
from collections.abc import Callable

from backend import wire
from backend.background.cluster import needs as needs_
from backend.background.cluster.bridge_keeper import LONGEST_PAUSE_SECONDS, BridgeKeeper
from backend.background.cluster.needs import Place, needs_of
from backend.background.cluster.predictions import ClusterPredictions
from backend.background.cluster.state import Assigned, ClusterState, in_words, with_free
from backend.background.workers.reports import Report
from backend.config import Settings
from backend.troubles import Troubles

# A cluster that was last seen before that is not there.
STALE_SECONDS = 20.0

# After a session found no place that the server had seen.
_HOLD_SECONDS = 10.0

# What is reserved on the cluster is seen a little later.
_SEEN_SECONDS = 5.0

_TICK_SECONDS = 1.0

_CONNECTING = "The server is connecting to it."

log = logging.getLogger(__name__)


class RayRunner:
    """A `runners.Runner`."""

    def __init__(self, settings: Settings, report: Report, troubles: Troubles) -> None:
        self._settings = settings
        self._report = report
        self._troubles = troubles
        self._lock = threading.RLock()  # of what follows; never held while an event is reported
        self._assigned: dict[int, Assigned] = {}
        self._nodes: tuple[wire.Node, ...] = ()
        self._seen: float | None = None  # of `time.monotonic`, when the cluster was seen last
        self._hold_until: float | None = None  # of `time.monotonic`; nothing is started before
        self._unreachable = _CONNECTING
        self._changed: Callable[[], None] = lambda: None
        self._bridge = BridgeKeeper(settings, self._hear, self._give_back_all)
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._watch_cluster, name="cluster", daemon=True)
        self.predictions = ClusterPredictions(
            settings.threads, self._bridge.send, self._free, self.most_at_once
        )

    def begin(self, changed: Callable[[], None]) -> None:
        """Connect; `changed` is called when the cluster has changed, so that sessions may start."""
        self._changed = changed
        self._bridge.begin()
        self._watch.start()

    def start(self, job: wire.Train) -> None:
        needs = needs_of(job.spec, self._settings)
        prepares = self._settings.warm_workers > 0
        with self._lock:
            if not self._bridge.send(wire.Assign(job=job, needs=needs, prepares=prepares)):
                raise RuntimeError(self._unreachable)
            self._assigned[job.session_id] = Assigned(job.start, needs, None, time.monotonic())

    def request(self, session_id: int, what: wire.RequestedEnd) -> None:
        with self._lock:
            assigned = self._assigned.get(session_id)
            if assigned is not None:  # a bridge that has ended needs no request
                start = assigned.start
                self._bridge.send(wire.Request(session_id=session_id, start=start, what=what))

    def place_for(self, needs: wire.Needs) -> Place:
        """Whether the cluster has a place for a session that reserves this."""
        place = self._free(needs)
        if place == "later":
            self.predictions.give_way()
        return place

    def most_at_once(self, needs: wire.Needs) -> int:
        """How many sessions that reserve this the cluster can have at the same time; at least 1."""
        return max(1, needs_.most_at_once(needs, self._nodes))

    def _free(self, needs: wire.Needs) -> Place:
        with self._lock:
            if not self.is_reachable or self._hold_until is not None:
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
        seen = self._seen if self._bridge.is_there else None
        return seen is not None and time.monotonic() - seen < STALE_SECONDS

    @property
    def cluster(self) -> ClusterState:
        """The cluster, as it was seen last."""
        return ClusterState(None if self.is_reachable else self._unreachable, self._nodes)

    @property
    def nodes(self) -> tuple[wire.Node, ...]:
        """The nodes of the cluster, as they were seen last."""
        return self._nodes

    def node_of(self, session_id: int) -> wire.Node | None:
        """Where a session trains; None: it has no place yet, or is none of the cluster's."""
        with self._lock:
            assigned = self._assigned.get(session_id)
            found = (each for each in self._nodes if assigned and each.id == assigned.node)
            return next(found, None)

    def keep_warm(self) -> None:
        pass  # when the nodes are seen

    def close(self) -> None:
        self._closing.set()
        self._bridge.close()

    def _hear(self, event: wire.BridgeEvent) -> None:
        match event:
            case wire.Cluster():
                self._see(event.nodes)
            case wire.Unreachable():
                if not event.is_trying or self._unreachable == _CONNECTING:
                    self._unreachable = event.message  # why the last one failed says more
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
            is_new = {(each.id, each.refusal) for each in nodes} != {
                (each.id, each.refusal) for each in self._nodes
            }
            is_new |= not self.is_reachable
            has_changed = is_new or nodes != self._nodes
            self._nodes, self._seen = nodes, time.monotonic()
            self._unreachable = _CONNECTING  # once it is lost again
            if self._hold_until is not None and self._hold_until <= self._seen:
                self._hold_until, has_changed = None, True
        self._bridge.has_worked()
        if self._settings.warm_workers:
            self._bridge.send(wire.Warm(needs=needs_of({}, self._settings)))
        self._troubles.clear("cluster")
        if is_new:
            log.info("the cluster has %s", in_words(nodes))
        if has_changed:
            self._changed()

    def _pass_on(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        if isinstance(event, wire.Exited):
            with self._lock:
                assigned = self._assigned.get(session_id)
                if assigned is not None and assigned.start == start:
                    del self._assigned[session_id]
                    # The next one need not wait until the nodes are seen again.
                    self._nodes = with_free(self._nodes, assigned)
                has_no_place = assigned is not None and assigned.node is None
                if event.lost == "cluster" and has_no_place:
                    self._hold_until = time.monotonic() + _HOLD_SECONDS
            if self._bridge.is_closing:
                return  # the end of the server is no end of the session
        self._report(session_id, start, event)

    def _give_back_all(self) -> None:
        with self._lock:
            self._seen = None
            lost, self._assigned = self._assigned, {}
        if self._bridge.is_closing:
            self.predictions.lose_all(self._unreachable)
            return
        log.error("the bridge to the cluster has ended (%s)", self._unreachable)
        self._note_trouble()
        for session_id, assigned in lost.items():
            message = f"The cluster was lost. {self._unreachable}"
            exited = wire.Exited(message=message, may_retry=True, lost="cluster")
            self._report(session_id, assigned.start, exited)
        self.predictions.lose_all(self._unreachable)

    def _watch_cluster(self) -> None:
        while not self._closing.wait(_TICK_SECONDS):
            if not self.is_reachable:
                self._note_trouble()

    def _note_trouble(self) -> None:
        if not self._closing.is_set():
            self._troubles.note("cluster", 2 * LONGEST_PAUSE_SECONDS)
