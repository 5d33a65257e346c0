"""One transit candidate, as the ranges of `transit.columns` allow it, as a row, and its checks."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.columns import COLUMNS, EVIDENCE_UNITS, LABELS, NO_LABEL, RANGES, UNITS
from backend.web.schemas.base import MAX_ID, Answer, JsonBody, Star

HOURS_A_DAY = 24.0

_ARCHIVE_NAMES = {
    name: column
    for form in ("koi", "toi")
    for column, names in FORMATS[form].items()
    if column in (*COLUMNS, "star")
    for name in names
}


def _quantity(name: str) -> Any:
    low, high = RANGES[name]
    return Field(ge=low, le=high, description=UNITS[name] or "dimensionless")


Period = Annotated[float, _quantity("period")]
Duration = Annotated[float, _quantity("duration")]
Depth = Annotated[float, _quantity("depth")]
Impact = Annotated[float, _quantity("impact")]
Snr = Annotated[float, _quantity("snr")]
Steff = Annotated[float, _quantity("steff")]
Srad = Annotated[float, _quantity("srad")]
Slogg = Annotated[float, _quantity("slogg")]
Tmag = Annotated[float, _quantity("tmag")]


class Candidate(BaseModel):
    """A transit and its star; unknown quantities are null or absent.

    The names of the archive's KOI and TOI tables (koi_period, pl_orbper, …) are accepted too.
    """

    star: Star | None = Field(
        default=None, description="Name or number of the star, returned as given."
    )
    period: Period
    duration: Duration
    depth: Depth
    impact: Impact | None = None
    snr: Snr | None = None
    steff: Steff | None = None
    srad: Srad | None = None
    slogg: Slogg | None = None
    tmag: Tmag | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_archive_names(cls, data: Any) -> Any:
        """Accept the columns under the names of the KOI and TOI tables."""
        if not isinstance(data, dict):
            return data
        renamed: dict[Any, Any] = {}
        for name, value in data.items():
            column = _ARCHIVE_NAMES.get(name, name)
            if column in renamed:
                raise ValueError(f"Expected {column} once, received it also as {str(name)!r:.60}.")
            renamed[column] = value
        return renamed

    @field_validator("duration")
    @classmethod
    def _is_shorter_than_the_orbit(cls, duration: float, info: ValidationInfo) -> float:
        period = info.data.get("period")
        if period is not None and duration >= period * HOURS_A_DAY:
            raise ValueError(
                f"Expected less than the period of {period:g} days ({period * HOURS_A_DAY:g} "
                f"hours), received {duration:g}."
            )
        return duration

    def numbers(self) -> dict[str, float | None]:
        """The nine columns by name."""
        return {name: getattr(self, name) for name in COLUMNS}


class CandidateBody(JsonBody, Candidate):
    """A candidate as a JSON object."""


class OutsideRange(Answer):
    """A value outside what nearly all rows have that the model was trained on."""

    # Part of requests as well, as `Diagnostics` are.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    column: str
    value: float
    min: float | None = Field(description="Null: no training row had this column.")
    max: float | None
    is_percentile: bool = Field(
        default=False,
        description="`min` and `max` are the 1st and the 99th percentile of the training rows: 98% "
        "of them lie between. Else, of a model of 0.4.0 or earlier, their ends.",
    )


class NearestRow(Answer):
    """A training row of the model near a candidate."""

    # Part of requests as well, as `Diagnostics` are.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    row: int = Field(description="Its place in the dataset, from 0.")
    line: int = Field(description="Its 1-based line in the dataset's file.")
    star: str
    label: str
    period: float = Field(description="Days.")
    depth: float = Field(description="ppm.")
    distance: float = Field(
        description="Root mean square of the differences in the candidate's columns, on "
        "logarithmic scales, in units of each column's spread over the training rows."
    )


class Checks(Answer):
    """Checks of star and planet from the transit; null where a feature that it needs is unknown."""

    # Part of requests as well: what was once predicted is saved as it was.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    density_ratio: float | None = Field(
        description="Stellar density from the transit over that from slogg and srad."
    )
    planet_radius: float | None = Field(description="Earth radii.")
    is_grazing: bool | None
    grazing_margin: float | None = Field(description="1 - k - b, stellar radii; below 0: grazing.")
    single_transit_snr: float | None
    relative_duration: float | None = Field(description="T/P.")
    flags: list[str] = Field(
        default=[], description="Assumptions made about the orbit, as for a curve."
    )
    outside_training_range: list[OutsideRange]


class Diagnostics(Checks):
    """The same, and the training rows nearest to the candidate."""

    nearest: list[NearestRow] | None = Field(
        default=None,
        description="The five nearest training rows; null for a model of 0.4.0 or earlier.",
    )
    is_sparse: bool | None = Field(
        default=None,
        description="The candidate lies farther from its five nearest training rows than 99% of "
        "the training rows from theirs, those of their own star left out.",
    )
    sparsity: float | None = Field(
        default=None, description="That distance over the one of the 99%; above 1: sparse."
    )


class Evidence(Answer):
    """What a table tells of a row besides; null where unknown.

    Uncertainties are the larger of both sides, in the unit of their column.
    """

    epoch: float | None = Field(description="Of a transit; BJD, days.")
    ra: float | None = Field(description="Degrees.")
    dec: float | None = Field(description="Degrees.")
    period_err: float | None = Field(description="Days.")
    epoch_err: float | None = Field(description="Days.")
    duration_err: float | None = Field(description="Hours.")
    depth_err: float | None = Field(description="Ppm.")
    impact_err: float | None = Field(description="Stellar radii.")
    steff_err: float | None = Field(description="K.")
    srad_err: float | None = Field(description="Solar radii.")
    slogg_err: float | None = Field(description="Dex (cgs).")


class RelatedRow(Answer):
    """Another row that a row is related to."""

    # Part of requests as well: what was once predicted is saved as it was.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    name: str = Field(
        max_length=100, description="Its name, else of a match its star; empty if it has none."
    )
    line: int | None = Field(
        default=None, description="Its 1-based line; null in a batch where it has a name."
    )
    in_training_table: bool = Field(description="It is of the table that the model was trained on.")
    row: int | None = Field(
        default=None, description="Its place in its table, from 0; null in the rows of a batch."
    )


class Relations(Answer):
    """How a row relates to others of its table, and of the model's; null where unknown.

    Nothing of it comes from a label. `sibling` is the candidate of the same star with the nearest
    period; `match` the deepest of the candidates of other stars that share the ephemeris.
    """

    # Part of requests as well: what was once predicted is saved as it was.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    candidates_on_star: int | None = Field(
        ge=0, le=MAX_ID, description="Other candidates of the star."
    )
    sibling_period_ratio: float | None = Field(description="The longer period over the shorter.")
    sibling: RelatedRow | None
    ephemeris_matches: int | None = Field(
        ge=0, le=MAX_ID, description="Candidates of other stars that share the ephemeris."
    )
    match_separation: float | None = Field(description="Arcsec.")
    match_depth_ratio: float | None = Field(description="How many times deeper the match is.")
    match_magnitude_difference: float | None = Field(description="The match's minus the row's.")
    match: RelatedRow | None
    sentences: list[Annotated[str, Field(max_length=500)]] = Field(
        max_length=10, description="What it means, in English."
    )


class Row(Answer):
    """An accepted row: `row` is its position among them, `line` its line in the file."""

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
    name: str | None = Field(description="Of the candidate; shown and never learnt from.")
    evidence: Evidence | None = Field(
        description="Null if the table has no such columns, or an earlier release read it."
    )
    relations: Relations | None = Field(
        default=None, description="Null if they are not known, as those of a very long table."
    )
    effective_label: str | None = Field(
        default=None,
        description="The label that counts, by what people say: that of a class, or `exclude`.",
    )
    votes: int = Field(default=0, description="How many people say something of the row.")


def row_answer(
    index: int, row: Any, evidence: Any = None, relations: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The fields of `Row`.

    Args:
        index: its place among the accepted rows.
        row: a `ROW_DTYPE` record.
        evidence: its `EVIDENCE_DTYPE` one if any.
        relations: the fields of `Relations` if they are known.
    """
    label = int(row["label"])
    has_label = label != NO_LABEL
    return {
        "row": index,
        "line": int(row["line"]),
        "star": _text(row["star"]),
        **{name: float(row[name]) for name in COLUMNS},
        "label": label if has_label else None,
        "label_name": LABELS[label] if has_label else None,
        "name": None if evidence is None else _text(evidence["name"]),
        "evidence": None
        if evidence is None
        else {name: float(evidence[name]) for name in EVIDENCE_UNITS},
        "relations": relations,
        "effective_label": LABELS[label] if has_label else None,
        "votes": 0,
    }


def _text(value: bytes) -> str | None:
    return value.decode("utf-8", "replace") or None
