"""Two sessions, or two studies, on the rows that both were tested on."""

from typing import Literal

from pydantic import Field

from backend.web.schemas.base import MAX_ID, Answer, Success, TextFields


class ComparisonQuery(TextFields):
    """The session to compare with."""

    other: int = Field(ge=1, description="The id of another session of the same table.")


class PairedDifference(Answer):
    """What one prediction of the same rows is better or worse by than another one.

    `interval` is its 95% interval, from a bootstrap over the groups in which both are measured on
    the same draws; it holds 0 where the verdict is `cannot_tell`.
    """

    difference: float | None
    interval: list[float] | None
    verdict: Literal["better", "worse", "cannot_tell"]


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


class StudyComparisonQuery(TextFields):
    """The study to compare with."""

    other: int = Field(ge=1, le=MAX_ID, description="The id of another study of the same table.")


class ComparedMean(ComparedFigure):
    """A figure of both studies on their common rows: means over the seeds of each."""

    seed_spread: list[float | None] = Field(
        description="Of each, the standard deviation over its seeds; null with fewer than two."
    )


class CorrectRows(Answer):
    """In how many rows the label of the highest mean probability is that of the table."""

    both: int
    only_one: int
    only_other: int
    neither: int


class Scored(Answer):
    """How two studies compare against some labels of the rows that both have tested."""

    rows: int
    groups: int = Field(description="That these rows are in; the intervals are over them.")
    figures: dict[str, ComparedMean]
    verdict: Literal["better", "worse", "cannot_tell"] = Field(
        description="What the log loss says of `one`."
    )
    correct: CorrectRows


class Scoring(Scored):
    """The same against named labels."""

    labels: Literal["untouched", "file", "one", "other"] = Field(
        description="`untouched`: rows that have the label of the file in both versions; `file`: "
        "the labels of the file; `one`, `other`: those that the study learnt. Each study is "
        "favoured by its own labels: only the first may say that corrections helped."
    )


class StudyComparison(Scored):
    """Two studies on the rows that both have tested; neither was trained on their groups.

    Of studies that learnt different versions of the labels, on the rows that nobody has touched.
    """

    one: int
    other: int
    versions: list[int] = Field(description="Of the dataset, that each has learnt; 0: the file.")
    only: list[int] = Field(description="Of each, how many tested rows the other does not have.")
    seeds: list[int] = Field(
        description="Of each, how many count: those that have tested every row; if none has, one."
    )
    is_complete: bool = Field(description="All seeds of both have tested every row.")
    scorings: list[Scoring] = Field(
        description="Against each kind of labels; none for studies of one version."
    )


class StudyComparisonAnswer(Success):
    """How two studies compare."""

    state: Literal["found", "pending"] = Field(
        description="`pending`: ask again in a few seconds; `comparison` is null until then."
    )
    comparison: StudyComparison | None
