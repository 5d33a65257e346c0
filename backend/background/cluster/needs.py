"""What a session reserves of a cluster, and whether the cluster has it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backend import wire
from backend.config import Settings

Place = Literal["now", "later", "never"]

# Ray divides a resource into so many, and counts these: ten times 0.1 GPU are one.
_PARTS = 10_000


def needs_of(spec: Mapping[str, Any] | wire.Spec, settings: Settings) -> wire.Needs:
    """What a session reserves: what its start asked for, else what the server's settings say."""
    asked = spec.model_dump() if isinstance(spec, wire.Spec) else spec
    cpus, gpus, memory_mb = (asked.get(name) for name in ("cpus", "gpus", "memory_mb"))
    return wire.Needs(
        cpus=settings.threads if cpus is None else cpus,
        gpus=float(settings.gpus if gpus is None else gpus),
        memory_mb=settings.training_memory_mb if memory_mb is None else memory_mb,
    )


@dataclass
class _Room:
    """What a node has left."""

    cpus: float
    gpus: float
    memory_mb: float

    def has(self, needs: wire.Needs) -> bool:
        memory_mb = needs.memory_mb or 0
        return self.cpus >= needs.cpus and self.gpus >= needs.gpus and self.memory_mb >= memory_mb

    def take(self, needs: wire.Needs) -> None:
        self.cpus -= needs.cpus
        self.gpus -= needs.gpus
        self.memory_mb -= needs.memory_mb or 0


def place_for(
    needs: wire.Needs,
    nodes: Iterable[wire.Node],
    unseen: Iterable[tuple[wire.Needs, str | None]] = (),
) -> Place:
    """Whether the cluster has a place for a session.

    Args:
        needs: what it reserves; all of it on one node.
        nodes: of the cluster.
        unseen: what was reserved after the nodes were looked at, with the node if it is known.

    Returns:
        "now"; "later": when others have ended; "never": with these nodes.
    """
    usable = [node for node in nodes if node.refusal is None]
    if not any(_Room(each.cpus, each.gpus, each.memory_mb).has(needs) for each in usable):
        return "never"
    rooms = {each.id: _Room(each.cpus_free, each.gpus_free, each.memory_mb_free) for each in usable}
    for taken, node in unseen:
        known = [rooms[node]] if node in rooms else [r for r in rooms.values() if r.has(taken)]
        if known:
            known[0].take(taken)
    return "now" if any(room.has(needs) for room in rooms.values()) else "later"


def most_at_once(needs: wire.Needs, nodes: Iterable[wire.Node]) -> int:
    """How many sessions that reserve this the nodes can have at the same time."""
    return sum(_fitting(needs, node) for node in nodes if node.refusal is None)


def _fitting(needs: wire.Needs, node: wire.Node) -> int:
    asked = (needs.cpus, node.cpus), (needs.gpus, node.gpus), (needs.memory_mb, node.memory_mb)
    return min(_parts(has) // _parts(wanted) for wanted, has in asked if wanted)


def _parts(resource: float) -> int:
    return round(resource * _PARTS)


def why_waiting(needs: wire.Needs, nodes: Iterable[wire.Node]) -> str | None:
    """What a session waits for that the cluster does not have at all; None: it has all of it."""
    all_nodes = list(nodes)
    usable = [node for node in all_nodes if node.refusal is None]
    if any(_Room(each.cpus, each.gpus, each.memory_mb).has(needs) for each in usable):
        return None
    if not usable:
        refused = "; ".join(f"{node.name}: {node.refusal}" for node in all_nodes)
        return f"Waiting for a node; the cluster has none to train on ({refused or 'no nodes'})."
    asked = {"CPU": float(needs.cpus), "GPU": needs.gpus, "MB of memory": needs.memory_mb or 0.0}
    most = {
        "CPU": max(each.cpus for each in usable),
        "GPU": max(each.gpus for each in usable),
        "MB of memory": max(each.memory_mb for each in usable),
    }
    short = [name for name in asked if asked[name] > most[name]]
    if not short:
        return (
            f"Waiting for one node with {_all(asked)}; the cluster's nodes have these, but not "
            "together."
        )
    wanted = " and ".join(_count(asked[name], name) for name in short)
    has = " and ".join(_count(most[name], name) for name in short)
    if sum(most[name] for name in short) == 0:
        return f"Waiting for {wanted}; the cluster has 0."
    return f"Waiting for {wanted} on one node; the largest of the cluster has {has}."


def _all(asked: Mapping[str, float]) -> str:
    return ", ".join(_count(count, name) for name, count in asked.items() if count)


def _count(count: float, name: str) -> str:
    plural = "s" if name in ("CPU", "GPU") and count != 1 else ""
    return f"{count:g} {name}{plural}" if count < 1e6 else f"{count:.0f} {name}{plural}"
