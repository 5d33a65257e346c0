"""One start of a session on the cluster, as the bridge sees it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import ray

from backend import wire
from backend.background.worker_log import print_line
from backend.cluster.messages import (
    Beat,
    FileBegins,
    Here,
    Message,
    Piece,
    Reported,
    Said,
    Unfit,
)
from backend.cluster.node import tasks
from backend.cluster.nodes import Nodes, NoNode
from backend.cluster.parcels import Parcels
from backend.cluster.reasons import exited_because
from backend.cluster.receiving import Receiving, Refused
from backend.storage import disk
from backend.storage.layout import Storage

# A session that the server took for placeable waits so long for its place; then it goes back into
# the queue, and another may be tried.
PLACE_SECONDS = 120.0

# A node says every 20 s that a session is there; its own judge decides about the worker. The node
# is lost when Ray says so, or when it is silent for this long.
SILENT_SECONDS = 180.0

# A session that was ended may take so long to be gone; then it is given back all the same. For a
# machine that neither answers nor closes its connections Ray waits for minutes.
GONE_SECONDS = 10.0

# The desk is beside the bridge: one that does not answer for so long is busy beyond measure.
_DESK_SECONDS = 60.0

# What a node sends and the bridge has not taken: more waits on the node.
_MOST_UNTAKEN = 16

_ENDED = wire.Exited(message="The session was ended.", may_retry=True, lost="cluster")

log = logging.getLogger(__name__)


class Session:
    """Submits the task, and takes what it sends until it ends.

    Args:
        assign: the job, and what it reserves.
        storage: of the server.
        send: takes what the server is told.
        nodes, parcels, desk: the bridge's.
    """

    def __init__(
        self,
        assign: wire.Assign,
        storage: Storage,
        send: Callable[[wire.BridgeEvent], None],
        nodes: Nodes,
        parcels: Parcels,
        desk: Any,
    ) -> None:
        self._job, self._needs, self._prepares = assign.job, assign.needs, assign.prepares
        self.id, self.start = assign.job.session_id, assign.job.start
        self._storage = storage
        self._send = send
        self._nodes = nodes
        self._parcels = parcels
        self._desk = desk
        self._receiving = Receiving(assign.job, storage)
        self._lock = threading.RLock()  # of what follows; held while a message is taken
        self._stream: Any = None
        self._node: str | None = None
        self._ended_at: float | None = None  # of `time.monotonic`
        self._is_over = False  # its last event is reported, and nothing is taken any more
        self._has_ended: wire.Exited | None = None  # by the node's own word
        self._failure: wire.Failed | None = None
        self._why: wire.Exited | None = None
        self._since = time.monotonic()  # the last message, or the submission
        self._has_begun = False  # the desk knows it
        self._asked: wire.RequestedEnd | None = None  # before that

    def run(self) -> None:
        """Train it; reports its events, the last is Exited."""
        exited: wire.Exited
        try:
            self._begin()
            self._submit()
            exited = self._take_all()
        except Exception as error:
            exited = self._explain(error)
        self._finish(exited)

    def end(self, why: wire.Exited | None = None) -> None:
        """End it now, wherever it is."""
        with self._lock:
            if self._ended_at is None:
                self._ended_at = time.monotonic()
            self._why = self._why or why
            stream = self._stream
        if stream is not None:
            ray.cancel(stream, force=True)

    def tick(self) -> None:
        """Called every few seconds: a session without a place, or without a word, does not stay."""
        moment, node = time.monotonic(), self._node
        silent = moment - self._since
        if self._ended_at is not None:
            if moment - self._ended_at > GONE_SECONDS:
                self._finish(_ENDED)
        elif node is None and self._stream is not None and silent > PLACE_SECONDS:
            self.end(
                wire.Exited(message="The cluster had no place for the session.", lost="cluster")
            )
        elif node is not None and not self._nodes.has(node):
            self.end(_lost(f"The node that trained the session is gone ({self._name})."))
        elif node is not None and silent > SILENT_SECONDS:
            self.end(_lost(f"The node {self._name} did not answer for {silent:.0f} s."))

    def _finish(self, exited: wire.Exited) -> None:
        """Report the last event, once; whatever its node sends later is dropped."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
            self._receiving.close()
            if self._failure is not None:
                self._report(self._failure)
            self._report(self._why or exited)
        if self._has_ended is None and self._node is not None:
            self._nodes.sweep(self._node)

    def request(self, what: wire.RequestedEnd) -> None:
        """Pass on that the session is to end, after its epoch or now."""
        with self._lock:
            self._asked = what
            if self._has_begun:
                self._desk.request.remote(self.id, self.start, what)
        if what == "cancel":
            self.end()

    def _begin(self) -> None:
        ray.get(self._desk.begin.remote(self.id, self.start), timeout=_DESK_SECONDS)
        with self._lock:
            self._has_begun = True
            if self._asked is not None:
                self._desk.request.remote(self.id, self.start, self._asked)

    def _submit(self) -> None:
        parcels = self._parcels.of(self._job)
        remote: Any = ray.remote(max_retries=0, num_returns="streaming")(tasks.train)
        options = self._nodes.options(self._needs)
        options["_generator_backpressure_num_objects"] = _MOST_UNTAKEN
        with self._lock:
            if self._ended_at is not None:
                return
            needs = self._needs.model_dump_json().encode()
            self._stream = remote.options(**options).remote(
                wire.encode(self._job), needs, parcels, self._desk, self._prepares
            )
            self._since = time.monotonic()

    def _take_all(self) -> wire.Exited:
        if self._stream is not None:
            for reference in self._stream:
                for message in ray.get(reference):
                    with self._lock:
                        if self._is_over:
                            return _ENDED
                        self._since = time.monotonic()
                        self._take(message)
        return self._has_ended or _ENDED

    def _take(self, message: Message) -> None:
        match message:
            case Here():
                self._node = message.node
                placed = wire.Placed(session_id=self.id, start=self.start, node=message.node)
                self._send(placed)
            case Beat():
                pass
            case Unfit():
                self._nodes.avoid(self._node or "", message.message)
                self._has_ended = self._with_place(
                    wire.Exited(
                        message=f"The session could not begin ({message.message}).", lost="cluster"
                    )
                )
            case Said():
                print_line(message.line)
            case FileBegins():
                self._write(lambda: self._receiving.begin(message))
            case Piece():
                self._write(lambda: self._receiving.add(message))
            case Reported():
                report = wire.decode_report(message.line)
                if isinstance(report, wire.Exited):
                    self._has_ended = self._with_place(report)
                else:
                    self._report(report)

    def _write(self, step: Callable[[], None]) -> None:
        """Write a part of a file; a full disk of the server ends the session as always."""
        try:
            step()
        except OSError as error:
            reason: wire.Reason = "disk_full" if disk.is_full(error) else "crashed"
            words = (
                f"{disk.full_message(error, self._storage.models)} Free some space, then retry "
                "this session."
                if reason == "disk_full"
                else f"{type(error).__name__}: {error}"
            )
            self._failure = wire.Failed(reason=reason, message=wire.encodable(words))
            self.end(wire.Exited())
            raise

    def _report(self, event: wire.FromNode) -> None:
        self._send(wire.FromSession(session_id=self.id, start=self.start, report=event))

    def _with_place(self, exited: wire.Exited) -> wire.Exited:
        words = f"{exited.message} It was on node {self._name}."
        return exited.model_copy(update={"message": words})

    @property
    def _name(self) -> str:
        return self._nodes.name(self._node or "")

    def _explain(self, error: Exception) -> wire.Exited:
        if isinstance(error, Refused | wire.Malformed):
            log.error("session %s, start %s: %s", self.id, self.start, error)
            self.end()
            return wire.Exited(message=wire.encodable(f"The node sent something else: {error}"))
        if isinstance(error, NoNode):
            return wire.Exited(message=str(error), lost="cluster")
        if self._ended_at is None:
            log.warning("session %s, start %s: %.500r", self.id, self.start, error)
        node = self._node
        is_alive = node is None or self._nodes.is_alive(node)
        name = self._nodes.name(node) if node else None
        return exited_because(error, name, is_node_alive=is_alive)


def _lost(message: str) -> wire.Exited:
    return wire.Exited(reason="interrupted", message=message, may_retry=True, lost="node")
