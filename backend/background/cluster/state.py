"""What the server knows of a cluster: its nodes, and which sessions it has."""

from dataclasses import dataclass
from typing import NamedTuple

from backend import wire


class ClusterState(NamedTuple):
    """A cluster as it was seen last.

    Attributes:
        unreachable: why it cannot be reached; None: it was seen just now.
        nodes: those that it has, or had when it was seen last.
    """

    unreachable: str | None
    nodes: tuple[wire.Node, ...]


@dataclass
class Assigned:
    """A session that the cluster has.

    Attributes:
        node: Ray's id; None: it has no place yet.
        since: of `time.monotonic`, when it was assigned or placed.
    """

    start: int
    needs: wire.Needs
    node: str | None
    since: float


def in_words(nodes: tuple[wire.Node, ...]) -> str:
    """What the nodes of a cluster have together, for the log."""
    usable = [each for each in nodes if each.refusal is None]
    cpus, gpus = (sum(getattr(each, name) for each in usable) for name in ("cpus", "gpus"))
    free = sum(each.cpus_free for each in usable)
    return (
        f"{len(usable)} usable nodes of {len(nodes)}, {cpus:g} CPUs ({free:g} free), {gpus:g} GPUs"
    )


def with_free(nodes: tuple[wire.Node, ...], ended: Assigned) -> tuple[wire.Node, ...]:
    """The nodes after a session has ended that was seen on one of them."""
    return tuple(
        each.model_copy(
            update={
                "cpus_free": min(each.cpus, each.cpus_free + ended.needs.cpus),
                "gpus_free": min(each.gpus, each.gpus_free + ended.needs.gpus),
                "memory_mb_free": min(
                    each.memory_mb, each.memory_mb_free + (ended.needs.memory_mb or 0)
                ),
            }
        )
        if each.id == ended.node
        else each
        for each in nodes
    )
