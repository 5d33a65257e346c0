"""One start of a session on the cluster, as the bridge sees it."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import ray

from backend import wire
from backend.cluster.messages import FileBegins, Here, Message, Piece, Reported, Said
from backend.cluster.node import tasks
from backend.cluster.nodes import Nodes
from backend.cluster.parcels import Parcels
from backend.cluster.reasons import exited_because
from backend.cluster.receiving import Receiving, Refused
from backend.storage import disk
from backend.storage.layout import Storage

# A session that the server took for placeable waits so long for its place; then it goes back into
# the queue, and another may be tried.
PLACE_SECONDS = 120.0

# A node sends a heartbeat's worth of nothing while a library computes; its own judge decides about
# the worker. The whole node is lost when Ray says so, or when it is silent for this long.
SILENT_SECONDS = 420.0

# What a node sends and the bridge has not taken: more waits on the node.
_MOST_UNTAKEN = 16

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
        self._job, self._needs = assign.job, assign.needs
        self.id, self.start = assign.job.session_id, assign.job.start
        self._storage = storage
        self._send = send
        self._nodes = nodes
        self._parcels = parcels
        self._desk = desk
        self._receiving = Receiving(assign.job, storage)
        self._lock = threading.Lock()
        self._stream: Any = None
        self._node: str | None = None
        self._is_ended = False
        self._has_ended: wire.Exited | None = None  # by the node's own word
        self._failure: wire.Failed | None = None
        self._why: wire.Exited | None = None
        self._since = time.monotonic()  # the last message

    def run(self) -> None:
        """Train it; reports its events, the last is Exited."""
        exited: wire.Exited
        try:
            self._submit()
            exited = self._take_all()
        except Exception as error:
            exited = self._explain(error)
        finally:
            self._receiving.close()
        if self._failure is not None:
            self._report(self._failure)
        self._report(self._why or exited)

    def end(self, why: wire.Exited | None = None) -> None:
        """End it now, wherever it is."""
        with self._lock:
            self._is_ended = True
            self._why = self._why or why
            stream = self._stream
        if stream is not None:
            ray.cancel(stream, force=True)

    def tick(self) -> None:
        """Called every few seconds: a session without a place, or without a word, does not stay."""
        silent = time.monotonic() - self._since
        if self._node is None and silent > PLACE_SECONDS:
            self.end(
                wire.Exited(message="The cluster had no place for the session.", lost="cluster")
            )
        elif self._node is not None and silent > SILENT_SECONDS:
            name = self._nodes.name(self._node)
            self.end(
                wire.Exited(
                    reason="interrupted",
                    message=f"The node {name} did not answer for {silent:.0f} s.",
                    may_retry=True,
                    lost="node",
                )
            )

    def _submit(self) -> None:
        parcels = self._parcels.of(self._job)
        remote: Any = ray.remote(max_retries=0, num_returns="streaming")(tasks.train)
        options = self._nodes.options(self._needs)
        options["_generator_backpressure_num_objects"] = _MOST_UNTAKEN
        with self._lock:
            if self._is_ended:
                return
            needs = self._needs.model_dump_json().encode()
            self._stream = remote.options(**options).remote(
                wire.encode(self._job), needs, parcels, self._desk
            )

    def _take_all(self) -> wire.Exited:
        if self._stream is not None:
            for reference in self._stream:
                for message in ray.get(reference):
                    self._since = time.monotonic()
                    self._take(message)
        if self._has_ended is None:
            return wire.Exited(message="The session was ended.", may_retry=True, lost="cluster")
        return self._has_ended

    def _take(self, message: Message) -> None:
        match message:
            case Here():
                self._node = message.node
                placed = wire.Placed(session_id=self.id, start=self.start, node=message.node)
                self._send(placed)
            case Said():
                sys.stderr.buffer.write(message.line)
                sys.stderr.buffer.flush()
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

    def _write(self, write: Callable[[], None]) -> None:
        """Write a part of a file; a full disk of the server ends the session as always."""
        try:
            write()
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
        name = self._nodes.name(self._node or "")
        return exited.model_copy(update={"message": f"{exited.message} It was on node {name}."})

    def _explain(self, error: Exception) -> wire.Exited:
        if isinstance(error, Refused | wire.Malformed):
            log.error("session %s, start %s: %s", self.id, self.start, error)
            self.end()
            return wire.Exited(message=wire.encodable(f"The node sent something else: {error}"))
        if not self._is_ended:
            log.warning("session %s, start %s: %r", self.id, self.start, error)
        node = self._node
        is_alive = node is None or self._nodes.is_alive(node)
        name = self._nodes.name(node) if node else None
        return exited_because(error, name, is_node_alive=is_alive)
