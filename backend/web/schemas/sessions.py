"""Trainings: the request, the session, its epochs; the networks."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from backend.transit.networks import registry
from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    Identifier,
    JsonBody,
    Key,
    Success,
    TextFields,
    WorkspaceQuery,
)
from backend.web.schemas.datasets import Dataset

DEFAULT_MODEL_NAME = "exoplanet_model"

Status = Literal["pending", "training", "completed", "failed", "cancelled"]


def _zero_or_a_split(value: float) -> float:
    if 0 < value < 0.05:
        raise ValueError(f"expected 0, or a number from 0.05 to 0.5, received {value:g}")
    return value


def _known_network(name: str) -> str:
    if name not in registry.NETWORKS:
        raise ValueError(f"expected one of {', '.join(registry.NETWORKS)}, received {name!r}")
    return name


class StartRequest(JsonBody):
    """What to train on, and how; everything but the first two has a default."""

    workspace_key: Key
    dataset_id: Identifier
    model_name: str = Field(default=DEFAULT_MODEL_NAME, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    epochs: int = Field(default=registry.DEFAULT_EPOCHS, ge=1, le=1000)
    batch_size: int = Field(default=registry.DEFAULT_BATCH_SIZE, ge=8, le=4096)
    learning_rate: float = Field(default=registry.DEFAULT_LEARNING_RATE, ge=1e-6, le=1)
    validation_split: float = Field(default=registry.DEFAULT_VALIDATION_SPLIT, ge=0.05, le=0.5)
    test_split: Annotated[float, AfterValidator(_zero_or_a_split)] = Field(
        default=registry.DEFAULT_TEST_SPLIT, ge=0, le=0.5, description="0 or from 0.05"
    )
    patience: int = Field(default=registry.DEFAULT_PATIENCE, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    network: Annotated[str, AfterValidator(_known_network)] = registry.DEFAULT_NETWORK
    ensemble: int = Field(
        default=registry.DEFAULT_ENSEMBLE,
        ge=1,
        le=registry.MAX_ENSEMBLE,
        description="Networks that are trained side by side; the model is their mean.",
    )


class Metrics(Answer):
    """Measured after an epoch, on the training and the validation rows; days and ppm."""

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
    """Why a session failed."""

    reason: Literal["data", "diverged", "out_of_memory", "crashed", "interrupted", "disk_full"]
    message: str


class SessionSummary(Answer):
    """One training. `metrics` are the last epoch's, of a completed session the best epoch's."""

    id: int
    workspace_id: int
    dataset_id: int | None
    model_name: str
    dataset_size: int
    status: Status
    request: Literal["stop", "cancel"] | None = Field(description="Asked for, not yet done.")
    stage: Literal["preparing", "learning", "evaluating"] | None = Field(
        description="What a training does now: draws curves, runs epochs, measures the test stars."
    )
    epochs: int
    epochs_completed: int
    best_epoch: int | None
    batches_done: int = Field(description="Of the epoch under way.")
    batches: int
    progress: float
    eta_seconds: float | None = Field(description="At most: an early stop may come before.")
    metrics: Metrics | None
    training: dict[str, Any] | None = Field(description="Rows of each part, parameters.")
    model_id: int | None
    model_path: str | None = Field(description="Relative to the data folder.")
    error: SessionError | None
    spec: dict[str, Any]
    retry_of: int | None
    created_at: str
    started_at: str | None
    completed_at: str | None


class Session(SessionSummary):
    """One training with its epochs."""

    history: list[Epoch]


class SessionAnswer(Success):
    """One session."""

    session: Session


class StopAnswer(SessionAnswer):
    """The session, and what will happen to it."""

    message: str


class StartAnswer(Success):
    """The session that was added, and what it trains on."""

    message: str
    session: Session
    dataset: Dataset
    model_name: str
    epochs: int


class SessionsQuery(WorkspaceQuery):
    """Which sessions; `cursor` is an earlier answer's `next_cursor`."""

    status: Status | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: int | None = Field(default=None, ge=1, le=MAX_ID)


class Sessions(Success):
    """Sessions, newest first; `next_cursor` is null on the last page."""

    sessions: list[SessionSummary]
    count: int
    next_cursor: str | None


class SessionQuery(TextFields):
    """From which epoch on the history is wanted."""

    after_epoch: int = Field(default=0, ge=0, le=MAX_ID)


class Network(Answer):
    """A network that `start` takes by name."""

    name: str
    inputs: list[str]
    parameters: int
    sentence: str


class Networks(Success):
    """The networks; `default` is what `start` takes when none is named."""

    networks: list[Network]
    default: str
    count: int
