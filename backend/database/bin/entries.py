"""What is in the bin, whose it is, and how long it stays."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from backend.database.bin import sharing
from backend.database.bin.tables import bin_entries, bin_rows
from backend.database.connection import Record, every, first, one
from backend.database.schema import iso, now, users
from backend.database.workspaces import accessible

_SHOWN = (
    *(bin_entries.c[name] for name in ("id", "kind", "item_id", "name", "workspace_id")),
    *(bin_entries.c[name] for name in ("stored_bytes", "deleted_at", "owner_id")),
    users.c.name.label("user"),
)
_THERE = bin_entries.c.gone_at.is_(None)

_ON_THEIR_WAY = timedelta(minutes=2)


def add(connection: Connection, **values: Any) -> Record:
    """Add an entry: all columns but id, deleted_at and gone_at."""
    statement = insert(bin_entries).values(deleted_at=now(), **values)
    return one(connection, statement.returning(*bin_entries.c))


def add_each(connection: Connection, values: list[Record]) -> dict[int, int]:
    """Add entries of one kind, as `add`: the id of each, by its item_id."""
    columns = bin_entries.c.item_id, bin_entries.c.id
    statement = insert(bin_entries).values(deleted_at=now()).returning(*columns)
    return {each.item_id: each.id for each in connection.execute(statement, values)}


def find(connection: Connection, bin_id: int) -> Record | None:
    """An entry that can be restored, whoever may."""
    return first(connection, select(bin_entries).where(bin_entries.c.id == bin_id, _THERE))


def find_for(connection: Connection, bin_id: int, user_id: int) -> Record | None:
    """An entry with the user's `role` in its workspace; a workspace is its owner's alone."""
    query = select(bin_entries).where(bin_entries.c.id == bin_id, _THERE)
    is_own = bin_entries.c.kind == "workspace", bin_entries.c.owner_id == user_id
    own = query.add_columns(literal("owner").label("role")).where(*is_own)
    # One statement: somebody else's entry takes the same path as none.
    return first(connection, union_all(own, accessible(query, bin_entries, user_id)))


def in_workspace(connection: Connection, workspace_id: int) -> list[Record]:
    """What of a workspace is in the bin, newest first."""
    own = bin_entries.c.workspace_id == workspace_id, bin_entries.c.kind != "workspace"
    return _listed(connection, *own)


def workspaces_of(connection: Connection, owner_id: int) -> list[Record]:
    """The workspaces of an owner that are in the bin, newest first."""
    own = bin_entries.c.owner_id == owner_id, bin_entries.c.kind == "workspace"
    return _listed(connection, *own)


def of_dataset(connection: Connection, workspace_id: int, identity: str) -> Record | None:
    """The dataset in the bin that is that file, read in that way."""
    query = select(bin_entries).where(
        bin_entries.c.workspace_id == workspace_id, bin_entries.c.identity == identity, _THERE
    )
    return first(connection, query.order_by(bin_entries.c.id.desc()))


def oldest(connection: Connection, owner_id: int | None) -> list[Record]:
    """What takes space for an owner, or for all: `{id, stored_bytes}`, oldest first.

    The bytes are those that go with it, if all that is older has gone.
    """
    query = select(bin_entries.c.id, bin_entries.c.stored_bytes)
    query = query.where(*_of(owner_id)).order_by(bin_entries.c.id)
    shared = sharing.counted_elsewhere(connection, *_of(owner_id))
    found = [
        {"id": each.id, "stored_bytes": max(0, each.stored_bytes - shared.get(each.id, 0))}
        for each in connection.execute(query)
    ]
    return [each for each in found if each["stored_bytes"]]


def stored_bytes(connection: Connection, owner_id: int | None) -> int:
    """The bytes in the bin that count for an owner, or for all; a file that several need, once."""
    size = func.coalesce(func.sum(bin_entries.c.stored_bytes), 0)
    total = connection.execute(select(size).where(*_of(owner_id))).scalar_one()
    shared = sharing.counted_elsewhere(connection, *_of(owner_id))
    return max(0, total - sum(shared.values()))


def too_old(connection: Connection, days: int) -> list[int]:
    """The entries that have been in the bin for longer than so many days."""
    oldest = iso(datetime.now(UTC) - timedelta(days=days))
    query = select(bin_entries.c.id).where(bin_entries.c.deleted_at < oldest, _THERE)
    return list(connection.execute(query).scalars())


def give_up(connection: Connection, bin_ids: Iterable[int]) -> None:
    """Delete entries for good: nobody can restore them from now on.

    With a workspace goes what of it was in the bin before. `gone` names what is to be removed.
    """
    for bin_id in bin_ids:
        entry = find(connection, bin_id)
        if entry is None:
            continue
        is_meant = bin_entries.c.id == bin_id
        if entry["kind"] == "workspace":
            is_meant = or_(is_meant, bin_entries.c.workspace_id == entry["workspace_id"])
        statement = update(bin_entries).where(is_meant, _THERE)
        connection.execute(statement.values(gone_at=now()))


def going(connection: Connection) -> list[Record]:
    """Those of `gone` that were deleted so lately that their files can be on their way."""
    since = iso(datetime.now(UTC) - _ON_THEIR_WAY)
    query = select(bin_entries).where(bin_entries.c.gone_at >= since)
    return every(connection, query.order_by(bin_entries.c.id))


def gone(connection: Connection) -> list[Record]:
    """The entries that were deleted for good and whose rows and files may still be there."""
    query = select(bin_entries).where(bin_entries.c.gone_at.is_not(None))
    return every(connection, query.order_by(bin_entries.c.id))


def gone_with(connection: Connection, bin_id: int) -> Record | None:
    """The entry with that id, if it was deleted for good."""
    meant = bin_entries.c.id == bin_id, bin_entries.c.gone_at.is_not(None)
    return first(connection, select(bin_entries).where(*meant))


def files(connection: Connection, workspace_id: int | None = None) -> set[str]:
    """The files of what can be restored, of a workspace or of all, relative to the data folder."""
    query = select(bin_entries.c.files).where(_THERE)
    if workspace_id is not None:
        query = query.where(bin_entries.c.workspace_id == workspace_id)
    return {file for found in connection.execute(query).scalars() for file in found}


def forget(connection: Connection, bin_id: int) -> None:
    """Remove an entry: it was restored, or nothing is left of it."""
    connection.execute(delete(bin_rows).where(bin_rows.c.bin_id == bin_id))
    connection.execute(delete(bin_entries).where(bin_entries.c.id == bin_id))


def _of(owner_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return (_THERE,) if owner_id is None else (_THERE, bin_entries.c.owner_id == owner_id)


def _listed(connection: Connection, *wanted: Any) -> list[Record]:
    query = select(*_SHOWN).join(users, users.c.id == bin_entries.c.user_id, isouter=True)
    return every(connection, query.where(*wanted, _THERE).order_by(bin_entries.c.id.desc()))
