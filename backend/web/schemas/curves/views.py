"""Prepared views: what light curves show of the rows of a dataset."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    BatchStatus,
    JsonBody,
    Success,
    TextFields,
)
from backend.web.schemas.curves.facts import CurveFacts

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


class CurveViewsFacts(CurveFacts):
    """What came of the rows of a dataset."""

    rows: int = Field(description="Of the dataset.")
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
