"""The typed jobs and events that server and worker exchange, one JSON object a line.

A message is checked when it is made, which is before it is sent, and again when it is received:
an unknown field, a missing one, a wrong type, a number that is not finite and text that is not
Unicode are errors. Messages cannot be changed and name files, but hold no paths: where files are
is each machine's own.

    server                                  worker
      Train(spec, …)  ──────────────────────▶ Ready, Started, Batch, Epoch, …, Saved; Alive
      Stop            ──────────────────────▶ (finishes the epoch)
      ServePredictions, PredictionRequest ──▶ Ready, PredictionAnswer or PredictionRefusal
"""

from backend.wire.bridge import (
    Assign,
    BridgeCommand,
    BridgeEvent,
    Cluster,
    FromNode,
    FromSession,
    Lost,
    Needs,
    Node,
    Placed,
    Predict,
    Request,
    Unreachable,
    Warm,
    decode_bridge_command,
    decode_bridge_event,
    decode_report,
)
from backend.wire.events import (
    Alive,
    Batch,
    Cancelled,
    Epoch,
    EpochMetrics,
    Evaluated,
    Event,
    Exited,
    Failed,
    PredictionAnswer,
    PredictionRefusal,
    Ready,
    ReportedEvent,
    Saved,
    SessionEvent,
    Stage,
    Started,
)
from backend.wire.fields import (
    Reason,
    RequestedEnd,
)
from backend.wire.jobs import (
    Command,
    Member,
    PredictionRequest,
    ServePredictions,
    Spec,
    Stop,
    Train,
)
from backend.wire.lines import (
    Malformed,
    decode_command,
    decode_event,
    encodable,
    encode,
    explain,
)

__all__ = [
    "Alive",
    "Assign",
    "Batch",
    "BridgeCommand",
    "BridgeEvent",
    "Cancelled",
    "Cluster",
    "Command",
    "Epoch",
    "EpochMetrics",
    "Evaluated",
    "Event",
    "Exited",
    "Failed",
    "FromNode",
    "FromSession",
    "Lost",
    "Malformed",
    "Member",
    "Needs",
    "Node",
    "Placed",
    "Predict",
    "PredictionAnswer",
    "PredictionRefusal",
    "PredictionRequest",
    "Ready",
    "Reason",
    "ReportedEvent",
    "Request",
    "RequestedEnd",
    "Saved",
    "ServePredictions",
    "SessionEvent",
    "Spec",
    "Stage",
    "Started",
    "Stop",
    "Train",
    "Unreachable",
    "Warm",
    "decode_bridge_command",
    "decode_bridge_event",
    "decode_command",
    "decode_event",
    "decode_report",
    "encodable",
    "encode",
    "explain",
]
