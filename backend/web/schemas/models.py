"""Saved models."""

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import MAX_ID, Answer, Success, TextFields, WorkspaceQuery
from backend.web.schemas.training.sessions import Metrics, Verdict

ModelPart = TypeAliasType("ModelPart", Literal["model", "training_rows", "relations"])


class DownloadQuery(TextFields):
    """Which file of a model."""

    part: ModelPart = Field(
        default="model",
        description="`model`: the `.keras` file. `training_rows`: the training rows among which "
        "those near to a candidate are found, with their labels. `relations`: the rows of its "
        "table that others are related to, without labels. The last two are `.npy`.",
    )


class Model(Answer):
    """A saved model. `path` is relative to the data folder."""

    id: int
    name: str
    session_id: int | None
    path: str
    sha256: str
    file_size: int
    is_current: bool
    metrics: Metrics | None = Field(description="Metrics of the best epoch.")
    evaluation: dict[str, Any] | None = Field(description="Main figures on the test stars.")
    dataset_id: int | None = Field(description="That it was trained on; null: deleted.")
    dataset_name: str | None
    simulated: bool | None = Field(
        description="It was trained on a catalogue of exotrain's simulator; null for models of "
        "earlier releases."
    )
    verdict: Verdict | None = Field(
        description="Whether it is better than guessing; null for models of earlier releases."
    )
    created_at: str
    promoted_at: str | None
    is_promoted_by_hand: bool = Field(
        description="A person made it the current model when that was last done, not the server."
    )


class ModelWithManifest(Model):
    """A saved model with its provenance."""

    manifest: dict[str, Any] = Field(
        description="Settings, training data, package versions and checksums."
    )


class ModelAnswer(Success):
    """One model."""

    model: ModelWithManifest


class ModelsQuery(WorkspaceQuery):
    """The models to list."""

    study: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ID,
        description="The models of one study; without it, those that are of none.",
    )


class Models(Success):
    """The models of a workspace, newest first."""

    models: list[Model]
    count: int


class PromoteAnswer(Success):
    """The model that is now current."""

    message: str
    model: Model
