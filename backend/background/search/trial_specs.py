"""The spec of a trial: what all trials of a search have in common, and what it tries."""

from typing import Any

from backend import wire
from backend.background.search.space import Space, Tried
from backend.database.connection import Record
from backend.training.spec import upgrade_spec


def spec_of(name: str, settings: Record, number: int, tried: Tried) -> wire.Spec:
    """The spec of a trial.

    Args:
        name: of the study.
        settings: of the study: `spec`, `space`, and `relations`, by network, whether it sees
            relations where that is neither tried nor asked for.
        number: of the trial, from 1.
        tried: its value of each field of the space.

    Raises:
        UnusableSpec: this version cannot read the stored spec.
    """
    common = upgrade_spec(settings["spec"])
    network = tried.get("network", common.network)
    seen: dict[str, Any] = {"use_relations": settings["relations"].get(network)}
    if seen["use_relations"] is None:
        seen = {}
    return common.model_copy(update={**seen, **tried, "model_name": f"{name}_t{number}"})


def first_tried(settings: Record) -> Tried:
    """What the first trial tries: the setting that the search begins with."""
    space: Space = settings["space"]
    first = upgrade_spec(settings["spec"])
    return {name: getattr(first, name) for name in space}
