"""Saved models."""

from typing import Any, Literal

from pydantic import Field, Json
from typing_extensions import TypeAliasType

from backend.web.schemas.base import MAX_ID, Answer, Success, TextFields
from backend.web.schemas.training.listing import PREVIOUS, Cursor, ListChoice, ListGroup
from backend.web.schemas.training.sessions import Metrics, TestFigures, Verdict

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
    dataset_version: int | None = Field(
        description="Whose labels it learnt; 0: those of the file; null for models of earlier "
        "releases."
    )
    network: str | None
    ensemble: int | None = Field(description="Of how many networks it is the mean.")
    is_joined: bool = Field(description="It is the mean of the models of a study.")
    figures: TestFigures | None = Field(
        description="Main figures on the test stars, with intervals; null: it has none."
    )
    user: str | None = Field(description="Who started its session.")
    title: str | None = Field(description="To be shown instead of the name.")
    tags: Json[list[str]]
    note: str
    is_starred: bool
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


class ModelsChoice(ListChoice):
    """Which models, in which order."""

    study: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ID,
        description="The models of one study; without it, those that are of none.",
    )
    sort: str | None = Field(
        default=None,
        max_length=40,
        description="A column, such as accuracy, size or name, with `-` in front for falling. "
        "Rows without a value come last. By default newest first.",
    )
    group: str | None = Field(
        default=None,
        max_length=40,
        description="network, dataset, dataset_name, dataset_version, ensemble or user: its "
        "values are kept together, and counted in `groups`.",
    )


class ModelsQuery(ModelsChoice):
    """The models to list: all of them, or a page of those that are asked for."""

    limit: int | None = Field(
        default=None,
        ge=1,
        le=200,
        description="By default 50; without it, and without sort, filter, q, group and cursor, "
        "all models are listed.",
    )
    cursor: Cursor = None

    @property
    def is_plain(self) -> bool:
        """Whether all models are wanted, newest first."""
        asked = (self.sort, self.filter, self.q, self.group, self.cursor, self.limit)
        return not any(asked)


class Models(Success):
    """The models of a workspace, newest first or as `sort` says."""

    models: list[Model]
    count: int
    next_cursor: str | None = Field(default=None, description="Null on the last page.")
    previous_cursor: str | None = PREVIOUS
    total: int | None = Field(
        default=None, description="All that match; null for a list of all models."
    )
    groups: list[ListGroup] = Field(
        default=[], description="With `group`: all groups of those that match."
    )


class PromoteAnswer(Success):
    """The model that is now current."""

    message: str
    model: Model
