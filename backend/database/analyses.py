"""Saved predictions with their notes."""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Text,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from backend.database.connection import Record, every, first, one
from backend.database.schema import analyses, now, users
from backend.database.workspaces import accessible, owned_by


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Save predictions.

    Args:
        connection: open for writing.
        workspace_id: the workspace that they belong to.
        values: user_id, model_id, title, note, candidates, predictions.
    """
    moment = now()
    statement = insert(analyses).values(
        workspace_id=workspace_id, created_at=moment, updated_at=moment, **values
    )
    created = one(connection, statement.returning(*analyses.c))
    measure(connection, created["id"])
    return created


def find_for(connection: Connection, analysis_id: int, user_id: int) -> Record | None:
    """The analysis with that id and the user's `role`, if the user has access to it."""
    query = _analyses().where(analyses.c.id == analysis_id)
    return first(connection, accessible(query, analyses, user_id))


def in_workspace(connection: Connection, workspace_id: int) -> list[Record]:
    """All analyses of a workspace, newest first, without their candidates and predictions."""
    query = _analyses("candidates", "predictions").where(analyses.c.workspace_id == workspace_id)
    return every(connection, query.order_by(analyses.c.id.desc()))


def change(connection: Connection, analysis_id: int, **values: Any) -> None:
    """Change the title or the note."""
    connection.execute(
        update(analyses).where(analyses.c.id == analysis_id).values(updated_at=now(), **values)
    )
    measure(connection, analysis_id)


def measure(connection: Connection, analysis_id: int | None = None) -> None:
    """Record the size of an analysis, or of all those whose size is not known."""
    columns = (analyses.c.title, analyses.c.note, analyses.c.candidates, analyses.c.predictions)
    size = sum((func.length(cast(column, LargeBinary)) for column in columns), start=literal(0))
    is_meant = (
        analyses.c.stored_bytes.is_(None) if analysis_id is None else analyses.c.id == analysis_id
    )
    connection.execute(update(analyses).where(is_meant).values(stored_bytes=size))


def count_of_owner(connection: Connection, user_id: int) -> int:
    """The number of analyses in the workspaces that a user owns."""
    query = select(func.count()).select_from(analyses)
    owned = analyses.c.workspace_id.in_(owned_by(connection, user_id))
    return connection.execute(query.where(owned)).scalar_one()


def count_in(connection: Connection, workspace_id: int) -> int:
    """The number of analyses in a workspace."""
    query = select(func.count()).where(analyses.c.workspace_id == workspace_id)
    return connection.execute(query).scalar_one()


def remove(connection: Connection, analysis_id: int) -> None:
    """Delete an analysis."""
    connection.execute(delete(analyses).where(analyses.c.id == analysis_id))


def _analyses(*left_out: str) -> Select:
    """Analyses with their author's name as `user` and their number of candidates as `count`."""
    columns = [column for column in analyses.c if column.name not in left_out]
    author = users.c.name.label("user")
    count = func.json_array_length(_readable(analyses.c.candidates)).label("count")
    query = select(*columns, author, count)
    return query.join_from(analyses, users, users.c.id == analyses.c.user_id, isouter=True)


def _readable(column: Column) -> ColumnElement:
    """JSON as SQLite reads it: 0.2.0 stored numbers that are too large as Infinity."""
    written = cast(column, Text)
    finite = func.replace(func.replace(written, "-Infinity", "null"), "Infinity", "null")
    return case((func.json_valid(written), written), else_=finite)
