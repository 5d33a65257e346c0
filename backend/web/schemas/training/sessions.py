"""Training sessions: the session, its epochs, its end."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, Json
from typing_extensions import TypeAliasType

from backend import wire
from backend.web.schemas.accounts import Use
from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    Success,
    TextFields,
)
from backend.web.schemas.datasets import Dataset
from backend.web.schemas.training.cluster import Place

SessionStatus = TypeAliasType(
    "SessionStatus", Literal["pending", "training", "completed", "failed", "cancelled"]
)
SessionStage = TypeAliasType("SessionStage", Literal["preparing", "learning", "evaluating"])
RequestedEnd = TypeAliasType("RequestedEnd", Literal["stop", "cancel", "keep"])
FailureReason = TypeAliasType("FailureReason", Literal[wire.Reason, "pruned"])


class Metrics(Answer):
    """Metrics after an epoch, on the training and the validation rows; days and ppm."""

    model_config = ConfigDict(extra="allow")

    accuracy: float | None = None
    val_accuracy: float | None = None
    loss: float | None = None
    val_loss: float | None = None
    period_mae: float | None = None
    val_period_mae: float | None = None
    depth_mae: float | None = None
    val_depth_mae: float | None = None
    learning_rate: float | None = None
    epoch_seconds: float | None = None


class Epoch(Metrics):
    """The metrics of one epoch, counted from 1."""

    epoch: int


class SessionError(Answer):
    """Why a session failed, or a trial was `pruned`: cancelled because others are better."""

    reason: FailureReason
    message: str
    keep_error: str | None = Field(
        default=None,
        description="Why its best epoch could not be kept, the last time it was tried.",
    )


class Verdict(Answer):
    """Whether a model is better than guessing by the class frequencies of its training rows."""

    beats_guessing: bool = Field(description="`log_loss` is below `guessing_log_loss`.")
    log_loss: float | None = Field(description="Of the model; null: it is not a finite number.")
    guessing_log_loss: float = Field(
        description="Of the class frequencies of the training rows, on the same rows."
    )
    part: Literal["test", "validation"] = Field(
        description="The rows that both were measured on; the validation rows if there are no "
        "test stars."
    )
    rows: int


class TestFigures(Answer):
    """Main figures on the test stars, with their 95% intervals."""

    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    ece: float | None
    intervals: Json[dict[str, list[float] | None]] | None = Field(
        description="[low, high] of each; null: none are known."
    )


class SessionSummary(Answer):
    """A training session. `metrics` are those of the last epoch, once completed of the best one."""

    # `Json` fields are given as the database has them, as text: read and checked in one step.

    id: int
    workspace_id: int
    dataset_id: int | None
    dataset_name: str | None = Field(
        default=None, description="As it is now; of a deleted dataset the last one."
    )
    model_name: str
    dataset_size: int
    status: SessionStatus
    request: RequestedEnd | None = Field(description="Requested, not yet done.")
    stage: SessionStage | None = Field(
        description="The current step: computing curves, training, or testing on the test stars; "
        "also while the best epoch of a failed session is being kept."
    )
    epochs: int
    epochs_completed: int
    best_epoch: int | None
    batches_done: int = Field(description="Batches done in the current epoch.")
    batches: int
    progress: float
    eta_seconds: float | None = Field(
        description="An upper limit: early stopping may end the session sooner."
    )
    metrics: Json[Metrics | None] | None
    training: Json[dict[str, Any] | None] | None = Field(
        description="Rows in each split, parameters."
    )
    model_id: int | None
    model_path: str | None = Field(description="Relative to the data folder.")
    error: Json[SessionError | None] | None
    verdict: Json[Verdict | None] | None = Field(
        description="Of its model; null without one, and for sessions of earlier releases."
    )
    keepable_until: str | None = Field(
        description="Until then the best epoch of this failed session can be kept as a model; "
        "null: it has none."
    )
    checkpoint_bytes: int | None = Field(
        description="What the finished epochs of this failed session take while they can be kept."
    )
    title: str | None = Field(default=None, description="A name that somebody gave it.")
    tags: Json[list[str]] | None = None
    note: str | None = None
    is_starred: bool | None = None
    user: str | None = Field(default=None, description="Who started it.")
    figures: TestFigures | None = Field(
        default=None, description="Null before it is evaluated, and without test stars."
    )
    waiting_for: str | None = Field(
        description="What a waiting session needs that the cluster does not have; null: it waits "
        "for others to end."
    )
    node: Place | None = Field(
        description="Where it trains; null: on the server's own machine, or on none yet."
    )
    spec: Json[dict[str, Any]]
    retry_of: int | None
    study_id: int | None = Field(description="The study that it is a part of.")
    created_at: str
    started_at: str | None
    completed_at: str | None


class Session(SessionSummary):
    """A training session with its epochs."""

    history: Json[list[Epoch]]


class SessionAnswer(Success):
    """One session."""

    session: Session


class StopAnswer(SessionAnswer):
    """The session, and what happens to it."""

    message: str


class StartAnswer(Success):
    """The new session and its dataset."""

    message: str
    session: Session
    dataset: Dataset
    model_name: str
    epochs: int
    waiting_sessions: Use = Field(description="Those that you have started.")


class SessionQuery(TextFields):
    """The part of the history to return."""

    after_epoch: int = Field(
        default=0, ge=0, le=MAX_ID, description="Return only the epochs after this one."
    )
