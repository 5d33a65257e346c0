"""Uploads that come in pieces."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from backend.database.connection import Record, every, first, one
from backend.database.curves.tables import curve_uploads
from backend.database.schema import iso, now
from backend.database.workspaces import accessible


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Add an upload of which nothing has been received.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it is for.
        values: user_id, name, size.
    """
    moment = now()
    statement = insert(curve_uploads).values(
        workspace_id=workspace_id, created_at=moment, changed_at=moment, **values
    )
    return one(connection, statement.returning(*curve_uploads.c))


def find(connection: Connection, upload_id: int) -> Record | None:
    """The upload with that id."""
    return first(connection, select(curve_uploads).where(curve_uploads.c.id == upload_id))


def find_for(connection: Connection, upload_id: int, user_id: int) -> Record | None:
    """The upload with that id and the user's `role`, if the user has begun it and has access."""
    query = select(curve_uploads).where(
        curve_uploads.c.id == upload_id, curve_uploads.c.user_id == user_id
    )
    return first(connection, accessible(query, curve_uploads, user_id))


def bytes_of(connection: Connection, user_id: int) -> int:
    """The size of all uploads together that a user has begun and not used."""
    query = select(func.coalesce(func.sum(curve_uploads.c.size), 0))
    return connection.execute(query.where(curve_uploads.c.user_id == user_id)).scalar_one()


def received(connection: Connection, upload_id: int, size: int) -> None:
    """Record that so many bytes of an upload are on the disk."""
    statement = update(curve_uploads).where(curve_uploads.c.id == upload_id)
    connection.execute(statement.values(received=size, changed_at=now()))


def everyone(connection: Connection) -> list[Record]:
    """All uploads."""
    return every(connection, select(curve_uploads))


def too_old(connection: Connection, hours: float) -> list[Record]:
    """The uploads of which nothing has come for so many hours."""
    oldest = iso(datetime.now(UTC) - timedelta(hours=hours))
    return every(connection, select(curve_uploads).where(curve_uploads.c.changed_at < oldest))


def remove(connection: Connection, upload_id: int) -> None:
    """Forget an upload."""
    connection.execute(delete(curve_uploads).where(curve_uploads.c.id == upload_id))
