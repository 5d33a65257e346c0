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

import json
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE

# How much of a malformed line its error message repeats.
_SHOWN_CHARACTERS = 200

Reason = Literal["data", "diverged", "out_of_memory", "crashed", "interrupted", "disk_full"]

# Finish the epoch and keep the best weights, or end now and keep nothing.
RequestedEnd = Literal["stop", "cancel"]


class Malformed(ValueError):
    """A line that is not a message; the text says what was expected and what came."""


def _as_json(document: dict[str, Any]) -> dict[str, Any]:
    """A private copy of a document; anything that JSON cannot hold is refused."""
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        return json.loads(text.encode())
    except TypeError as error:
        raise ValueError(f"expected what JSON can hold: {error}") from None


def _whole_rows(packed: bytes) -> bytes:
    return _whole_records(packed, ROW_DTYPE)


def _finite_predictions(packed: bytes) -> bytes:
    predictions = np.frombuffer(_whole_records(packed, PREDICTION_DTYPE), PREDICTION_DTYPE)
    for name in ("probabilities", "period", "depth_ppm"):
        if not np.isfinite(predictions[name]).all():
            raise ValueError(f"expected a finite {name} of every row")
    return packed


def _whole_records(packed: bytes, dtype: np.dtype) -> bytes:
    if len(packed) % dtype.itemsize:
        raise ValueError(f"expected records of {dtype.itemsize} bytes, received {len(packed)}")
    return packed


Document = Annotated[dict[str, Any], AfterValidator(_as_json)]

# Arrays as their bytes, in base64 on the wire: no number is converted on the way.
PackedRows = Annotated[bytes, AfterValidator(_whole_rows)]
PackedPredictions = Annotated[bytes, AfterValidator(_finite_predictions)]


