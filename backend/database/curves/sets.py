"""Curve sets."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from backend.database import queue
from backend.database.connection import Record, every, first, one
from backend.database.curves.tables import curve_sets
from backend.database.schema import now, users
from backend.database.workspaces import accessible

_SHOWN = select(curve_sets, users.c.name.label("user")).join(
    users, users.c.id == curve_sets.c.user_id, isouter=True
)


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Add a set without a version.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: user_id, name, idempotency_key.
    """
    moment = now()
    statement = insert(curve_sets).values(
        workspace_id=workspace_id, created_at=moment, changed_at=moment, **values
    )
    return one(connection, statement.returning(*curve_sets.c))


def find(connection: Connection, curve_set_id: int) -> Record | None:
    """The set with that id, in any workspace, with the `user` who made it."""
    return first(connection, _SHOWN.where(curve_sets.c.id == curve_set_id))


def find_for(connection: Connection, curve_set_id: int, user_id: int) -> Record | None:
    """The set with that id and the user's `role`, if the user has access to it."""
    query = _SHOWN.where(curve_sets.c.id == curve_set_id)
    return first(connection, accessible(query, curve_sets, user_id))


def find_by_idempotency_key(
    connection: Connection, workspace_id: int, idempotency_key: str
) -> Record | None:
    """The set that an earlier request with the same key made."""
    return first(
        connection,
        _SHOWN.where(
            curve_sets.c.workspace_id == workspace_id,
            curve_sets.c.idempotency_key == idempotency_key,
        ),
    )


def in_workspace(
    connection: Connection, workspace_id: int, limit: int | None = None, before: int | None = None
) -> list[Record]:
    """Sets of a workspace, newest first; `before` is an id."""
    query = _SHOWN.where(curve_sets.c.workspace_id == workspace_id)
    query = queue.filtered(query, curve_sets, None, before)
    return every(connection, query.order_by(curve_sets.c.id.desc()).limit(limit))


def all_places(connection: Connection) -> list[Record]:
    """Of every set what names its files: id and workspace."""
    return every(connection, select(curve_sets.c.id, curve_sets.c.workspace_id))


def change(connection: Connection, curve_set_id: int, **values: Any) -> None:
    """Change some columns of a set, and with them its version."""
    queue.change(connection, curve_sets, curve_set_id, changed_at=now(), **values)


def remove(connection: Connection, curve_set_id: int) -> None:
    """Forget a set, with its imports."""
    connection.execute(delete(curve_sets).where(curve_sets.c.id == curve_set_id))
