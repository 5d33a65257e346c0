"""Batches: catalogues that are predicted in the background."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from backend.database import queue
from backend.database.connection import Record, every, first, one
from backend.database.schema import batches, iso, now, users, workspaces
from backend.database.workspaces import IS_THERE, accessible

UNFINISHED = ("pending", "running")
ENDED = ("completed", "failed", "cancelled")

_SHOWN = select(batches, users.c.name.label("user")).join(
    users, users.c.id == batches.c.user_id, isouter=True
)


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Add a pending batch.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: user_id, model_id, model, asked, source, light_curves, file_name, file_size,
            file_sha256, stored_bytes, idempotency_key.
    """
    statement = insert(batches).values(
        workspace_id=workspace_id, status="pending", created_at=now(), **values
    )
    return one(connection, statement.returning(*batches.c))


def find(connection: Connection, batch_id: int) -> Record | None:
    """The batch with that id, in any workspace, with the `user` who posted it."""
    return first(connection, _SHOWN.where(batches.c.id == batch_id))


def find_for(connection: Connection, batch_id: int, user_id: int) -> Record | None:
    """The batch with that id and the user's `role`, if the user has access to it."""
    query = _SHOWN.where(batches.c.id == batch_id)
    return first(connection, accessible(query, batches, user_id))


def find_by_idempotency_key(
    connection: Connection, workspace_id: int, idempotency_key: str
) -> Record | None:
    """The batch that an earlier request with the same key posted."""
    return first(
        connection,
        _SHOWN.where(
            batches.c.workspace_id == workspace_id, batches.c.idempotency_key == idempotency_key
        ),
    )


def in_workspace(
    connection: Connection,
    workspace_id: int,
    *,
    status: str | None = None,
    limit: int | None = None,
    before: int | None = None,
) -> list[Record]:
    """Batches of a workspace, newest first; `before` is an id."""
    query = _SHOWN.where(batches.c.workspace_id == workspace_id)
    query = queue.filtered(query, batches, status, before)
    return every(connection, query.order_by(batches.c.id.desc()).limit(limit))


def waiting_of(connection: Connection, user_id: int) -> list[int]:
    """The ids of the pending batches that a user posted, oldest first."""
    query = select(batches.c.id).where(batches.c.status == "pending", batches.c.user_id == user_id)
    return list(connection.execute(query.order_by(batches.c.id)).scalars())


def unfinished_with(connection: Connection, model_id: int) -> list[int]:
    """The ids of the unfinished batches that need a model, oldest first."""
    query = select(batches.c.id).where(
        batches.c.model_id == model_id, batches.c.status.in_(UNFINISHED)
    )
    return list(connection.execute(query.order_by(batches.c.id)).scalars())


def running(connection: Connection, has_light_curves: bool) -> list[Record]:
    """The batches that are being predicted, or were when the server was ended.

    Args:
        connection: open for reading.
        has_light_curves: of those with light curves, or of those without.
    """
    query = _SHOWN.where(batches.c.status == "running", _curves_are(has_light_curves))
    return every(connection, query.order_by(batches.c.id))


def next_pending(
    connection: Connection, last_user_id: int, has_light_curves: bool
) -> Record | None:
    """The batch to predict next, as `queue.next_pending`; `has_light_curves` as for `running`."""
    query = select(batches.c.id).where(
        batches.c.status == "pending", _curves_are(not has_light_curves)
    )
    others = connection.execute(query).scalars().all()
    return queue.next_pending(connection, batches, last_user_id, others)


def _curves_are(there: bool) -> ColumnElement[bool]:
    """Whether a batch has a curve set, in SQL."""
    of_set = func.json_extract(batches.c.light_curves, "$.curve_set_id")
    return of_set.is_not(None) if there else of_set.is_(None)


def all_states(connection: Connection) -> list[Record]:
    """Of every batch what tells which files it needs."""
    columns = batches.c.id, batches.c.workspace_id, batches.c.status, batches.c.expired_at
    return every(connection, select(*columns))


def has_result(batch: Record) -> bool:
    """Whether a batch has its result, and keeps it."""
    return batch["status"] == "completed" and batch["expired_at"] is None


def expires_at(batch: Record, days: int) -> str | None:
    """When the result of a batch will be removed; None if it has none."""
    if not has_result(batch):
        return None
    return iso(datetime.fromisoformat(batch["completed_at"]) + timedelta(days=days))


def too_old(connection: Connection, days: int) -> list[Record]:
    """The batches whose results are older than so many days; none of a workspace in the bin."""
    oldest = iso(datetime.now(UTC) - timedelta(days=days))
    query = select(batches).join(workspaces, workspaces.c.id == batches.c.workspace_id)
    query = query.where(
        IS_THERE,
        batches.c.status == "completed",
        batches.c.expired_at.is_(None),
        batches.c.completed_at < oldest,
    )
    return every(connection, query.order_by(batches.c.id))


def change(connection: Connection, batch_id: int, **values: Any) -> None:
    """Change some columns of a batch, and with them its version."""
    queue.change(connection, batches, batch_id, **values)


def end(
    connection: Connection,
    batch_id: int,
    status: str,
    error: Record | None = None,
    stored_bytes: int = 0,
    **values: Any,
) -> None:
    """Set the final state: completed, failed (with `{reason, message}`) or cancelled."""
    change(
        connection,
        batch_id,
        status=status,
        error=error,
        request=None,
        stored_bytes=stored_bytes,
        completed_at=now(),
        **values,
    )


def needing_set(connection: Connection, curve_set: Record) -> list[int]:
    """The ids of unfinished batches whose rows have light curves of a set."""
    query = select(batches.c.id).where(
        batches.c.workspace_id == curve_set["workspace_id"],
        batches.c.status.in_(UNFINISHED),
        func.json_extract(batches.c.light_curves, "$.curve_set_id") == curve_set["id"],
    )
    return list(connection.execute(query.order_by(batches.c.id)).scalars())


def forget_requests(connection: Connection) -> None:
    """Clear what was asked of batches that have ended meanwhile: nothing will answer it."""
    asked = batches.c.request.is_not(None), batches.c.status.not_in(UNFINISHED)
    for batch_id in connection.execute(select(batches.c.id).where(*asked)).scalars().all():
        change(connection, batch_id, request=None)


def expire(connection: Connection, batch_id: int) -> None:
    """Record that the result of a batch is removed."""
    change(connection, batch_id, expired_at=now(), stored_bytes=0)


def remove(connection: Connection, batch_id: int) -> None:
    """Forget a batch."""
    connection.execute(delete(batches).where(batches.c.id == batch_id))
