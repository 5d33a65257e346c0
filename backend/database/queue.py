"""What the queues of sessions and of batches have in common: users take turns."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select, update

from backend.database.connection import Record, first
from backend.database.schema import workspaces
from backend.database.workspaces import IS_THERE


def asked_by(table: Table) -> ColumnElement[int]:
    """Whose row of a queue it is: the user's who asked for it, else the workspace's owner's.

    The account may be gone; of sessions, release 0.2.0 did not record it. `workspaces` is to be
    joined.
    """
    return func.coalesce(table.c.user_id, workspaces.c.owner_id)


def next_pending(
    connection: Connection,
    table: Table,
    last_user_id: int,
    held_back: Collection[int],
    *before_turns: ColumnElement,
    within_turn: ColumnElement | None = None,
) -> Record | None:
    """The row whose turn it is: users take turns, each with the oldest row they asked for.

    Args:
        connection: open for reading.
        table: the queue's.
        last_user_id: the user who had the last turn; the next higher id follows, and the lowest
            after the highest.
        held_back: ids of rows whose turn is not yet.
        before_turns: what comes before the turns of users, in the order of the rows.
        within_turn: what comes before the age of a user's rows.

    Returns:
        None if none waits; else its row, with the user whose turn it is as `turn_of`.
    """
    user = asked_by(table)
    of_user = () if within_turn is None else (within_turn,)
    query = (
        select(table, user.label("turn_of"))
        .join(workspaces)
        .where(table.c.status == "pending", table.c.id.not_in(held_back), IS_THERE)
        .order_by(*before_turns, user <= last_user_id, user, *of_user, table.c.id)
    )
    return first(connection, query)


def change(connection: Connection, table: Table, identifier: int, **values: Any) -> None:
    """Change some columns of a row, and with them its version."""
    statement = update(table).where(table.c.id == identifier)
    connection.execute(statement.values(version=table.c.version + 1, **values))


def counts(connection: Connection, table: Table) -> dict[str, int]:
    """The number of rows in each state that there is."""
    query = select(table.c.status, func.count().label("number")).group_by(table.c.status)
    return {row.status: row.number for row in connection.execute(query)}


def oldest_pending(connection: Connection, table: Table) -> str | None:
    """When the oldest row that waits was added; None if none waits."""
    query = select(table.c.created_at).where(table.c.status == "pending").order_by(table.c.id)
    return connection.execute(query.limit(1)).scalar_one_or_none()


def filtered(query: Select, table: Table, status: str | None, before: int | None) -> Select:
    """The rows of a query in one state, if one is named, and older than `before`, an id."""
    if status is not None:
        query = query.where(table.c.status == status)
    if before is not None:
        query = query.where(table.c.id < before)
    return query
