"""Studies: several training sessions that answer one question."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from backend.database.connection import Record, every, first, one
from backend.database.schema import epochs, models, now, studies, training_sessions
from backend.database.search.tables import search_trials
from backend.database.sessions import ERROR
from backend.database.workspaces import accessible

# Of a session that is part of a study: how far it is.
_STATE = (
    *("id", "study_id", "status", "epochs", "epochs_completed", "batches_done", "batches"),
    *("started_at", "completed_at"),
)

# Whether it was ended because others were better: it is cancelled like others.
_IS_PRUNED = func.coalesce(
    func.json_extract(training_sessions.c.error, "$.reason") == "pruned", False
).label("is_pruned")

# And what is shown of it besides.
_PART = select(
    _IS_PRUNED,
    search_trials.c.number.label("trial"),
    *(training_sessions.c[name] for name in (*_STATE, "stage", "request", "spec")),
    ERROR,
    models.c.id.label("model_id"),
    models.c.file.label("file"),
)
_PART = _PART.join(models, models.c.session_id == training_sessions.c.id, isouter=True)
_PART = _PART.join(
    search_trials, search_trials.c.session_id == training_sessions.c.id, isouter=True
)

# Where an evaluation has its figures: it is long, and only these are needed.
_FIGURES = {
    "rows": "$.n_test",
    **{name: f"$.{name}" for name in ("accuracy", "macro_f1", "log_loss", "ece")},
    "roc_auc": "$.roc_auc.macro",
    "recall_at_precision": "$.recall_at_precision.recall",
    **{
        f"trees_{name}": f"$.baseline.all_columns.{name}"
        for name in ("accuracy", "macro_f1", "log_loss")
    },
}


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Add a study; its sessions are added in the same transaction.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: user_id, dataset_id, dataset_name, dataset_size, name, kind, settings,
            idempotency_key.
    """
    statement = insert(studies).values(workspace_id=workspace_id, created_at=now(), **values)
    return one(connection, statement.returning(*studies.c))


def find(connection: Connection, study_id: int) -> Record | None:
    """The study with that id, in any workspace."""
    return first(connection, select(studies).where(studies.c.id == study_id))


def find_for(connection: Connection, study_id: int, user_id: int) -> Record | None:
    """The study with that id and the user's `role`, if the user has access to it."""
    query = select(studies).where(studies.c.id == study_id)
    return first(connection, accessible(query, studies, user_id))


def find_by_idempotency_key(
    connection: Connection, workspace_id: int, idempotency_key: str
) -> Record | None:
    """The study that an earlier request with the same key started."""
    query = select(studies).where(
        studies.c.workspace_id == workspace_id, studies.c.idempotency_key == idempotency_key
    )
    return first(connection, query)


def in_workspace(
    connection: Connection, workspace_id: int, limit: int, before: int | None
) -> list[Record]:
    """At most `limit` studies of a workspace, newest first; `before` is an id."""
    query = select(studies).where(studies.c.workspace_id == workspace_id)
    if before is not None:
        query = query.where(studies.c.id < before)
    return every(connection, query.order_by(studies.c.id.desc()).limit(limit))


def parts_of(connection: Connection, study_ids: Collection[int]) -> dict[int, list[Record]]:
    """The sessions of some studies, in the order in which they are trained."""
    found: dict[int, list[Record]] = {each: [] for each in study_ids}
    query = _PART.where(training_sessions.c.study_id.in_(study_ids))
    for part in every(connection, query.order_by(training_sessions.c.id)):
        found[part["study_id"]].append(part)
    return found


def states_of(connection: Connection, study_ids: Collection[int]) -> dict[int, list[Record]]:
    """How far the sessions of some studies are; less than `parts_of` reads."""
    found: dict[int, list[Record]] = {each: [] for each in study_ids}
    columns = (training_sessions.c[name] for name in _STATE)
    query = select(*columns, _IS_PRUNED).where(training_sessions.c.study_id.in_(study_ids))
    for part in every(connection, query):
        found[part["study_id"]].append(part)
    return found


def evaluated(connection: Connection, study_id: int) -> dict[int, Record]:
    """The figures of the sessions of a study that have an evaluation, by session.

    `rows`, how many it has tested; the figures that are compared, and those of the trees on the
    same rows, as `trees_…`.
    """
    figures = (
        func.json_extract(training_sessions.c.evaluation, path).label(name)
        for name, path in _FIGURES.items()
    )
    query = select(training_sessions.c.id, *figures).where(
        training_sessions.c.study_id == study_id,
        func.json_type(training_sessions.c.evaluation) == "object",
    )
    return {each.pop("id"): each for each in every(connection, query)}


def joined_of(connection: Connection, study: Record) -> list[Record]:
    """The sessions that join the models of a study to one, newest first, with their models."""
    own = training_sessions.c
    query = (
        select(own.id.label("session_id"), own.model_name, own.status)
        .add_columns(models.c.id.label("model_id"))
        .join(models, models.c.session_id == own.id, isouter=True)
        .where(
            own.workspace_id == study["workspace_id"],
            own.dataset_id.is_not_distinct_from(study["dataset_id"]),
            own.study_id.is_(None),
            func.json_extract(own.spec, "$.joined_study") == study["id"],
        )
    )
    return every(connection, query.order_by(own.id.desc()))


def epoch_metrics(connection: Connection, study_id: int, count: int) -> list[Record]:
    """The metrics of the last `count` epochs of a study's sessions, newest first."""
    query = (
        select(epochs.c.metrics)
        .join(training_sessions)
        .where(training_sessions.c.study_id == study_id)
        .order_by(epochs.c.session_id.desc(), epochs.c.epoch.desc())
        .limit(count)
    )
    return list(connection.execute(query).scalars())


def take_in(connection: Connection, session_id: int, study_id: int) -> None:
    """Make a session a part of a study."""
    statement = update(training_sessions).where(training_sessions.c.id == session_id)
    connection.execute(statement.values(study_id=study_id))


def remove(connection: Connection, study_id: int) -> None:
    """Delete a study with its sessions, their epochs and models."""
    parts = select(training_sessions.c.id).where(training_sessions.c.study_id == study_id)
    connection.execute(delete(models).where(models.c.session_id.in_(parts)))
    connection.execute(delete(training_sessions).where(training_sessions.c.study_id == study_id))
    connection.execute(delete(studies).where(studies.c.id == study_id))
