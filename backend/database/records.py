"""Rows as plain dictionaries."""

from typing import Any

from sqlalchemy import Connection, Executable

Record = dict[str, Any]


def first(connection: Connection, query: Executable) -> Record | None:
    """The first row, or None."""
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def one(connection: Connection, statement: Executable) -> Record:
    """The only row."""
    return dict(connection.execute(statement).mappings().one())


def every(connection: Connection, query: Executable) -> list[Record]:
    """All rows."""
    return [dict(row) for row in connection.execute(query).mappings()]
