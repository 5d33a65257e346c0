"""Imports: files on their way into a curve set."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, insert, select

from backend.database import queue
from backend.database.connection import Record, every, first, one
from backend.database.curves.tables import curve_imports
from backend.database.schema import now

UNFINISHED = ("pending", "running")
ENDED = ("completed", "failed", "cancelled")


def create(connection: Connection, curve_set: Record, **values: Any) -> Record:
    """Add a pending import.

    Args:
        connection: open for writing.
        curve_set: the row of the set that its files are for.
        values: user_id, asked, files, bytes, stored_bytes.
    """
    statement = insert(curve_imports).values(
        workspace_id=curve_set["workspace_id"],
        curve_set_id=curve_set["id"],
        status="pending",
        created_at=now(),
        **values,
    )
    return one(connection, statement.returning(*curve_imports.c))


def find(connection: Connection, import_id: int) -> Record | None:
    """The import with that id."""
    return first(connection, select(curve_imports).where(curve_imports.c.id == import_id))


def of_set(connection: Connection, curve_set_id: int) -> list[Record]:
    """The imports of a set, newest first."""
    query = select(curve_imports).where(curve_imports.c.curve_set_id == curve_set_id)
    return every(connection, query.order_by(curve_imports.c.id.desc()))


def newest(connection: Connection, curve_set_ids: Collection[int]) -> dict[int, Record]:
    """The newest import of each of some sets, by the set's id."""
    last = select(func.max(curve_imports.c.id)).where(
        curve_imports.c.curve_set_id.in_(curve_set_ids)
    )
    last = last.group_by(curve_imports.c.curve_set_id)
    found = every(connection, select(curve_imports).where(curve_imports.c.id.in_(last)))
    return {each["curve_set_id"]: each for each in found}


def unfinished_in(connection: Connection, workspace_id: int) -> list[Record]:
    """The unfinished imports of a workspace, oldest first."""
    own = curve_imports.c.workspace_id == workspace_id, curve_imports.c.status.in_(UNFINISHED)
    return every(connection, select(curve_imports).where(*own).order_by(curve_imports.c.id))


def waiting_of(connection: Connection, user_id: int) -> list[int]:
    """The ids of the pending imports that a user brought, oldest first."""
    own = curve_imports.c.status == "pending", curve_imports.c.user_id == user_id
    query = select(curve_imports.c.id).where(*own).order_by(curve_imports.c.id)
    return list(connection.execute(query).scalars())


def running(connection: Connection) -> list[Record]:
    """The imports that are under way, or were when the server was ended."""
    query = select(curve_imports).where(curve_imports.c.status == "running")
    return every(connection, query.order_by(curve_imports.c.id))


def next_pending(connection: Connection, last_user_id: int) -> Record | None:
    """The import whose turn it is, as `queue.next_pending`."""
    return queue.next_pending(connection, curve_imports, last_user_id, ())


def all_unfinished(connection: Connection) -> list[Record]:
    """Every import that still needs its files."""
    query = select(curve_imports).where(curve_imports.c.status.in_(UNFINISHED))
    return every(connection, query)


def forget_requests(connection: Connection) -> None:
    """Clear what was asked of imports that have ended meanwhile: nothing will answer it."""
    asked = curve_imports.c.request.is_not(None), curve_imports.c.status.not_in(UNFINISHED)
    for import_id in connection.execute(select(curve_imports.c.id).where(*asked)).scalars().all():
        change(connection, import_id, request=None)


def is_any(connection: Connection) -> bool:
    """Whether there is an import, ended or not."""
    return connection.execute(select(curve_imports.c.id).limit(1)).first() is not None


def change(connection: Connection, import_id: int, **values: Any) -> None:
    """Change some columns of an import, and with them its version."""
    queue.change(connection, curve_imports, import_id, **values)


def end(
    connection: Connection, import_id: int, status: str, error: Record | None = None, **values: Any
) -> None:
    """Set the final state: completed, failed (with `{reason, message}`) or cancelled."""
    change(
        connection,
        import_id,
        status=status,
        error=error,
        request=None,
        stored_bytes=0,
        completed_at=now(),
        **values,
    )
