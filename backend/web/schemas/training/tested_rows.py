"""The test rows of a session, each with what the model says of it."""

from pydantic import Field

from backend.web.schemas.base import Answer, LabelFilter, Page, Success


class Pairs(Answer):
    """True against predicted values of the same test rows."""

    true: list[float]
    predicted: list[float | None]


class EvaluationPoints(Success):
    """Period and depth of the test rows; at most 2,000 of them, evenly spaced."""

    row: list[int] = Field(description="Position among the accepted rows of the dataset.")
    label: list[int]
    period: Pairs = Field(description="Days.")
    depth: Pairs = Field(description="ppm.")
    count: int
    total: int


class EvaluationRowsQuery(Page):
    """A cell of the confusion matrix; without `true` or `predicted`, a whole row or column."""

    true: LabelFilter | None = None
    predicted: LabelFilter | None = None


class EvaluationRow(Answer):
    """A test row and its prediction; `row` is its position among the dataset's accepted rows."""

    row: int
    line: int | None
    star: str | None
    true: int
    true_name: str
    predicted: int
    predicted_name: str
    probabilities: dict[str, float | None]
    period: float | None
    depth_ppm: float | None
    candidate: dict[str, float | None] | None = Field(
        description="The nine columns; null if the dataset was deleted."
    )


class EvaluationRows(Success):
    """One page of test rows, and their total number."""

    rows: list[EvaluationRow]
    count: int
    total: int
    offset: int
    limit: int
