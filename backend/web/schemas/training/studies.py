"""Studies: several sessions that answer one question; out-of-fold predictions."""

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.services.studies.kinds import KINDS
from backend.services.studies.predictions import SORTS
from backend.web.schemas.accounts import Use
from backend.web.schemas.base import (
    MAX_ID,
    Answer,
    LabelFilter,
    Page,
    Success,
    TextFields,
    WorkspaceQuery,
)
from backend.web.schemas.training.grid import GridDifferences, GridFigures
from backend.web.schemas.training.search import Search, SearchSummary
from backend.web.schemas.training.sessions import (
    RequestedEnd,
    SessionError,
    SessionStage,
    SessionStatus,
)

StudySort = TypeAliasType("StudySort", Literal[SORTS])  # type: ignore[valid-type]

_SORT = Field(
    default="row",
    description="`planet`: p(CONFIRMED) over the sum of it and p(FALSE POSITIVE); `confirmed`: "
    "p(CONFIRMED); `spread` of p(CONFIRMED) over the seeds. All but `row` fall.",
)
_LABEL = Field(default=None, description="Only rows with this label in the table.")


class StudyCounts(Answer):
    """How many of its sessions are in each state."""

    pending: int
    training: int
    completed: int
    failed: int
    cancelled: int


class StudySummary(Answer):
    """A study. Its state is that of its sessions: failed, if none is under way and one has.

    A search is in training while trials are added, and completed once it has ended with a model.
    """

    id: int
    workspace_id: int
    dataset_id: int | None
    dataset_name: str
    dataset_size: int
    name: str
    kind: Literal[tuple(KINDS)]  # type: ignore[valid-type]
    folds: int | None = Field(description="Null in other kinds than folds.")
    differences: list[GridDifferences] | None = Field(
        description="The settings of a grid besides the base; null in other kinds."
    )
    seeds: list[int]
    search: SearchSummary | None = Field(description="Of a study of kind search; else null.")
    settings: dict[str, Any] = Field(
        description="Of all its sessions; of a grid, of the base; of a search, of the first trial."
    )
    status: SessionStatus
    counts: StudyCounts
    progress: float
    eta_seconds: float | None = Field(
        description="An upper limit, while sessions train, if no others took their places."
    )
    created_at: str
    started_at: str | None
    completed_at: str | None


class StudyPartFigures(Answer):
    """On the rows that a session has tested."""

    rows: int
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None


class StudyPart(Answer):
    """A session of a study."""

    id: int
    seed: int
    fold: int | None = Field(default=None, description="From 1; null in other kinds than folds.")
    setting: int | None = Field(
        default=None,
        description="0: the base; null in other kinds than grid, and of a session whose spec is "
        "that of no setting of the study.",
    )
    trial: int | None = Field(default=None, description="From 1; null in other kinds than search.")
    status: SessionStatus
    stage: SessionStage | None
    request: RequestedEnd | None
    progress: float
    epochs: int
    epochs_completed: int
    error: SessionError | None
    model_id: int | None
    figures: StudyPartFigures | None


class StudyFigure(Answer):
    """A figure, and three things that it depends on, each measured by itself."""

    mean: float | None = Field(description="Over the seeds, of the figure over all rows.")
    interval: list[float] | None = Field(
        description="95%, of that mean: a bootstrap over the groups of rows."
    )
    seed_spread: float | None = Field(
        description="Standard deviation over the seeds; null with fewer than two."
    )
    fold_spread: float | None = Field(
        description="Standard deviation over the folds; null with fewer than two."
    )


class TreeFigures(Answer):
    """Boosted trees on the same rows: means over the folds and seeds."""

    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None


class StudyFigures(Answer):
    """The figures of a study, as far as its sessions have come."""

    rows: int = Field(description="That a session has tested.")
    table_rows: int = Field(description="That have a label.")
    groups: int = Field(description="That these rows are in.")
    seeds: int = Field(description="That have tested all folds.")
    is_complete: bool
    intervals_state: Literal["found", "pending", "unknown"] = Field(
        description="`pending`: ask again in a few seconds; `unknown`: the study is not complete."
    )
    figures: dict[str, StudyFigure]
    guessing_log_loss: float = Field(description="Of the class frequencies, on the same rows.")
    baseline: TreeFigures | None


class JoinedModel(Answer):
    """A session that has joined the models of a study to one, or will."""

    session_id: int
    model_name: str
    status: SessionStatus
    model_id: int | None


class Study(StudySummary):
    """A study with its sessions and figures."""

    sessions: list[StudyPart] = Field(
        description="By seed, then by fold; of a grid, by setting, then by seed; of a search, by "
        "trial."
    )
    figures: StudyFigures | None = Field(default=None, description="Of a study of kind folds.")
    grid: GridFigures | None = Field(default=None, description="Of a study of kind grid.")
    search: Search | None = Field(description="Of a study of kind search; else null.")
    joined: list[JoinedModel] = Field(description="Models of all folds, newest first.")


class StudyAnswer(Success):
    """One study."""

    study: Study


class StudyDone(StudyAnswer):
    """The study, and what happens to it."""

    message: str


class StudyStarted(StudyDone):
    """The new study."""

    waiting_sessions: Use = Field(description="Those that you have started; a study counts as one.")


class StudiesQuery(WorkspaceQuery):
    """The studies to list."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: int | None = Field(
        default=None, ge=1, le=MAX_ID, description="The `next_cursor` of an earlier response."
    )


class Studies(Success):
    """Studies, newest first; `next_cursor` is null on the last page."""

    studies: list[StudySummary]
    count: int
    next_cursor: str | None


class StudyRowsQuery(Page):
    """Which rows, and in which order."""

    sort: StudySort = _SORT
    label: LabelFilter | None = _LABEL


class StudyTableQuery(TextFields):
    """Which rows, and in which order."""

    sort: StudySort = _SORT
    label: LabelFilter | None = _LABEL


class StudyRow(Answer):
    """A row of the table, and what networks say of it that saw nothing of its group."""

    row: int = Field(description="Position among the accepted rows of the dataset.")
    line: int | None
    star: str | None
    label: int
    label_name: str
    predicted: int
    predicted_name: str
    probabilities: dict[str, float] = Field(description="Means over the seeds.")
    spread: float | None = Field(
        description="Standard deviation of p(CONFIRMED) over the seeds; null with one."
    )
    seeds: int = Field(description="How many networks have tested it.")
    fold: int
    candidate: dict[str, float | None] | None = Field(
        description="The nine columns; null if the dataset was deleted."
    )


class StudyRows(Success):
    """One page of rows, and how many the filter leaves."""

    rows: list[StudyRow]
    count: int
    total: int
    offset: int
    limit: int
