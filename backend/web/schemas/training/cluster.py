"""The cluster that sessions train on."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import Answer, Success

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
