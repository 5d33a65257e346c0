"""One transit candidate, as the ranges of `transit.columns` allow it."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from backend.schemas.base import JsonBody, Star
from backend.transit.columns import COLUMNS, RANGES, UNITS

HOURS_A_DAY = 24.0


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
    """What a transit shows, and what is known of its star; null or absent where unknown."""

    star: Star | None = Field(default=None, description="It is given back.")
    period: Period
    duration: Duration
    depth: Depth
    impact: Impact | None = None
    snr: Snr | None = None
    steff: Steff | None = None
    srad: Srad | None = None
    slogg: Slogg | None = None
    tmag: Tmag | None = None

    @field_validator("duration")
    @classmethod
    def _is_shorter_than_the_orbit(cls, duration: float, info: ValidationInfo) -> float:
        period = info.data.get("period")
        if period is not None and duration >= period * HOURS_A_DAY:
            raise ValueError(
                f"expected less than the period of {period:g} days ({period * HOURS_A_DAY:g} "
                f"hours), received {duration:g}"
            )
        return duration

    def numbers(self) -> dict[str, float | None]:
        """The nine columns by name."""
        return {name: getattr(self, name) for name in COLUMNS}


class CandidateBody(JsonBody, Candidate):
    """A candidate as a JSON object of its own."""
