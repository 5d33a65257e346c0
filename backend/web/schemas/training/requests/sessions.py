"""What starts a session."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from backend.training import defaults
from backend.web.schemas.base import (
    MODEL_NAME,
)
from backend.web.schemas.training.requests.settings import Settings, require_reader

DEFAULT_MODEL_NAME = "exoplanet_model"


def _zero_or_a_split(value: float) -> float:
    if 0 < value < 0.05:
        raise ValueError(f"Expected 0 or a number from 0.05 to 0.5, received {value:g}.")
    return value


class StartRequest(Settings):
    """The dataset and the settings; only the first two fields are required."""

    @model_validator(mode="after")
    def _reads_its_curves(self) -> Self:
        require_reader(self, [self.network])
        return self

    model_name: str = Field(default=DEFAULT_MODEL_NAME, pattern=MODEL_NAME)
    test_split: Annotated[float, AfterValidator(_zero_or_a_split)] = Field(
        default=defaults.TEST_SPLIT,
        ge=0,
        le=0.5,
        description="0, or 0.05 and more.",
        json_schema_extra={"not": {"exclusiveMinimum": 0, "exclusiveMaximum": 0.05}},
    )
