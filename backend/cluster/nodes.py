"""The nodes of the cluster: what they have, what is left, and whether sessions train there."""

import logging
import math
import threading
import time
from typing import Any

import ray
from ray._private.state import available_resources_per_node
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from backend import wire
from backend.cluster.messages import Software
from backend.cluster.node import tasks
from backend.cluster.reasons import refusal

# A node that does not answer the first look for so long is asked again; so is one where that has
# failed, after a while.
_LOOK_SECONDS = 300.0
_AGAIN_SECONDS = 60.0

# A node that could not begin a session gets none for a minute, two, four, …
_AVOIDED_SECONDS = 60.0
_LONGEST_AVOIDED_SECONDS = 3600.0

_MEGABYTE = 1_000_000

log = logging.getLogger(__name__)


class NoNode(RuntimeError):
    """No node of the cluster may be used."""


class Nodes:
    """The machines of the cluster; each is looked at once, before sessions train there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected = tasks.software()
        self._looked: dict[str, tuple[str, str | None, str]] = {}  # processor, refusal, name
        self._looking: set[str] = set()
        self._again: dict[str, float] = {}  # of `time.monotonic`
        self._avoided: dict[str, tuple[float, int, str]] = {}  # until when, how often, why
        self._warmed: set[str] = set()
        self._alive: dict[str, wire.Node] = {}

    def view(self) -> tuple[wire.Node, ...]:
        """The nodes that are alive.

        Raises:
            RayError: the cluster does not answer.
        """
        free = available_resources_per_node()
        found = {}
        for node in ray.nodes():
            if node["Alive"]:
                each = self._described(node, free.get(node["NodeID"], {}))
                found[each.id] = each
                self._look_at(each.id)
        with self._lock:
            self._alive = found
            self._warmed &= found.keys()
        return tuple(found.values())

    def usable(self) -> list[str]:
        """The ids of the nodes that sessions may train on."""
        with self._lock:
            return [each.id for each in self._alive.values() if each.refusal is None]

    def options(self, needs: wire.Needs) -> dict[str, Any]:
        """How a task with such needs is submitted, so that it comes to a usable node.

        Raises:
            NoNode: there is none.
        """
        options = options_of(needs)
        usable = self.usable()
        if not usable:
            raise NoNode("The cluster has no node that may be used.")
        options["label_selector"] = {"ray.io/node-id": f"in({','.join(usable)})"}
        return options

    def is_alive(self, node: str) -> bool:
        """Whether the cluster still has a node, asked now if it can be asked."""
        try:
            return any(each["NodeID"] == node and each["Alive"] for each in ray.nodes())
        except Exception:
            return node in self._alive

    def has(self, node: str) -> bool:
        """Whether a node was alive when the nodes were seen last."""
        return node in self._alive

    def sweep(self, node: str) -> None:
        """Have a node delete what a session has left that could not clean up."""
        if self.has(node):
            remote = ray.remote(num_cpus=0, max_retries=0)(tasks.sweep)
            remote.options(scheduling_strategy=_on(node)).remote()

    def name(self, node: str) -> str:
        """The name of a node's machine."""
        found = self._alive.get(node)
        return found.name if found else node[:8]

    def avoid(self, node: str, why: str) -> None:
        """Let no session train for a while on a node that could not begin one; longer each time."""
        with self._lock:
            _, times, _ = self._avoided.get(node, (0.0, 0, ""))
            seconds = min(_AVOIDED_SECONDS * 2**times, _LONGEST_AVOIDED_SECONDS)
            self._avoided[node] = time.monotonic() + seconds, times + 1, why
            if node in self._alive:  # before the nodes are seen again
                refused = {"refusal": _cannot_begin(why)}
                self._alive[node] = self._alive[node].model_copy(update=refused)
        log.error("no session trains on node %s for %.0f s: %s", self.name(node), seconds, why)

    def warm(self, needs: wire.Needs) -> None:
        """Have a worker wait on each node that can take the session and has not been asked yet."""
        with self._lock:
            chosen = [
                node
                for node in self._alive.values()
                if node.refusal is None
                and node.id not in self._warmed
                and node.cpus_free >= needs.cpus
                and needs.gpus == 0  # it would hold a graphics card
                and node.memory_mb_free >= (needs.memory_mb or 0)
            ]
            self._warmed |= {node.id for node in chosen}
        for node in chosen:
            # With the resources of a session: Ray gives the same process to the session.
            options = options_of(needs) | {"scheduling_strategy": _on(node.id)}
            remote = ray.remote(max_retries=0)(tasks.prepare)
            remote.options(**options).remote(needs.model_dump_json().encode())

    def _described(self, node: dict[str, Any], free: dict[str, float]) -> wire.Node:
        has = node["Resources"]
        processor, why, name = self._looked.get(node["NodeID"], (None, "is being looked at", None))
        until, _, cannot = self._avoided.get(node["NodeID"], (0.0, 0, ""))
        if why is None and time.monotonic() < until:
            why = _cannot_begin(cannot)
        return wire.Node(
            id=node["NodeID"],
            name=wire.encodable(name or node["NodeManagerHostname"]),
            cpus=float(has.get("CPU", 0)),
            gpus=float(has.get("GPU", 0)),
            memory_mb=has.get("memory", 0) / _MEGABYTE,
            cpus_free=float(free.get("CPU", 0)),
            gpus_free=float(free.get("GPU", 0)),
            memory_mb_free=free.get("memory", 0) / _MEGABYTE,
            processor=processor,
            refusal=why,
        )

    def _look_at(self, node: str) -> None:
        with self._lock:
            is_known = node in self._looked and time.monotonic() < self._again.get(node, math.inf)
            if is_known or node in self._looking:
                return
            self._looking.add(node)
        threading.Thread(target=self._look, args=(node,), name="look", daemon=True).start()

    def _look(self, node: str) -> None:
        try:
            remote = ray.remote(num_cpus=0, max_retries=0)(tasks.look)
            asked = remote.options(scheduling_strategy=_on(node)).remote()
            software, processor, name = ray.get(asked, timeout=_LOOK_SECONDS)
            assert isinstance(software, Software)
            why = refusal(software, self._expected)
            if why is not None:
                log.error("node %s is not used: %s", name, why)
            self._looked[node] = wire.encodable(processor), why, name
            self._again.pop(node, None)
        except Exception as error:
            words = " ".join(str(getattr(error, "cause", None) or error).split())[:500]
            log.error("node %s cannot be looked at: %s", node, words)
            self._looked[node] = "", wire.encodable(f"it cannot be looked at: {words}"), ""
            self._again[node] = time.monotonic() + _AGAIN_SECONDS
        finally:
            with self._lock:
                self._looking.discard(node)


def _cannot_begin(why: str) -> str:
    return f"a session could not begin there: {why}"


def options_of(needs: wire.Needs) -> dict[str, Any]:
    """What Ray reserves for a session."""
    options: dict[str, Any] = {"num_cpus": needs.cpus, "num_gpus": needs.gpus}
    if needs.memory_mb is not None:
        options["memory"] = needs.memory_mb * _MEGABYTE
    return options


def _on(node: str) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(node, soft=False)
