"""What starts a study: a request of its kind; and what joins its models."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    model_validator,
)

from backend.services.studies.kinds import KINDS
from backend.services.studies.kinds.grid import MOST_SETTINGS
from backend.services.studies.kinds.search import MOST_MINUTES, MOST_PARALLEL, MOST_TRIALS
from backend.training import defaults
from backend.web.schemas.base import MODEL_NAME, STUDY_NAME, JsonBody, Name, shown
from backend.web.schemas.training.requests.settings import Recipe, Settings, require_reader
from backend.web.schemas.training.search import TrialSpace

FOLDS, GRID, SEARCH = "folds", "grid", "search"


def _known_kind(kind: Any) -> Any:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"Expected one of {', '.join(KINDS)}, received {shown(kind)}.")
    return kind


class StudySettings(Settings):
    """The dataset, and the settings that studies of all kinds have in common."""

    name: str = Field(default="study", pattern=STUDY_NAME)
    validation_split: float = Field(
        default=defaults.VALIDATION_SPLIT,
        ge=0.05,
        le=0.4,
        description="In a study of kind folds, of the rows of the folds that are not tested.",
    )


class FoldsRequest(StudySettings):
    """The dataset, the folds, and the settings of all sessions."""

    kind: Annotated[Literal["folds"], BeforeValidator(_known_kind)] = Field(
        default="folds", description="Every row is tested by networks that never saw its group."
    )

    @model_validator(mode="after")
    def _reads_its_curves(self) -> Self:
        require_reader(self, [self.network])
        return self

    folds: int = Field(default=5, ge=2, le=20)
    seeds: int = Field(
        default=1, ge=1, le=10, description="How many networks test each fold, from `seed` on."
    )


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class GridSetting(Recipe):
    """What a setting has and the base has not; what it does not name is as in the base."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    label: Annotated[Name, Field(max_length=60)] | None = Field(
        default=None, description="Default: what differs, such as `learning_rate 0.01`."
    )


class GridRequest(StudySettings):
    """The dataset, the base setting, and what each of the other settings has instead."""

    kind: Annotated[Literal["grid"], BeforeValidator(_known_kind)] = Field(
        description="A few settings, each compared with the base on the same test rows."
    )
    settings: list[GridSetting] = Field(min_length=1, max_length=MOST_SETTINGS)
    seeds: int = Field(
        default=1,
        ge=1,
        le=10,
        description="How many networks each setting trains, from `seed` on. Those of one seed "
        "have the same test rows in all settings.",
    )
    test_split: float = Field(default=defaults.TEST_SPLIT, ge=0.05, le=0.5)

    def with_setting(self, setting: GridSetting) -> "GridRequest":
        """The base with the differences of a setting; not checked."""
        different = setting.model_dump(exclude_unset=True, exclude={"label"})
        return self.model_copy(update=different)


class SearchRequest(StudySettings):
    """The dataset, the setting to begin with, what may change, and for how long."""

    kind: Annotated[Literal["search"], BeforeValidator(_known_kind)] = Field(
        description="One setting after another, each chosen by what the earlier ones gave."
    )
    space: TrialSpace
    trials: int | None = Field(
        default=None, ge=1, le=MOST_TRIALS, description="The budget; this, `minutes` or both."
    )
    minutes: float | None = Field(
        default=None,
        ge=1,
        le=MOST_MINUTES,
        description="From the start of the first trial; those that run then finish.",
    )
    parallel: int = Field(
        default=1,
        ge=1,
        le=MOST_PARALLEL,
        description="How many trials at once; each knows less of the others.",
    )
    pruning: bool = Field(
        default=True,
        description="End a trial whose validation log loss is worse than the median of the others "
        "at the same epoch.",
    )
    test_split: float = Field(default=defaults.TEST_SPLIT, ge=0.05, le=0.5)
    seeds: ClassVar[int] = 1


def _kind(body: Any) -> str:
    kind = body.get("kind") if isinstance(body, dict) else None
    return kind if isinstance(kind, str) and kind in (GRID, SEARCH) else FOLDS


class StudyRequest(
    RootModel[
        Annotated[
            Annotated[FoldsRequest, Tag(FOLDS)]
            | Annotated[GridRequest, Tag(GRID)]
            | Annotated[SearchRequest, Tag(SEARCH)],
            Discriminator(_kind),
        ]
    ]
):
    """A study of one of the kinds."""


class JoinRequest(JsonBody):
    """The name of the model."""

    model_name: str | None = Field(
        default=None, pattern=MODEL_NAME, description="Default: the study's name and `_joined`."
    )
