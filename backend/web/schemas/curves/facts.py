"""What came of the rows whose light curves were prepared."""

from pydantic import Field

from backend.web.schemas.base import Answer


class DamagedStar(Answer):
    """A star whose light curve cannot be used."""

    star: str
    message: str


class FileRemark(Answer):
    """What is to be said of a file."""

    file: str
    message: str


class CurveFacts(Answer):
    """What came of the rows whose stars have light curves."""

    rows_with_curve: int = Field(description="Whose stars have light curves in the set.")
    rows_used: int = Field(description="Of these: a network can read their views.")
    rows_without_epoch: int = Field(description="Nobody knows when their transits are.")
    rows_unusable: int = Field(description="The light curve says nothing of them; see `flags`.")
    rows_damaged: int = Field(description="The light curve cannot be read or prepared.")
    stars: int = Field(description="That have light curves and rows.")
    flags: dict[str, int] = Field(description="How many rows have what is missing or odd.")
    damaged: list[DamagedStar] = Field(description="The first 100.")
