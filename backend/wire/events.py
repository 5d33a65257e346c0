"""What a worker sends to the server, and what a runner reports of a session."""

from typing import Literal

from backend.wire.fields import Checked, Document, PackedPredictions, Reason


class Ready(Checked):
    """The worker has imported its libraries and takes a command."""

    event: Literal["ready"] = "ready"


class Alive(Checked):
    """A heartbeat: the process runs; sent every two seconds once it is ready, until its job ends.

    Attributes:
        processor_seconds: that it has used, the heartbeats' own left out.
        progress: grows whenever the session asks whether to go on.
    """

    event: Literal["alive"] = "alive"
    processor_seconds: float
    progress: int


class EpochMetrics(Checked):
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


class Epoch(Checked):
    """An epoch, counted from 1, is finished."""

    event: Literal["epoch"] = "epoch"
    epoch: int
    metrics: EpochMetrics


class Started(Checked):
    """The curves are drawn, the network is built, the epochs begin.

    Attributes:
        rows: all; `train`, `validation` and `test` are its parts.
        parameters: numbers that the network learns and a saved model has.
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


class Batch(Checked):
    """A batch is done; sent from time to time."""

    event: Literal["batch"] = "batch"
    epoch: int
    batches_done: int
    batches: int


class Stage(Checked):
    """The session has entered another stage than its epochs."""

    event: Literal["stage"] = "stage"
    stage: Literal["evaluating"]


class Evaluated(Checked):
    """The model was measured on the test stars; None where there are none."""

    event: Literal["evaluated"] = "evaluated"
    evaluation: Document | None


class Saved(Checked):
    """The model is in its file.

    Attributes:
        sha256: of the file.
        manifest: the JSON stored beside it.
        best_epoch: whose weights it has, from 1; None for a joined model.
        metrics: of that epoch; None for a joined model.
    """

    event: Literal["saved"] = "saved"
    sha256: str
    manifest: Document
    best_epoch: int | None
    metrics: EpochMetrics | None


class Cancelled(Checked):
    """The session ended because it was asked to, and keeps nothing."""

    event: Literal["cancelled"] = "cancelled"


class Failed(Checked):
    """The session ended without a model; `message` is for the person who started it."""

    event: Literal["failed"] = "failed"
    reason: Reason
    message: str


class PredictionAnswer(Checked):
    """Predictions, one a row.

    Attributes:
        id: of the request.
        predictions: of PREDICTION_DTYPE.
    """

    event: Literal["predicted"] = "predicted"
    id: int
    predictions: PackedPredictions


class PredictionRefusal(Checked):
    """The model of request `id` cannot be used; `error` says why, `reason` what is to blame."""

    event: Literal["refused"] = "refused"
    id: int
    error: str
    reason: Literal["failed", "model_corrupt"]


class Exited(Checked):
    """A session's worker is gone: the last event, made by the runner and never sent by a worker.

    Attributes:
        reason, message: why the session failed, if no earlier event ended it.
        may_retry: the same session may succeed in another worker: this one was killed from
            outside, crashed without a word, was stopped, or hung.
        lost: what else is gone, on a cluster: the "node" that trained it, or the way to the whole
            "cluster". None: nothing. The session did not cause it.
    """

    event: Literal["exited"] = "exited"
    reason: Reason = "crashed"
    message: str = "The session ended without a result."
    may_retry: bool = False
    lost: Literal["node", "cluster"] | None = None


SessionEvent = Started | Batch | Epoch | Stage | Evaluated | Saved | Cancelled | Failed
ReportedEvent = SessionEvent | Exited  # what a runner reports of a session
Event = Ready | Alive | SessionEvent | PredictionAnswer | PredictionRefusal
