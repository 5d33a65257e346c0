"""Predictions as JSON and CSV."""

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    SkipValidation,
    Tag,
)
from typing_extensions import TypeAliasType

from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    Identifier,
    JsonBody,
    Key,
    Name,
    Source,
    Star,
    Success,
    TextFields,
)
from backend.web.schemas.candidates import Candidate, CandidateBody, Diagnostics, Relations
from backend.web.schemas.curves.candidates import CandidateLightCurve
from backend.web.schemas.curves.files import CurveFlux, Files
from backend.web.schemas.reading import ReadAsFields

MAX_ROWS = 10_000

# A star of Kepler has 18 quarters, one near the poles of TESS' orbit more sectors each year.
MAX_CURVE_FILES = 100

# BJD of any photometry: 1858 to 2132. BKJD and BTJD are far below.
MIN_EPOCH, MAX_EPOCH = 2_400_000, 2_500_000

Difference = TypeAliasType("Difference", Literal["another_survey", "missing_input", "no_relations"])

# Pydantic puts them in front of the path to an error; `validation_messages` removes them.
ONE, MANY = "one", "many"


class _PredictRequest(JsonBody):
    workspace_key: Key
    model_id: Identifier | None = Field(default=None, description="Default: the current model.")
    source: Source | None = Field(
        default=None,
        description="Sets the photometric band; default: that of the model's training data.",
    )


class DatasetRow(JsonBody):
    """A row of a dataset of the workspace."""

    dataset_id: Identifier
    row: int = Field(ge=0, le=10**12, description="Its place among the accepted rows, from 0.")


class PredictOne(_PredictRequest, Candidate):
    """One candidate; its quantities stand at the top level."""

    dataset_row: DatasetRow | None = Field(
        default=None,
        description="The row that the candidate is: it relates to the others of its dataset. "
        "Default: how it relates to others is unknown.",
    )


class PredictForm(TextFields, Candidate):
    """One candidate as fields of a form, and its light curve."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    workspace_key: Key
    model_id: Identifier | None = Field(
        default=None,
        description="Default: the current model. Its network must have `takes_curves`.",
    )
    source: Source | None = Field(
        default=None,
        description="Sets the photometric band; default: that of the model's training data.",
    )
    file: Files = Field(
        min_length=1,
        max_length=MAX_CURVE_FILES,
        description="The light curve, as for a curve set; the field may stand many times, such as "
        "once for each quarter or sector. All files must be of one star.",
    )
    epoch: float = Field(
        ge=MIN_EPOCH,
        le=MAX_EPOCH,
        description="Of a mid-transit, BJD: BKJD + 2454833, BTJD + 2457000.",
    )
    same_star: bool = Field(
        default=False,
        description="The files are of the candidate's star, whatever star they name.",
    )
    time_system: Name | None = Field(
        default=None,
        description="From which day the times of the files count, where they do not say it: BJD, "
        "BKJD, BTJD, MJD, or such as `BJD - 2457000`.",
    )
    flux: CurveFlux | None = Field(
        default=None,
        description="What the flux is: linear in the star's light, magnitudes, or relative flux "
        "from which 1 was subtracted.",
    )


class PredictMany(_PredictRequest):
    """Many candidates; one that cannot be predicted gets an `error` in its place."""

    rows: list[SkipValidation[CandidateBody]] = Field(min_length=1, max_length=MAX_ROWS)


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


class FieldError(Answer):
    """What is wrong with one field."""

    field: str | None = None
    message: str


class UnlikeTraining(Answer):
    """In what rows are unlike those that the model learnt from.

    How often predictions were right on the model's validation and test stars says nothing of them.
    """

    # Part of requests as well: what was once predicted is saved as it was.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: Difference
    trained_on: Source | None = Field(
        default=None, description="The survey of the training rows, if the rows are of another."
    )
    source: Source | None = Field(default=None, description="The survey of the rows.")
    columns: list[Annotated[str, Field(max_length=20)]] = Field(
        default=[],
        max_length=9,
        description="Inputs that all the rows lack and at least half of the training rows had; "
        "`relations` of a model that learnt from them.",
    )
    accuracy: float | None = Field(
        default=None, description="On the model's test rows without relations."
    )
    accuracy_with: float | None = Field(default=None, description="With them.")
    precision: float | None = Field(
        default=None, description="Share right of the test rows above the threshold without them."
    )
    coverage: float | None = Field(
        default=None, description="Share of the test rows above the threshold without them."
    )


class Prediction(Answer):
    """The prediction for one candidate, or the `error` that prevented it."""

    row: int = Field(description="Position in the request, from 0.")
    star: Star | None = None
    label: int | None = None
    label_name: str | None = None
    probabilities: dict[str, float | None] | None = None
    period: float | None = Field(default=None, description="Network's estimate, days.")
    depth_ppm: float | None = Field(default=None, description="Network's estimate, ppm.")
    uncertain: bool | None = Field(
        default=None,
        description="The highest probability is below the model's threshold, or the model has no "
        "usable threshold; null for a model saved without one.",
    )
    model_id: int | None = None
    simulated: bool | None = Field(
        default=None,
        description="The model was trained on simulated data: the prediction is no evidence about "
        "a real star; null for a model of an earlier release.",
    )
    diagnostics: Diagnostics | None = None
    missing: list[str] = Field(default=[], description="Features that were not provided.")
    relations: Relations | None = Field(
        default=None, description="Null: unknown, as of a candidate that is given alone."
    )
    light_curve: bool | None = Field(
        default=None,
        description="Whether it rests on a real light curve; null where the request brings none.",
    )
    unlike_training: list[UnlikeTraining] = Field(
        default=[], description="In what this candidate is unlike the model's training rows."
    )
    error: str | None = None
    errors: list[FieldError] = Field(default=[])


class PredictAnswer(Success):
    """Predictions in the order of the request, and the model that made them."""

    predictions: list[Prediction]
    count: int
    model_id: int
    simulated: bool | None = Field(description="As in each prediction.")
    warnings: list[str] = Field(description="What to say above these predictions, in sentences.")
    unlike_training: list[UnlikeTraining] = Field(
        description="In what all the candidates are unlike the model's training rows."
    )
    source: Source
    light_curve: CandidateLightCurve | None = Field(
        default=None, description="Of a candidate that came with one."
    )


class BatchForm(ReadAsFields):
    """A catalogue in any format; labels are not needed.

    An archive table identifies its survey. A table in exotrain format does not: it is assumed to
    come from `source` or, by default, from the survey that the model was trained on.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    workspace_key: Key
    model_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    source: Source | None = None
