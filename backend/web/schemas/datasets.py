"""Uploads, datasets, their rows and curves."""

from typing import Any, Literal

from apiflask.fields import UploadFile
from pydantic import ConfigDict, Field

from backend.transit.columns import COLUMNS, LABELS, NO_LABEL
from backend.web.schemas.base import (
    Answer,
    JsonBody,
    Key,
    LabelFilter,
    Name,
    Page,
    Success,
    TextFields,
)
from backend.web.schemas.candidates import Candidate

Source = Literal["exotrain", "koi", "toi"]


class UploadForm(TextFields):
    """A catalogue as CSV: our own form, KOI cumulative or TOI."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    workspace_key: Key
    name: Name | None = None


class Dataset(Answer):
    """An uploaded catalogue."""

    id: int
    name: str
    file_size: int
    num_samples: int
    num_rejected: int
    sha256: str
    source: Source
    class_counts: dict[str, int]
    uploaded_at: str


class UploadAnswer(Success):
    """The new dataset, or the one that has the same bytes."""

    message: str
    dataset: Dataset


class Datasets(Success):
    """The datasets of a workspace, newest first."""

    datasets: list[Dataset]
    count: int


class Histogram(Answer):
    """`edges` has one more than `counts`; evenly spaced in the logarithm if `log`."""

    edges: list[float]
    counts: list[int]
    log: bool
    below: int
    above: int


class ColumnProfile(Answer):
    """What one column holds; null where no row has a value."""

    unit: str
    min: float | None
    median: float | None
    max: float | None
    missing: int
    histogram: Histogram | None


class RejectedRow(Answer):
    """A row that was left out; `line` is its 1-based line in the file."""

    line: int
    reason: str
    column: str | None
    message: str


class Rejected(Answer):
    """How many rows were left out, why, and the first of them."""

    total: int
    by_reason: dict[str, int]
    first: list[RejectedRow]


class ClassShare(Answer):
    """How many rows have a label, and their share of the labelled ones."""

    rows: int
    share: float


class Duplicates(Answer):
    """Rows equal in star and all nine columns."""

    rows: int = Field(description="That repeat an earlier one.")
    contradictory_rows: int = Field(description="That are equal but for the label.")
    examples: list[list[int]] = Field(description="Lines of equal rows.")


class LabelledRows(Answer):
    """Rows of one star, by their lines, and their labels."""

    star: str | None
    lines: list[int]
    labels: list[str | None]


class ContradictoryStars(Answer):
    """Stars whose rows have different labels: a planet and a false alarm, or a mistake."""

    stars: int
    rows: int
    examples: list[LabelledRows]


class ContradictoryTransits(Answer):
    """Pairs of rows of one star with the same period and different labels."""

    pairs: int
    examples: list[LabelledRows]


class MissingByClass(Answer):
    """Of a column, the share of each class's rows without it."""

    shares: dict[str, float]
    differs: bool = Field(description="By more than 5 points, and not by chance: it tells.")


class Unphysical(Answer):
    """Rows with values that hardly any star or planet has."""

    check: str
    columns: list[str]
    expected: str
    rows: int
    lines: list[int] = Field(description="The first of them.")


class ReportWarning(Answer):
    """What asks for action."""

    code: str
    message: str


class Report(Answer):
    """What in a dataset deserves a second look; nothing of it is left out of a training."""

    class_balance: dict[str, ClassShare]
    duplicates: Duplicates
    contradictory_stars: ContradictoryStars
    contradictory_transits: ContradictoryTransits
    missing_by_class: dict[str, MissingByClass]
    unphysical: list[Unphysical]
    warnings: list[ReportWarning] = Field(description="The most urgent first.")


class Profile(Answer):
    """What a dataset holds."""

    model_config = ConfigDict(extra="allow")

    rows: int
    stars: int
    class_counts: dict[str, int]
    columns: dict[str, ColumnProfile]
    absent: list[str]
    rejected: Rejected
    recognised: dict[str, str] = Field(
        default={}, description="Which column of the file gave each column of ours."
    )
    unread: int = Field(default=0, description="Columns of the file that nothing was taken from.")
    report: Report | None = Field(
        default=None, description="Null for a dataset uploaded before there were reports."
    )


class ProfiledDataset(Dataset):
    """A dataset with its profile."""

    profile: Profile


class DatasetAnswer(Success):
    """One dataset."""

    dataset: ProfiledDataset


class RowsQuery(Page):
    """Which accepted rows; `label` only those of one class."""

    label: LabelFilter | None = None


class Row(Answer):
    """An accepted row: `row` is its place among them, `line` its line in the file."""

    row: int
    line: int
    star: str | None
    period: float
    duration: float
    depth: float
    impact: float | None
    snr: float | None
    steff: float | None
    srad: float | None
    slogg: float | None
    tmag: float | None
    label: int | None
    label_name: str | None


class Rows(Success):
    """Some rows, and how many there are in all."""

    rows: list[Row]
    count: int
    total: int
    offset: int
    limit: int


class RejectedRows(Success):
    """Some of the rows that were left out, and how many there are in all."""

    rejected: list[RejectedRow]
    count: int
    total: int
    offset: int
    limit: int


class CurveQuery(TextFields):
    """Which accepted row, counted from 0."""

    row: int = Field(ge=0, le=10**12)


class CurveRequest(JsonBody, Candidate):
    """A candidate; `source` gives the band of the limb darkening."""

    source: Source = "exotrain"


class CurveParameters(Answer):
    """The geometry behind a curve: days, hours, ppm and stellar radii."""

    period: float
    duration: float
    depth: float
    impact: float
    radius_ratio: float
    scaled_semi_major_axis: float
    u1: float
    u2: float
    flags: list[str]


class Curve(Answer):
    """One orbit, folded, as the network will see it; flux relative to out of transit."""

    phase: list[float]
    flux: list[float]
    line: int | None
    parameters: CurveParameters


def row_answer(index: int, row: Any) -> dict[str, Any]:
    """A `ROW_DTYPE` record as the fields of `Row`."""
    label = int(row["label"])
    has_label = label != NO_LABEL
    return {
        "row": index,
        "line": int(row["line"]),
        "star": row["star"].decode("utf-8", "replace") or None,
        **{name: float(row[name]) for name in COLUMNS},
        "label": label if has_label else None,
        "label_name": LABELS[label] if has_label else None,
    }
