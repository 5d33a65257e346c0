"""Why a session on the cluster ended, and why the cluster cannot be used, in words."""

from ray import exceptions

from backend import wire
from backend.cluster.messages import Software

_NODE_GONE = (
    exceptions.NodeDiedError,
    exceptions.LocalRayletDiedError,
    exceptions.ObjectLostError,
    exceptions.OwnerDiedError,
    exceptions.ActorDiedError,
    exceptions.ActorUnavailableError,
)


def exited_because(error: BaseException, node: str | None, *, is_node_alive: bool) -> wire.Exited:
    """The last event of a session whose task has ended without one.

    Args:
        error: what Ray says.
        node: the name of the machine; None: the session had none yet.
        is_node_alive: whether the cluster still has it.
    """
    where = f"on {node}" if node else "on the cluster"
    if isinstance(error, exceptions.OutOfMemoryError):
        return wire.Exited(
            reason="out_of_memory",
            message=f"The session was ended {where}: the node had too little memory left. Give it "
            "more (memory_mb), or use a smaller dataset or batch_size, then retry.",
        )
    if isinstance(error, exceptions.RuntimeEnvSetupError):
        return wire.Exited(
            message=f"The node could not be prepared for the session ({_short(error)}).",
            lost="node",
        )
    if isinstance(error, _NODE_GONE) or (node is not None and not is_node_alive):
        return wire.Exited(
            reason="interrupted",
            message=f"The node that trained the session is gone ({node or 'it had none yet'}).",
            may_retry=True,
            lost="node",
        )
    if isinstance(error, exceptions.WorkerCrashedError):
        return wire.Exited(
            message=f"The session's process {where} was killed from outside, or crashed.",
            may_retry=True,
        )
    if isinstance(error, exceptions.ObjectStoreFullError | exceptions.OutOfDiskError):
        return wire.Exited(
            reason="disk_full",
            message=f"Ray's object store is full ({_short(error)}). Retry the session later.",
            lost="node",
        )
    return wire.Exited(
        message=f"The session ended {where} without a result ({_short(error)}).", may_retry=True
    )


def refusal(found: Software, expected: Software) -> str | None:
    """Why a node cannot train for this server; None: it can.

    Args:
        found: what it has.
        expected: what the server has.
    """
    if found.python != expected.python:
        return f"it has Python {found.python}, the server {expected.python}"
    differing = [
        f"{name} {version or 'is missing'} (the server has {expected.packages[name]})"
        for name, version in found.packages.items()
        if version != expected.packages[name]
    ]
    return f"it has other packages: {', '.join(differing)}" if differing else None


def why_unreachable(error: BaseException, address: str | None) -> str:
    """Why the cluster cannot be used, for the person who runs the server."""
    where = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
    hint = ""
    if "Failed to connect to Ray cluster" in str(error):  # but something accepts connections
        hint = (
            ". Something answers there, but not as a head that the server may use: compare "
            "RAY_AUTH_MODE, RAY_AUTH_TOKEN and the version of Ray."
        )
    return wire.encodable(f"No connection to {where}: {_short(error)}{hint}")


def _short(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return wire.encodable(f"{type(error).__name__}: {words[:600]}")
