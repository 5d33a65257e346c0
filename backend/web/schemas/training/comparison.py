"""Two sessions on the rows that both were tested on."""

from pydantic import Field

from backend.web.schemas.base import Answer, Success, TextFields
from backend.web.schemas.training.evaluation import PairedDifference


class ComparisonQuery(TextFields):
    """The session to compare with."""

    other: int = Field(ge=1, description="The id of another session of the same table.")


class ComparedFigure(PairedDifference):
    """A figure of both sessions on their common test rows; `difference` is one minus other."""

    one: float | None
    other: float | None


class SeedSpread(Answer):
    """Standard deviations between sessions that differ in nothing but their seed.

    Another seed splits the table in another way too.
    """

    seeds: int
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None
    ece: float | None


class Comparison(Answer):
    """Two sessions on the rows that both were tested on and neither was trained on."""

    one: int
    other: int
    rows: int
    stars: int = Field(description="Groups that these rows are in; stars, up to 0.4.0.")
    only: list[int] = Field(description="Of each, how many test rows the other does not have.")
    figures: dict[str, ComparedFigure]
    seed_spread: list[SeedSpread | None] = Field(
        description="Of each; null where fewer than three seeds have its settings."
    )


class ComparisonAnswer(Success):
    """How two sessions compare."""

    comparison: Comparison
