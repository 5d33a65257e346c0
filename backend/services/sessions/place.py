"""Where sessions train: on this machine, or on a cluster with what they reserve of it."""

from backend import wire
from backend.config import Settings
from backend.errors import Invalid

_OF_A_CLUSTER = ("cpus", "gpus", "memory_mb")


def require_cluster(settings: Settings, spec: wire.Spec) -> None:
    """Check that nothing is to be reserved where there is nothing to reserve it of.

    Raises:
        Invalid: this server trains on its own machine.
    """
    asked = [name for name in _OF_A_CLUSTER if getattr(spec, name) is not None]
    if not asked or settings.runner == "ray":
        return
    message = (
        "This server trains on its own machine: leave it out, or set EXOTRAIN_RUNNER=ray for a "
        "cluster."
    )
    raise Invalid(f"{asked[0]}: {message}", [{"field": each, "message": message} for each in asked])
