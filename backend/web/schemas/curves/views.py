"""Prepared views: what light curves show of the rows of a dataset."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import MAX_ID, Answer, JsonBody, Success, TextFields
from backend.web.schemas.batches import BatchStatus

ViewsFailure = TypeAliasType(
    "ViewsFailure", Literal["damaged", "crashed", "interrupted", "no_space"]
)


class CurveViewsRequest(JsonBody):
    """Of which rows."""

    dataset_id: int = Field(ge=1, le=MAX_ID)


class CurveViewsOf(TextFields):
    """Of which rows."""

    dataset_id: int = Field(ge=1, le=MAX_ID)


class CurveViewsQuery(TextFields):
    """Of which rows; without a dataset of any."""

    dataset_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    limit: int = Field(default=50, ge=1, le=200)
    cursor: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="The `next_cursor` of an earlier response."
    )


class DamagedStar(Answer):
    """A star whose light curve cannot be used."""

    star: str
    message: str


class CurveViewsFacts(Answer):
    """What came of the rows of a dataset."""

    rows: int = Field(description="Of the dataset.")
    rows_with_curve: int = Field(description="Whose stars have light curves in the set.")
    rows_used: int = Field(description="Of these: a network can read their views.")
    rows_without_epoch: int = Field(description="Nobody knows when their transits are.")
    rows_unusable: int = Field(description="The light curve says nothing of them; see `flags`.")
    rows_damaged: int = Field(description="The light curve cannot be read or prepared.")
    stars: int = Field(description="That have light curves and rows.")
    flags: dict[str, int] = Field(description="How many rows have what is missing or odd.")
    damaged: list[DamagedStar] = Field(description="The first 100.")
    bytes: int


class ViewsProblem(Answer):
    """Why views were not prepared."""

    reason: ViewsFailure
    message: str


class CurveViews(Answer):
    """What a version of a curve set shows of the rows of a dataset."""

    id: int
    dataset_id: int
    curve_set_id: int
    curves_sha256: str = Field(description="Of the version of the set.")
    recipe: int = Field(description="How they are made.")
    status: BatchStatus
    request: Literal["cancel"] | None = Field(description="Requested, not yet done.")
    rows: int = Field(description="Whose stars have light curves; 0: not yet counted.")
    rows_done: int
    progress: float = Field(description="From 0 to 1.")
    facts: CurveViewsFacts | None = Field(description="Once they are completed.")
    error: ViewsProblem | None
    stored_bytes: int
    created_at: str
    started_at: str | None
    completed_at: str | None


class CurveViewsAnswer(Success):
    """The views of the rows of a dataset."""

    views: CurveViews


class CurveViewsFound(Success):
    """The views of one dataset's rows, or of all that were asked for; newest first."""

    views: CurveViews | None = Field(description="With `dataset_id`.")
    all: list[CurveViews] = Field(description="With `dataset_id` only these.")
    count: int
    next_cursor: str | None
