"""One transit candidate, as the ranges of `transit.columns` allow it."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.columns import COLUMNS, RANGES, UNITS
from backend.web.schemas.base import JsonBody, Star

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
