"""Batches: catalogues that are predicted in the background."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, RootModel
from typing_extensions import TypeAliasType

from backend.services.batch_jobs.result import SORTS, Wanted
from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    BatchStatus,
    LabelFilter,
    Page,
    Source,
    Success,
    TextFields,
    WorkspaceQuery,
    shown,
)
from backend.web.schemas.candidates import Relations
from backend.web.schemas.curves.batches import BatchLightCurves
from backend.web.schemas.datasets import FileRead, Rejected
from backend.web.schemas.predictions import BatchForm, UnlikeTraining
from backend.web.schemas.reading import TablePreview
from backend.web.schemas.reports import ReadingReport

BatchFailure = TypeAliasType(
    "BatchFailure",
    Literal[
        "bad_file",
        "crashed",
        "interrupted",
        "light_curves",
        "model_corrupt",
        "model_deleted",
        "no_space",
        "predictor",
    ],
)
BatchSort = TypeAliasType("BatchSort", Literal[SORTS])  # type: ignore[valid-type]

# What `web.routes.batches.download_batch` writes.
FORMATS = ("csv", "ecsv", "votable")


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"Expected one of {', '.join(FORMATS)}, received {shown(name)}.")
    return name


class BatchModel(Answer):
    """The model that makes the predictions, as it was when the batch was posted."""

    id: int
    name: str
    sha256: str
    created_at: str
    threshold: float | None = Field(
        description="Predictions whose highest probability is below are uncertain; null: none."
    )
    simulated: bool | None = Field(
        default=None,
        description="It was trained on simulated data; null for a model of an earlier release.",
    )
    warnings: list[str] = Field(
        default=[], description="What to say above its predictions, in sentences."
    )
    trained_on: Source | None = Field(
        default=None,
        description="The survey that it learnt from; null for a batch of an earlier release.",
    )
    inputs: list[str] = Field(
        default=[], description="The features that at least half of its training rows had."
    )


class BatchCounts(Answer):
    """Rows so far."""

    all: int
    classes: dict[str, int] = Field(description="By predicted label.")
    uncertain: int
    errors: int = Field(description="Rows that could not be predicted.")
    known: dict[str, int] = Field(
        default={},
        description="How many of the predicted rows have each feature, and `relations`.",
    )


class BatchError(Answer):
    """Why a batch failed."""

    reason: BatchFailure
    message: str


class BatchField(Answer):
    """Where one of our columns stands in the table, and how its numbers are read."""

    at: int = Field(description="From 0, among the file's own columns.")
    decimal: Literal["dot", "comma", "unknown"] | None
    factor: float = Field(description="What its numbers are multiplied by to be in our unit.")
    limit_at: int | None = Field(
        default=None, description="Where the flag is that says that a number is a limit."
    )


class BatchTable(Answer):
    """How the table was read, and how the result is written."""

    source: Source = Field(description="The survey that the rows were taken for.")
    separator: str
    decimal: Literal["dot", "comma"]
    columns: list[str] = Field(description="The file's own columns.")
    fields: dict[str, BatchField] = Field(description="By column of ours.")


class BatchJobForm(BatchForm):
    """A catalogue to predict in the background, and whose light curves its rows have."""

    curve_set_id: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ID,
        description="Whose light curves its rows have, in the version that is the newest now. "
        "Needs a model whose network has `takes_curves`.",
    )


class Batch(Answer):
    """A catalogue that is predicted in the background."""

    id: int
    workspace_id: int
    user: str | None = Field(description="Who posted it.")
    file_name: str
    file_size: int
    file_sha256: str
    model: BatchModel
    status: BatchStatus
    request: Literal["cancel"] | None = Field(description="Requested, not yet done.")
    progress: float = Field(description="The share of the file that is predicted.")
    bytes_done: int
    rows_done: int
    counts: BatchCounts | None
    warnings: list[str] = Field(
        description="What to say above the predictions, in sentences: of the model, of these rows."
    )
    unlike_training: list[UnlikeTraining] = Field(
        description="In what the rows so far are unlike the model's training rows."
    )
    table: BatchTable | None = Field(description="null until the first rows are done.")
    light_curves: BatchLightCurves | None = Field(
        description="Null for a batch without a curve set."
    )
    error: BatchError | None
    stored_bytes: int
    result_sha256: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    expires_at: str | None = Field(description="When the result will be removed.")
    expired_at: str | None = Field(description="When the result was removed.")


class BatchAnswer(Success):
    """One batch."""

    batch: Batch


class BatchDone(BatchAnswer):
    """The batch, and what happens to it."""

    message: str


class BatchProfile(Answer):
    """What was noticed when a table was read, and the rows that were left out."""

    rejected: Rejected
    file: FileRead | None = Field(description="Null for a table that came as delimited text.")
    report: ReadingReport


class BatchPreview(TablePreview):
    """Which rows of a table would be predicted; nothing was stored."""

    num_predicted: int
    profile: BatchProfile | None


class BatchPosted(RootModel[BatchDone | BatchPreview]):
    """A batch; with `preview`, how its table would be read."""


class BatchesQuery(WorkspaceQuery):
    """The batches to list; `cursor` is the `next_cursor` of an earlier response."""

    status: BatchStatus | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="The `next_cursor` of an earlier response."
    )


class Batches(Success):
    """Batches, newest first; `next_cursor` is null on the last page."""

    batches: list[Batch]
    count: int
    next_cursor: str | None


class _Wanted(TextFields):
    predicted_label: LabelFilter | None = None
    uncertain: bool | None = None
    error: bool | None = Field(default=None, description="Whether it could not be predicted.")
    min_confirmed: float | None = Field(
        default=None, ge=0, le=1, description="The least probability of CONFIRMED."
    )
    words: str = Field(
        default="", max_length=100, description="Part of the name of a candidate or its star."
    )
    sort: BatchSort = Field(
        default="line", description="Rows without a value come last, in either direction."
    )
    descending: bool = False

    def wanted(self) -> Wanted:
        """The same for `Result.find`."""
        return Wanted(
            label=self.predicted_label,
            uncertain=self.uncertain,
            error=self.error,
            min_confirmed=self.min_confirmed,
            words=self.words,
            sort=self.sort,
            descending=self.descending,
        )


class BatchRowsQuery(_Wanted, Page):
    """Which rows, and in which order."""


class BatchResultQuery(_Wanted):
    """Which rows, in which order and format; without filters it is the whole table."""

    format: Annotated[str, AfterValidator(_known_format)] = Field(
        default="csv", json_schema_extra={"enum": list(FORMATS)}
    )


class BatchRow(Answer):
    """A row of the catalogue with its prediction, or with the reason why it has none."""

    row: int = Field(description="From 0, in the order of the file.")
    line: int = Field(description="Its 1-based line in the file.")
    name: str = Field(description="Of the candidate; empty if the table has none.")
    star: str
    label: str | None = Field(description="The file's own: a class, or the words of the table.")
    values: dict[str, float | None] = Field(description="In our units.")
    predicted_label: str | None
    probabilities: dict[str, float | None]
    predicted_period: float | None
    predicted_depth_ppm: float | None
    uncertain: bool | None
    density_ratio: float | None
    planet_radius_earth: float | None
    is_grazing: bool | None
    single_transit_snr: float | None
    missing_inputs: list[str]
    outside_training_range: list[str]
    sparse: bool | None = Field(
        default=None,
        description="Farther from its nearest training rows than 99% of these from theirs; null "
        "for a model or a result of 0.4.0.",
    )
    relations: Relations | None = Field(
        default=None, description="Null where they are not known, and in a result of 0.4.0."
    )
    light_curve: bool | None = Field(
        default=None,
        description="Whether the prediction rests on a real light curve; null for a batch without "
        "a curve set.",
    )
    trained_on_simulated: bool | None = Field(
        description="Whether the model was; null for a model of an earlier release."
    )
    prediction_error: str | None
    cells: list[str] = Field(description="The file's own, as they are.")


class BatchRows(Success):
    """A page of rows."""

    rows: list[BatchRow]
    count: int
    total: int = Field(description="Rows that the filters leave.")
    offset: int
    limit: int
