"""Training sessions, and the queue of pending ones.

The version of a session grows at each change of what is shown of it, so that an unchanged one
is recognised before anything else is read.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    select,
)

from backend.database import queue
from backend.database.connection import Record, every, first, one
from backend.database.listing import facts
from backend.database.listing.tables import session_facts
from backend.database.schema import (
    datasets,
    models,
    now,
    training_sessions,
    users,
    workspaces,
)
from backend.database.workspaces import accessible

ENDED = ("completed", "failed", "cancelled")


# Why a session has ended. One that is being pruned has its reason already, and may not end by it.
ERROR = case((training_sessions.c.status.in_(ENDED), training_sessions.c.error)).label("error")


def _text_of(column: Column) -> Any:
    return cast(column, Text).label(column.name)


# What is shown of a session. The answer's schema reads the stored JSON: as text it is neither
# parsed nor written here.
_SHOWN = select(
    *(
        training_sessions.c[name]
        for name in (
            "id",
            "workspace_id",
            "version",
            "dataset_id",
            "model_name",
            "dataset_size",
            "status",
            "request",
            "stage",
            "epochs",
            "epochs_completed",
            "best_epoch",
            "batches_done",
            "batches",
            "retry_of",
            "created_at",
            "started_at",
            "completed_at",
            "checkpoint_bytes",
            "study_id",
        )
    ),
    *(_text_of(training_sessions.c[name]) for name in ("metrics", "training", "spec", "verdict")),
    cast(ERROR.element, Text).label("error"),
    models.c.id.label("model_id"),
    models.c.file.label("file"),
    *(
        session_facts.c[name]
        for name in ("title", "tags", "note", "is_starred", *facts.FIGURES, "intervals")
    ),
    users.c.name.label("user"),
    func.coalesce(datasets.c.name, session_facts.c.dataset_name).label("dataset_name"),
)
_SHOWN = (
    _SHOWN.join(models, models.c.session_id == training_sessions.c.id, isouter=True)
    .join(session_facts, session_facts.c.session_id == training_sessions.c.id, isouter=True)
    .join(users, users.c.id == training_sessions.c.user_id, isouter=True)
    .join(datasets, datasets.c.id == training_sessions.c.dataset_id, isouter=True)
)

# Statements that are polled are made once: to make one takes longer than to run it.
_BY_ID = _SHOWN.where(training_sessions.c.id == bindparam("session_id"))
_FOR_USER = accessible(_BY_ID, training_sessions, bindparam("user_id"))
_BY_IDS = _SHOWN.where(training_sessions.c.id.in_(bindparam("ids", expanding=True)))
_IN_WORKSPACE = (
    _SHOWN.where(
        training_sessions.c.workspace_id == bindparam("workspace_id"),
        training_sessions.c.study_id.is_not_distinct_from(bindparam("study_id")),
    )
    .order_by(training_sessions.c.id.desc())
    .limit(bindparam("limit"))
)


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Add a pending session.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: user_id, dataset_id, dataset_size, model_name, spec, epochs; retry_of,
            idempotency_key.
    """
    statement = insert(training_sessions).values(
        workspace_id=workspace_id, status="pending", created_at=now(), **values
    )
    session = one(connection, statement.returning(*training_sessions.c))
    facts.add(connection, session["id"], session["spec"])
    return session


def find(connection: Connection, session_id: int) -> Record | None:
    """The session with that id, in any workspace."""
    query = select(training_sessions).where(training_sessions.c.id == session_id)
    return first(connection, query)


def requests_of(connection: Connection, session_ids: Collection[int]) -> dict[int, Record]:
    """The status, request and stage of some sessions, by id; those that are gone are left out."""
    columns = (training_sessions.c[name] for name in ("id", "status", "request", "stage"))
    query = select(*columns).where(training_sessions.c.id.in_(session_ids))
    return {each["id"]: each for each in every(connection, query)}


def find_for(connection: Connection, session_id: int, user_id: int) -> Record | None:
    """The session with that id and the user's `role`, if the user has access to it."""
    query = select(training_sessions).where(training_sessions.c.id == session_id)
    return first(connection, accessible(query, training_sessions, user_id))


def find_each_for(
    connection: Connection, session_ids: Collection[int], user_id: int
) -> dict[int, Record]:
    """As `find_for`, many at once, by id; without their evaluations, and without those that the
    user has no access to."""
    columns = [column for column in training_sessions.c if column.name != "evaluation"]
    query = select(*columns).where(training_sessions.c.id.in_(session_ids))
    found = every(connection, accessible(query, training_sessions, user_id))
    return {each["id"]: each for each in found}


