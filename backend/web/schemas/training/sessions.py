"""Training sessions: the request, the session, its epochs."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, Json, model_validator
from typing_extensions import TypeAliasType

from backend import wire
from backend.training import defaults
from backend.transit.networks import registry
from backend.web.schemas.accounts import Use
from backend.web.schemas.base import (
    MAX_ID,
    MODEL_NAME,
    Answer,
    Identifier,
    JsonBody,
    Key,
    Success,
    TextFields,
    shown,
)
from backend.web.schemas.datasets import Dataset
from backend.web.schemas.training.cluster import Place, Reserved

DEFAULT_MODEL_NAME = "exoplanet_model"

# Of a session that has light curves and names no network.
CURVE_NETWORK = "light_curve_cnn"

NETWORK_NAME = f"^({'|'.join(registry.NETWORKS)})$"

SessionStatus = TypeAliasType(
    "SessionStatus", Literal["pending", "training", "completed", "failed", "cancelled"]
)
SessionStage = TypeAliasType("SessionStage", Literal["preparing", "learning", "evaluating"])
RequestedEnd = TypeAliasType("RequestedEnd", Literal["stop", "cancel", "keep"])
FailureReason = TypeAliasType("FailureReason", Literal[wire.Reason, "pruned"])


def _zero_or_a_split(value: float) -> float:
    if 0 < value < 0.05:
        raise ValueError(f"Expected 0 or a number from 0.05 to 0.5, received {value:g}.")
    return value


def known_network(name: str) -> str:
    """The name of a network.

    Raises:
        ValueError: it is none.
    """
    if name not in registry.NETWORKS:
        networks = ", ".join(registry.NETWORKS)
        raise ValueError(f"Expected one of {networks}, received {shown(name)}.")
    return name


class Recipe(JsonBody):
    """How networks are trained: the settings that may differ between the sessions of a study."""

    epochs: int = Field(default=defaults.EPOCHS, ge=1, le=1000)
    batch_size: int = Field(default=defaults.BATCH_SIZE, ge=8, le=4096)
    learning_rate: float = Field(default=defaults.LEARNING_RATE, ge=1e-6, le=1)
    patience: int = Field(default=defaults.PATIENCE, ge=1, le=1000)
    network: Annotated[str, AfterValidator(known_network)] = Field(
        default=defaults.NETWORK,
        json_schema_extra={"pattern": NETWORK_NAME},
    )
    ensemble: int = Field(
        default=defaults.ENSEMBLE,
        ge=1,
        le=defaults.MAX_ENSEMBLE,
        description="Trains this many networks and averages them.",
    )
    use_relations: bool | None = Field(
        default=None,
        description="The network also sees what the other rows of the table say of a row (other "
        "candidates of its star, shared ephemerides) and how well it is known. Needs a network "
        "with `takes_relations`; by default one that does sees them, if the table names stars or "
        "has epochs or uncertainties.",
    )
    use_stellar_uncertainties: bool = Field(
        default=False,
        description="And how well its star is known, which tells follow-up from none. Needs "
        "`use_relations`.",
    )


class Settings(Reserved, Recipe):
    """The dataset, and the settings that sessions and studies have in common."""

    workspace_key: Key
    dataset_id: Identifier
    dataset_version: int | None = Field(
        default=None,
        ge=0,
        le=MAX_ID,
        description="Whose labels it learns; 0: those of the file. Without it the labels as they "
        "are now, which become a version if they are none yet.",
    )
    curve_set_id: Identifier | None = Field(
        default=None,
        description="Whose light curves it learns from, in the version that is the newest now. "
        "Needs a network with `takes_curves`, which is the default then.",
    )
    validation_split: float = Field(default=defaults.VALIDATION_SPLIT, ge=0.05, le=0.5)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.curve_set_id is not None and "network" not in self.model_fields_set:
            self.network = CURVE_NETWORK
        require_relations(self)
        require_curves(self)
        return self


def require_relations(recipe: Recipe) -> None:
    """Check that a network sees only what it takes.

    Raises:
        ValueError: it is asked to see more.
    """
    takes_relations = registry.NETWORKS[recipe.network].takes_relations
    if recipe.use_relations and not takes_relations:
        able = ", ".join(each.name for each in registry.NETWORKS.values() if each.takes_relations)
        raise ValueError(
            f"use_relations: expected a network that takes relations ({able}), received "
            f"{recipe.network}."
        )
    is_unrelated = recipe.use_relations is False or not takes_relations
    if recipe.use_stellar_uncertainties and is_unrelated:
        raise ValueError("use_stellar_uncertainties: expected use_relations as well.")


def require_curves(settings: Settings) -> None:
    """Check that a network that reads light curves has some.

    Raises:
        ValueError: it has none.
    """
    if registry.NETWORKS[settings.network].takes_curves and settings.curve_set_id is None:
        raise ValueError(
            f"curve_set_id: expected a set of light curves for {settings.network}, received none."
        )


def require_reader(settings: Settings, networks: Collection[str]) -> None:
    """Check that one of the networks reads the light curves, if there are any.

    Raises:
        ValueError: none does.
    """
    if settings.curve_set_id is None:
        return
    if not any(registry.NETWORKS[name].takes_curves for name in networks):
        able = ", ".join(each.name for each in registry.NETWORKS.values() if each.takes_curves)
        raise ValueError(
            f"curve_set_id: expected a network that reads light curves ({able}), received "
            f"{', '.join(networks)}."
        )


class StartRequest(Settings):
    """The dataset and the settings; only the first two fields are required."""

    @model_validator(mode="after")
    def _reads_its_curves(self) -> Self:
        require_reader(self, [self.network])
        return self

    model_name: str = Field(default=DEFAULT_MODEL_NAME, pattern=MODEL_NAME)
    test_split: Annotated[float, AfterValidator(_zero_or_a_split)] = Field(
        default=defaults.TEST_SPLIT,
        ge=0,
        le=0.5,
        description="0, or 0.05 and more.",
        json_schema_extra={"not": {"exclusiveMinimum": 0, "exclusiveMaximum": 0.05}},
    )


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
