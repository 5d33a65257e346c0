"""The cluster that sessions train on."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from backend.config import (
    IDLE_WORKER_MB,
    LEAST_PART_OF_GPU,
    MOST_CPUS,
    MOST_GPUS,
    MOST_MEMORY_MB,
    can_be_reserved,
)
from backend.web.schemas.base import Answer, JsonBody, Success

RunnerName = TypeAliasType("RunnerName", Literal["process", "thread", "ray"])


class Node(Answer):
    """A machine of the cluster."""

    name: str
    cpus: float
    cpus_free: float
    gpus: float
    gpus_free: float
    memory_mb: float = Field(description="That sessions can reserve.")
    memory_mb_free: float
    processor: str | None = Field(description="Null: not known yet.")
    refusal: str | None = Field(description="Why no session trains on it; null: sessions may.")


class Cluster(Success):
    """Where sessions train. `nodes` is empty where they train on the server's own machine."""

    runner: RunnerName
    reachable: bool | None = Field(description="Null: there is no cluster.")
    message: str | None = Field(description="Why it cannot be reached.")
    since: str | None = Field(description="Since when it cannot be reached.")
    nodes: list[Node] = Field(description="As they were seen last.")


class Place(Answer):
    """The node of a cluster that a session trains on."""

    name: str
    processor: str | None


def _whole_or_a_part(gpus: float) -> float:
    if not can_be_reserved(gpus):
        raise ValueError(
            f"Expected a whole number, or a part of one from {LEAST_PART_OF_GPU:g}, received "
            f"{gpus:g}."
        )
    return gpus


# For `json_schema_extra`: neither whole nor a part of one.
_NO_GPUS: list[Any] = [
    {"not": {"multipleOf": 1}},
    {"not": {"minimum": LEAST_PART_OF_GPU, "maximum": 1}},
]

Gpus = Annotated[
    float,
    Field(ge=0, le=MOST_GPUS, json_schema_extra={"not": {"allOf": _NO_GPUS}}),
    AfterValidator(_whole_or_a_part),
]


class Reserved(JsonBody):
    """What a session reserves of the cluster; each by itself."""

    cpus: Annotated[int, Field(ge=1, le=MOST_CPUS)] | None = Field(
        default=None,
        description="Processors that a session reserves on a node of the Ray cluster, and threads "
        "that it trains with; default: EXOTRAIN_THREADS. Another number may end in other weights.",
    )
    gpus: Gpus | None = Field(
        default=None,
        description="GPUs that a session reserves: a whole number, or a part of one, which others "
        "may share. Default: EXOTRAIN_GPUS.",
    )
    memory_mb: Annotated[int, Field(ge=IDLE_WORKER_MB, le=MOST_MEMORY_MB)] | None = Field(
        default=None,
        description="Memory that a session reserves; above it the session is ended. Default: "
        "EXOTRAIN_TRAINING_MEMORY_MB.",
    )