class _Checked(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    @field_validator("*")
    @classmethod
    def _is_unicode(cls, value: Any) -> Any:
        if isinstance(value, str):
            value.encode()  # a lone surrogate, as in an undecodable file name, cannot be sent
        return value


class Spec(_Checked):
    """What a session trains, and on what: stored with the session, and sent to its worker.

    `training.spec.upgrade_spec` reads what earlier versions stored.

    Attributes:
        version: of these fields; specs of 0.1.0 and earlier have none.
        model_name: the name that the user gave the model.
        validation_split, test_split: fractions of the stars.
        patience: epochs without a better validation loss before the end.
        ensemble: how many networks are trained; the saved model is their mean.
        dataset_sha256: of the uploaded file, and of how it is read if that was said.
        dataset_name: of the uploaded file.
        source: the format of the catalogue, "exotrain", "koi" or "toi".
    """

    version: Literal[2] = 2
    model_name: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation_split: float
    test_split: float
    patience: int
    seed: int
    network: str
    ensemble: int
    dataset_sha256: str
    dataset_name: str
    source: str


# From the server to a worker


class Train(_Checked):
    """Train one session. The first command to a worker.

    Attributes:
        start: of the session's starts, from 1; each has a checkpoint and a model file of its own.
        model_file: the model's name in the database; with the workspace, the session, its start
            and the dataset's hash it says which files the worker reads and writes.
        memory_mb: the limit for the worker; None: no limit.
        keep: train no further epoch: evaluate and save the best one of the kept checkpoint.
    """

    kind: Literal["train"] = "train"
    session_id: int
    start: int
    workspace_id: int
    model_file: str
    memory_mb: int | None
    spec: Spec
    keep: bool


class Stop(_Checked):
    """Finish the current epoch and keep the best weights."""

    kind: Literal["stop"] = "stop"


class ServePredictions(_Checked):
    """Answer prediction requests until the input ends. The first command to a worker."""

    kind: Literal["predict"] = "predict"


class PredictionRequest(_Checked):
    """Predict rows with a model.

    Attributes:
        id: comes back with the answer.
        model_file: the model's name in the database.
        sha256: the expected hash of that file.
        source: "exotrain", "koi" or "toi": the band of the limb darkening.
        rows: of ROW_DTYPE; none: only load the model.
    """

    kind: Literal["rows"] = "rows"
    id: int
    model_file: str
    sha256: str
    source: str
    rows: PackedRows


# From a worker to the server


class Ready(_Checked):
    """The worker has imported its libraries and takes a command."""

    event: Literal["ready"] = "ready"


class Alive(_Checked):
    """A heartbeat: the process runs; sent every two seconds once it is ready, until its job ends.

    Attributes:
        processor_seconds: that it has used, the heartbeats' own left out.
        progress: grows whenever the session asks whether to go on.
    """

    event: Literal["alive"] = "alive"
    processor_seconds: float
    progress: int


class EpochMetrics(_Checked):
    """Measured after an epoch on the training and, as val_…, the validation rows.

    The label's figures, and mean absolute errors in days and ppm. None: not a finite number.
    """

    accuracy: float | None
    val_accuracy: float | None
    loss: float | None
    val_loss: float | None
    label_loss: float | None
    val_label_loss: float | None
    period_mae: float | None
    val_period_mae: float | None
    depth_mae: float | None
    val_depth_mae: float | None
    learning_rate: float
    epoch_seconds: float


class Epoch(_Checked):
    """An epoch, counted from 1, is finished."""

    event: Literal["epoch"] = "epoch"
    epoch: int
    metrics: EpochMetrics


class Started(_Checked):
    """The curves are drawn, the network is built, the epochs begin.

    Attributes:
        rows: all; `train`, `validation` and `test` are its parts.
        parameters: numbers that the network learns.
        batches: in an epoch.
        resumed_from_epoch: how many epochs the checkpoint had; 0 without one.
        history: these epochs, oldest first: a server that was killed may have missed some.
    """

    event: Literal["started"] = "started"
    rows: int
    train: int
    validation: int
    test: int
    parameters: int
    batches: int
    resumed_from_epoch: int
    history: tuple[Epoch, ...]


class Batch(_Checked):
    """A batch is done; sent from time to time."""

    event: Literal["batch"] = "batch"
    epoch: int
    batches_done: int
    batches: int


class Stage(_Checked):
    """The session has entered another stage than its epochs."""

    event: Literal["stage"] = "stage"
    stage: Literal["evaluating"]


class Evaluated(_Checked):
    """The model was measured on the test stars; None where there are none."""

    event: Literal["evaluated"] = "evaluated"
    evaluation: Document | None


class Saved(_Checked):
    """The model is in its file.

    Attributes:
        sha256: of the file.
        manifest: the JSON stored beside it.
        best_epoch: whose weights it has, from 1.
        metrics: of that epoch.
    """

    event: Literal["saved"] = "saved"
    sha256: str
    manifest: Document
    best_epoch: int
    metrics: EpochMetrics


class Cancelled(_Checked):
    """The session ended because it was asked to, and keeps nothing."""

    event: Literal["cancelled"] = "cancelled"


class Failed(_Checked):
    """The session ended without a model; `message` is for the person who started it."""

    event: Literal["failed"] = "failed"
    reason: Reason
    message: str


class PredictionAnswer(_Checked):
    """Predictions, one a row.

    Attributes:
        id: of the request.
        predictions: of PREDICTION_DTYPE.
    """

    event: Literal["predicted"] = "predicted"
    id: int
    predictions: PackedPredictions


class PredictionRefusal(_Checked):
    """The model of request `id` cannot be used; `error` says why, `reason` what is to blame."""

    event: Literal["refused"] = "refused"
    id: int
    error: str
    reason: Literal["failed", "model_corrupt"]


class Exited(_Checked):
    """A session's worker is gone: the last event, made by the runner and never sent by a worker.

    Attributes:
        reason, message: why the session failed, if no earlier event ended it.
        may_retry: the same session may succeed in another worker: this one was killed from
            outside, crashed without a word, was stopped, or hung.
    """

    event: Literal["exited"] = "exited"
    reason: Reason = "crashed"
    message: str = "The session ended without a result."
    may_retry: bool = False


Command = Train | Stop | ServePredictions | PredictionRequest
SessionEvent = Started | Batch | Epoch | Stage | Evaluated | Saved | Cancelled | Failed
ReportedEvent = SessionEvent | Exited  # what a runner reports of a session
Event = Ready | Alive | SessionEvent | PredictionAnswer | PredictionRefusal

_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])
_EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def encode(message: Command | Event) -> bytes:
    """Encode a message as one line."""
    return message.model_dump_json().encode() + b"\n"


def encodable(text: str) -> str:
    """Text of any origin as a message can hold it: lone surrogates become escapes."""
    return text.encode(errors="backslashreplace").decode()


def decode_command(line: bytes) -> Command:
    """Decode a line that a worker received.

    Raises:
        Malformed: it is not a command.
    """
    return _decode(_COMMANDS, "a command", line)


def decode_event(line: bytes) -> Event:
    """Decode a line that the server received.

    Raises:
        Malformed: it is not an event.
    """
    return _decode(_EVENTS, "an event", line)


def _decode(adapter: TypeAdapter, expected: str, line: bytes) -> Any:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        shown = line[:_SHOWN_CHARACTERS].decode(errors="backslashreplace").rstrip("\n")
        raise Malformed(f"Expected {expected}, received {shown}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """Name each wrong field and its mistake, on one line."""
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in found[:5]
    )