def find_by_idempotency_key(
    connection: Connection, workspace_id: int, idempotency_key: str
) -> Record | None:
    """The session that an earlier request with the same key started."""
    query = select(training_sessions).where(
        training_sessions.c.workspace_id == workspace_id,
        training_sessions.c.idempotency_key == idempotency_key,
    )
    return first(connection, query)


def in_workspace(
    connection: Connection,
    workspace_id: int,
    *,
    status: str | None = None,
    limit: int | None = None,
    before: int | None = None,
) -> list[Record]:
    """Sessions of a workspace, newest first, without their evaluations; `before` is an id."""
    columns = [column for column in training_sessions.c if column.name != "evaluation"]
    query = select(*columns).where(training_sessions.c.workspace_id == workspace_id)
    query = queue.filtered(query, training_sessions, status, before)
    return every(connection, query.order_by(training_sessions.c.id.desc()).limit(limit))


def with_status(connection: Connection, *statuses: str) -> list[Record]:
    """Sessions of all workspaces in one of these states, oldest first."""
    query = select(training_sessions).where(training_sessions.c.status.in_(statuses))
    return every(connection, query.order_by(training_sessions.c.id))


def count(connection: Connection, status: str, workspace_id: int | None = None) -> int:
    """The number of sessions in a state, in one workspace or in all."""
    query = select(func.count()).where(training_sessions.c.status == status)
    if workspace_id is not None:
        query = query.where(training_sessions.c.workspace_id == workspace_id)
    return connection.execute(query).scalar_one()


def waiting_of(connection: Connection, user_id: int) -> list[int]:
    """The ids of the pending sessions that a user started, oldest first; of a study the first."""
    one_of_study = func.coalesce(-training_sessions.c.study_id, training_sessions.c.id)
    first_id = func.min(training_sessions.c.id)
    query = (
        select(first_id)
        .join(workspaces)
        .where(
            training_sessions.c.status == "pending", queue.asked_by(training_sessions) == user_id
        )
        .group_by(one_of_study)
        .order_by(first_id)
    )
    return list(connection.execute(query).scalars())


def next_pending(
    connection: Connection, last_user_id: int, held_back: Collection[int] = ()
) -> Record | None:
    """The session to train next, as `queue.next_pending`; interrupted ones go before all others.

    A restart of the server interrupted them. Of one user's, those of studies come last.
    """
    return queue.next_pending(
        connection,
        training_sessions,
        last_user_id,
        held_back,
        training_sessions.c.started_at.is_not(None).desc(),
        within_turn=training_sessions.c.study_id.is_not(None),
    )


def change(connection: Connection, session_id: int, **values: Any) -> None:
    """Change some columns of a session, and with them its version."""
    queue.change(connection, training_sessions, session_id, **values)
    facts.follow(connection, session_id, values)


def model_file_is_taken(connection: Connection, model_file: str) -> bool:
    """Whether a session already uses this name for its model."""
    query = select(training_sessions.c.id).where(training_sessions.c.model_file == model_file)
    return first(connection, query) is not None


def end(
    connection: Connection,
    session_id: int,
    status: str,
    error: Record | None = None,
    checkpoint_bytes: int | None = None,
) -> None:
    """Set the final state: completed, failed (with `{reason, message}`) or cancelled.

    `checkpoint_bytes` is the size of what a failed session finished, if it can be kept.
    """
    change(
        connection,
        session_id,
        status=status,
        error=error,
        request=None,
        checkpoint_bytes=checkpoint_bytes,
        completed_at=now(),
    )


def shown(connection: Connection, session_id: int) -> Record | None:
    """The session as it is shown, its JSON as text, with its model's id and file."""
    return first(connection, _BY_ID, session_id=session_id)


def shown_to(connection: Connection, session_id: int, user_id: int) -> Record | None:
    """As `shown`, with the user's `role`, if the user has access to it."""
    return first(connection, _FOR_USER, session_id=session_id, user_id=user_id)


def shown_in_workspace(
    connection: Connection,
    workspace_id: int,
    status: str | None,
    limit: int,
    before: int | None,
    study_id: int | None = None,
) -> list[Record]:
    """At most `limit` sessions as `shown`, newest first; `before` is an id.

    Those of a study, or those of none.
    """
    query = queue.filtered(_IN_WORKSPACE, training_sessions, status, before)
    return every(connection, query, workspace_id=workspace_id, limit=limit, study_id=study_id)


def shown_of(connection: Connection, session_ids: Collection[int]) -> list[Record]:
    """These sessions as `shown`, in this order."""
    found = {each["id"]: each for each in every(connection, _BY_IDS, ids=list(session_ids))}
    return [found[each] for each in session_ids if each in found]


def remove(connection: Connection, *session_ids: int) -> None:
    """Delete ended sessions and their epochs; their models stay."""
    connection.execute(delete(training_sessions).where(training_sessions.c.id.in_(session_ids)))
