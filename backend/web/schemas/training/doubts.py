"""Doubts about the labels of a study's table."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.services.studies.doubts import SORTS
from backend.web.schemas.base import Answer, LabelFilter, Page, Success, TextFields
from backend.web.schemas.candidates import Checks, NearestRow, Relations
from backend.web.schemas.datasets import RelationsState
from backend.web.schemas.training.studies import StudyRow

DoubtSort = TypeAliasType("DoubtSort", Literal[SORTS])  # type: ignore[valid-type]

MOST_AT_ONCE = 100

_SORT = Field(
    default="margin",
    description="The surest contradiction is the first. Over two classes `margin` and "
    "`self_confidence` give the same order; `row` is that of the table.",
)
_LABEL = Field(default=None, description="Only rows with this label in the table.")


class DoubtsQuery(Page):
    """Which doubts, and in which order."""

    sort: DoubtSort = _SORT
    label: LabelFilter | None = _LABEL
    limit: int = Field(default=25, ge=1, le=MOST_AT_ONCE)


class DoubtsTableQuery(TextFields):
    """Which doubts, and in which order."""

    sort: DoubtSort = _SORT
    label: LabelFilter | None = _LABEL


class DoubtRow(StudyRow):
    """A row whose out-of-fold prediction contradicts its label surely; no proof of an error."""

    suggested: int = Field(description="The label that the networks give it, its code.")
    suggested_name: str
    two_class: dict[str, float] = Field(
        description="The probabilities of CONFIRMED and FALSE POSITIVE, of 1 in all."
    )
    self_confidence: float = Field(description="The probability, over these two, of its label.")
    normalised_margin: float = Field(
        description="Half of 1 + that less the other's: over two classes the same number."
    )
    diagnostics: Checks | None = Field(
        description="As of a prediction; null if the dataset or the model of its fold was deleted."
    )
    nearest: list[NearestRow] | None = Field(
        description="The five nearest training rows of a model of its fold, which never saw its "
        "group; null where they are not known."
    )
    is_sparse: bool | None = Field(
        description="It lies farther from these than 99% of the training rows from theirs."
    )
    sparsity: float | None = Field(description="That distance over the one of the 99%.")
    relations: Relations | None = Field(description="To the other rows of the table.")


class WrongLabels(Answer):
    """How many labels are wrong by estimate; null without rows of both classes."""

    rows: int | None
    share: float | None = Field(description="Of the rows with that label.")


class DoubtsSummary(Answer):
    """What was considered, and what was found; by label."""

    tested_rows: int = Field(description="That a session has tested; doubts are of these.")
    table_rows: int = Field(description="That have a label.")
    candidates: int = Field(
        description="Tested rows that are not considered: CANDIDATE says that nobody has decided."
    )
    considered: dict[str, int]
    doubts: dict[str, int]
    thresholds: dict[str, float | None] = Field(
        description="The mean self-confidence of the rows with that label; null without any."
    )
    confident_joint: dict[str, dict[str, int]] = Field(
        description="By label in the table, then by the class that rows count surely as."
    )
    estimated_wrong: dict[str, WrongLabels] = Field(
        description="If the rows that count surely stand for all: of the confident joint, scaled."
    )
    reason: str | None = Field(description="Why nothing can be doubted; null if it can.")


class Doubts(Success):
    """One page of doubts, how many the filter leaves, and the summary of all."""

    rows: list[DoubtRow]
    count: int
    relations_state: RelationsState = Field(
        description="`pending`: the relations are being found, ask again in a few seconds."
    )
    total: int
    offset: int
    limit: int
    summary: DoubtsSummary
