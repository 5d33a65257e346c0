"""Uploads, datasets, their rows and curves."""

from typing import Literal

from apiflask.fields import UploadFile
from pydantic import ConfigDict, Field, RootModel
from typing_extensions import TypeAliasType

from backend.web.schemas.accounts import Use
from backend.web.schemas.base import (
    Answer,
    JsonBody,
    Key,
    LabelFilter,
    Name,
    Page,
    Source,
    Success,
    TextFields,
)
from backend.web.schemas.candidates import Candidate, Row
from backend.web.schemas.reading import ReadAsFields, TablePreview
from backend.web.schemas.reports import Report, ReportWarning


class UploadForm(ReadAsFields):
    """A table of candidates, in any of the known forms, as text or in another kind of file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    workspace_key: Key
    name: Name | None = None


class SaidReading(Answer):
    """How a table is read, where a person said so."""

    columns: dict[str, str | None] = Field(default={})
    units: dict[str, str] = Field(default={})
    labels: dict[str, int] = Field(default={})
    table: str | None = None


class Dataset(Answer):
    """An uploaded catalogue."""

    id: int
    name: str
    file_size: int
    num_samples: int
    num_rejected: int
    sha256: str = Field(description="Of the file.")
    identity: str = Field(
        description="The hash of the file and of how it is read; that of the file where nothing "
        "was said."
    )
    read_as: SaidReading = Field(description="What was said at the upload.")
    source: Source
    class_counts: dict[str, int]
    uploaded_at: str


class UploadAnswer(Success):
    """The new dataset, or the existing one with the same bytes."""

    message: str
    warnings: list[ReportWarning] = Field(
        description="Of the report, most urgent first: what concerns most rows or a whole column "
        "comes before the others."
    )
    dataset: Dataset
    stored_bytes: Use = Field(description="In all workspaces of the owner of this one.")
    restored: bool = Field(
        default=False, description="It was in the bin, and is back with its id, name and labels."
    )


class PreviewAnswer(TablePreview):
    """What a file would be as a dataset; nothing was stored."""

    existing_dataset_id: int | None = Field(description="The same file, read in the same way.")
    num_samples: int
    class_counts: dict[str, int]
    profile: "Profile | None"


class UploadResult(RootModel[UploadAnswer | PreviewAnswer]):
    """A dataset; with `preview`, what would be one."""


class Datasets(Success):
    """The datasets of a workspace, newest first."""

    datasets: list[Dataset]
    count: int


class Histogram(Answer):
    """`edges` has one more item than `counts`; evenly spaced, in the logarithm if `log`."""

    edges: list[float]
    counts: list[int]
    log: bool
    below: int
    above: int


class ColumnProfile(Answer):
    """The values of one column; null where no row has one."""

    unit: str
    min: float | None
    median: float | None
    max: float | None
    missing: int
    histogram: Histogram | None


class RejectedRow(Answer):
    """A row that was left out; `line` is its line in the file, from 1."""

    line: int
    reason: str
    column: str | None
    message: str


class Rejected(Answer):
    """The number of rows left out, the reasons, and the first of these rows."""

    total: int
    by_reason: dict[str, int]
    first: list[RejectedRow]


class FileRead(Answer):
    """A file that was no delimited text: its kind, the table that was read, and all in it."""

    kind: str = Field(description="votable, fits, ecsv, ipac, parquet or xlsx.")
    table: str
    tables: list[str]


class Profile(Answer):
    """The contents of a dataset."""

    model_config = ConfigDict(extra="allow")

    rows: int
    stars: int
    class_counts: dict[str, int]
    columns: dict[str, ColumnProfile]
    absent: list[str]
    rejected: Rejected
    recognised: dict[str, str] = Field(
        default={},
        description="For each exotrain column the column of the file that it was read from.",
    )
    evidence: dict[str, list[str]] | None = Field(
        default=None,
        description="For each item of a row's `evidence`, for its `name`, and for the `kind` and "
        "the `weight` that only teach, the columns of the "
        "file that it was read from; an uncertainty may have two sides. Null for a dataset of an "
        "earlier release whose file was not read again yet.",
    )
    form: str | None = Field(
        default=None,
        description="The format of the table: exotrain, koi, toi, exofop, tce, planets or k2.",
    )
    simulated: bool | None = Field(
        default=None,
        description="The comment of exotrain's simulator begins the file; null for a dataset "
        "that an earlier release read.",
    )
    factors: dict[str, float] = Field(
        default={},
        description="What the numbers of a column were multiplied by, where its name says another "
        "unit.",
    )
    unread: int = Field(default=0, description="Number of columns in the file that were not used.")
    file: FileRead | None = Field(
        default=None, description="Null for a table that came as delimited text."
    )
    report: Report | None = Field(
        default=None, description="Null for a dataset uploaded before reports existed."
    )


class ProfiledDataset(Dataset):
    """A dataset with its profile."""

    profile: Profile


class DatasetRequest(JsonBody):
    """Another name of a dataset."""

    name: Name


class DatasetAnswer(Success):
    """One dataset."""

    dataset: ProfiledDataset


RelationsState = TypeAliasType("RelationsState", Literal["found", "pending", "unknown"])


class RowsQuery(Page):
    """The accepted rows, or those of one class."""

    label: LabelFilter | None = None
    relations: bool = Field(
        default=True,
        description="Whether the rows come with their relations. These are found when they are "
        "first asked for, in seconds: see `relations_state`.",
    )


class Rows(Success):
    """One page of rows, and their total number."""

    rows: list[Row]
    count: int
    relations_state: RelationsState = Field(
        description="`found`: the rows have them. `pending`: they are being found, ask again in a "
        "few seconds. `unknown`: they were not asked for, or cannot be found, as those of a table "
        "of more than 200,000 rows, or of one that takes too much memory or time."
    )
    total: int
    offset: int
    limit: int


class RejectedRows(Success):
    """One page of the rows that were left out, and their total number."""

    rejected: list[RejectedRow]
    count: int
    total: int
    offset: int
    limit: int


class CurveQuery(TextFields):
    """An accepted row, counted from 0."""

    row: int = Field(ge=0, le=10**12)


class CurveRequest(JsonBody, Candidate):
    """A candidate; `source` sets the photometric band of the limb darkening."""

    source: Source = "exotrain"


class CurveParameters(Answer):
    """The geometry of a curve, in days, hours, ppm and stellar radii."""

    period: float
    duration: float
    depth: float
    impact: float
    radius_ratio: float
    scaled_semi_major_axis: float
    u1: float
    u2: float
    flags: list[str]


class ExactTransit(Answer):
    """A transit as it is, at points that lie close where its flux bends, flat parts at its ends."""

    phase: list[float] = Field(description="Orbits since mid-transit, increasing.")
    flux: list[float]


class Curve(Answer):
    """One phase-folded orbit as the network sees it; flux relative to out of transit."""

    phase: list[float] = Field(description="The bins' centres, orbits since mid-transit.")
    flux: list[float] = Field(description="The mean of each bin.")
    bins_in_transit: float = Field(description="Bins from first to last contact.")
    exact: ExactTransit | None = Field(
        description="Only where the transit is narrower than five bins: they do not show its shape."
    )
    line: int | None
    parameters: CurveParameters
