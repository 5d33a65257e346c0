"""What the server and the bridge to a Ray cluster exchange.

The bridge is a child process of the server. It has sessions trained and rows predicted on the
cluster: what a local worker would be sent and would send, with the session that it is for.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from backend.wire.events import (
    Batch,
    Cancelled,
    Epoch,
    Evaluated,
    Exited,
    Failed,
    PredictionAnswer,
    PredictionRefusal,
    Saved,
    Stage,
    Started,
)
from backend.wire.fields import Checked, RequestedEnd
from backend.wire.jobs import PredictionRequest, Train
from backend.wire.lines import decode


class Needs(Checked):
    """What a session reserves of the cluster; all of it on one node.

    Attributes:
        cpus: processors, and threads of TensorFlow.
        gpus: graphics cards, or a part of one.
        memory_mb: None: it reserves none, and has no limit.
    """

    cpus: int = Field(ge=1)
    gpus: float = Field(ge=0)
    memory_mb: int | None


class Assign(Checked):
    """Have a session trained on the cluster.

    Attributes:
        prepares: whether its node prepares a worker for the next session meanwhile.
    """

    kind: Literal["assign"] = "assign"
    job: Train
    needs: Needs
    prepares: bool = False


class Request(Checked):
    """A session is to `stop` after its epoch, or to end now."""

    kind: Literal["request"] = "request"
    session_id: int
    start: int
    what: RequestedEnd


class Warm(Checked):
    """Prepare a worker on each node that has none and is free."""

    kind: Literal["warm"] = "warm"
    needs: Needs


class Predict(Checked):
    """Have rows predicted on the cluster; of any number, on one node.

    Attributes:
        cpus: processors to reserve, and threads of TensorFlow.
    """

    kind: Literal["predict_there"] = "predict_there"
    request: PredictionRequest
    cpus: int = Field(ge=1)


class Lost(Checked):
    """The rows of request `id` were not predicted: the node is gone, say. Another may do it."""

    event: Literal["lost"] = "lost"
    id: int
    message: str


class Node(Checked):
    """A machine of the cluster.

    Attributes:
        id: by which Ray knows it.
        name: of the machine.
        cpus, gpus, memory_mb: all that sessions can reserve of it.
        cpus_free, gpus_free, memory_mb_free: what they have left.
        processor: of the machine; None: not known yet.
        refusal: why no session trains on it; None: sessions may.
    """

    id: str
    name: str
    cpus: float
    gpus: float
    memory_mb: float
    cpus_free: float
    gpus_free: float
    memory_mb_free: float
    processor: str | None = None
    refusal: str | None = None


class Cluster(Checked):
    """The nodes that the cluster has now; sent every few seconds while it answers."""

    event: Literal["cluster"] = "cluster"
    nodes: tuple[Node, ...]


class Unreachable(Checked):
    """The cluster does not answer; why, for the person who runs the server.

    Attributes:
        is_trying: whether the bridge has only not connected yet.
    """

    event: Literal["unreachable"] = "unreachable"
    message: str
    is_trying: bool = False


class Placed(Checked):
    """A session has its place: the node, by its id."""

    event: Literal["placed"] = "placed"
    session_id: int
    start: int
    node: str


FromNode = Annotated[
    Started | Batch | Epoch | Stage | Evaluated | Saved | Cancelled | Failed | Exited,
    Field(discriminator="event"),
]


class FromSession(Checked):
    """What a runner reports of a session."""

    event: Literal["session"] = "session"
    session_id: int
    start: int
    report: FromNode


BridgeCommand = Assign | Request | Warm | Predict
BridgeEvent = (
    Cluster | Unreachable | Placed | FromSession | PredictionAnswer | PredictionRefusal | Lost
)

_COMMANDS: TypeAdapter[BridgeCommand] = TypeAdapter(
    Annotated[BridgeCommand, Field(discriminator="kind")]
)
_EVENTS: TypeAdapter[BridgeEvent] = TypeAdapter(
    Annotated[BridgeEvent, Field(discriminator="event")]
)
_REPORTS: TypeAdapter[FromNode] = TypeAdapter(FromNode)


def decode_bridge_command(line: bytes) -> BridgeCommand:
    """Decode a line that a bridge received.

    Raises:
        Malformed: it is not a command to a bridge.
    """
    return decode(_COMMANDS, "a command to a bridge", line)


def decode_bridge_event(line: bytes) -> BridgeEvent:
    """Decode a line that a bridge sent.

    Raises:
        Malformed: it is not an event of a bridge.
    """
    return decode(_EVENTS, "an event of a bridge", line)


def decode_report(line: bytes) -> FromNode:
    """Decode a line that a node sent of a session.

    Raises:
        Malformed: it is not an event of a session.
    """
    return decode(_REPORTS, "an event of a session", line)
