"""Predictions, in JSON and as CSV, and saved ones."""

from typing import Annotated, Any

from apiflask.fields import UploadFile
from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    WithJsonSchema,
    model_validator,
)

from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    Identifier,
    JsonBody,
    Key,
    Name,
    Star,
    Success,
    TextFields,
    many_lines,
)
from backend.web.schemas.candidates import Candidate, CandidateBody
from backend.web.schemas.datasets import Source

MAX_ROWS = 10_000
MAX_SAVED = 1_000

# Pydantic puts them into the place of an error; `errors.field_errors` takes them out again.
ONE, MANY = "<one>", "<many>"


class _PredictRequest(JsonBody):
    workspace_key: Key
    model_id: Identifier | None = Field(default=None, description="Absent: the current model.")
    source: Source | None = Field(
        default=None, description="Gives the band; absent: that of the model's training data."
    )


class PredictOne(_PredictRequest, Candidate):
    """One candidate, its numbers at the top level."""


class PredictMany(_PredictRequest):
    """Many candidates; one that cannot be predicted gets its `error` in its place."""

    rows: Annotated[
        list[Any],
        WithJsonSchema({"type": "array", "items": CandidateBody.model_json_schema()}),
    ] = Field(min_length=1, max_length=MAX_ROWS)


def _kind(body: Any) -> str:
    return MANY if isinstance(body, dict) and "rows" in body else ONE


class PredictRequest(
    RootModel[
        Annotated[
            Annotated[PredictOne, Tag(ONE)] | Annotated[PredictMany, Tag(MANY)],
            Discriminator(_kind),
        ]
    ]
):
    """One candidate, or `rows` of them."""


class Problem(Answer):
    """What is wrong with one field."""

    field: str | None = None
    message: str


class OutsideRange(Answer):
    """A value beyond those of the rows that the model was trained on."""

    column: str
    value: float
    min: float | None = Field(description="Null: no row of the training had this column.")
    max: float | None


class Diagnostics(Answer):
    """What the transit says of star and planet; null where a feature that it needs is unknown."""

    density_ratio: float | None = Field(
        description="Density of the star from the transit over that from slogg and srad."
    )
    planet_radius: float | None = Field(description="Earth radii.")
    is_grazing: bool | None
    grazing_margin: float | None = Field(description="1 - k - b, stellar radii; below 0: grazing.")
    single_transit_snr: float | None
    relative_duration: float | None = Field(description="T/P.")
    flags: list[str] = Field(
        default=[], description="What had to be assumed of the orbit, as of a curve."
    )
    outside_training_range: list[OutsideRange]


class Prediction(Answer):
    """What the model says of one candidate, or the `error` for which it says nothing."""

    row: int = Field(description="The place in the request, from 0.")
    star: Star | None = None
    label: int | None = None
    label_name: str | None = None
    probabilities: dict[str, float | None] | None = None
    period: float | None = Field(default=None, description="Inferred from the curve, days.")
    depth_ppm: float | None = None
    uncertain: bool | None = Field(
        default=None,
        description="Whether the highest probability is below the model's threshold, or there is "
        "none that is good enough; null for a model saved without.",
    )
    model_id: int | None = None
    diagnostics: Diagnostics | None = None
    missing: list[str] = Field(default=[], description="Features that were not given.")
    error: str | None = None
    errors: list[Problem] = Field(default=[])


class PredictAnswer(Success):
    """Predictions in the order of the request, and the model that made them."""

    predictions: list[Prediction]
    count: int
    model_id: int
    source: Source


class BatchForm(TextFields):
    """A catalogue as CSV, in any form; labels are not needed.

    A table of the archive tells its survey, one of our own form does not: `source` does, and where
    it is absent the model's training data.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    workspace_key: Key
    model_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    source: Source | None = None


Note = Annotated[str, Field(max_length=20_000), AfterValidator(many_lines)]


class SavedPrediction(JsonBody):
    """A prediction as `/api/predict` gave it."""

    model_config = ConfigDict(extra="ignore")

    label: int | None = Field(default=None, ge=0, le=2)
    label_name: Annotated[Name, Field(max_length=20)] | None = None
    probabilities: dict[Annotated[str, Field(max_length=20)], float | None] | None = Field(
        default=None, max_length=3
    )
    period: float | None = None
    depth_ppm: float | None = None
    uncertain: bool | None = None
    diagnostics: Diagnostics | None = None
    missing: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=9)
    error: Annotated[str, Field(max_length=1000)] | None = None


class AnalysisRequest(JsonBody):
    """Predictions to keep: as many `predictions` as `candidates`, in the same order."""

    workspace_key: Key
    title: Name
    note: Note = ""
    model_id: Identifier | None = None
    candidates: Annotated[
        list[Any],
        WithJsonSchema({"type": "array", "items": CandidateBody.model_json_schema()}),
    ] = Field(
        min_length=1,
        max_length=MAX_SAVED,
        description="As predicted; one whose prediction is an `error` may be anything.",
    )
    predictions: list[SavedPrediction] = Field(min_length=1, max_length=MAX_SAVED)

    @model_validator(mode="after")
    def _belong_together(self) -> "AnalysisRequest":
        if len(self.candidates) != len(self.predictions):
            raise ValueError(
                f"expected as many predictions as candidates, received {len(self.predictions)} "
                f"and {len(self.candidates)}"
            )
        return self


class AnalysisChange(JsonBody):
    """A new title or note; what is absent stays."""

    title: Name | None = None
    note: Note | None = None


class AnalysisSummary(Answer):
    """A saved analysis, without its rows."""

    id: int
    workspace_id: int
    title: str
    note: str
    user: str | None
    model_id: int | None
    count: int = Field(description="How many candidates.")
    created_at: str
    updated_at: str


class Analysis(AnalysisSummary):
    """A saved analysis."""

    candidates: list[Any]
    predictions: list[dict[str, Any]]


class AnalysisAnswer(Success):
    """One analysis."""

    analysis: Analysis


class Analyses(Success):
    """The analyses of a workspace, newest first."""

    analyses: list[AnalysisSummary]
    count: int
