"""The audit log: who did what to accounts, members, models and data.

It is bounded by number and age. Sign-in failures, which anybody can cause, take at most a quarter:
they do not push out what users did.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from backend.database.connection import Record, every, first
from backend.database.schema import audit, iso, now, workspaces

SIGN_IN_FAILED = "sign_in_failed"

# Old entries are deleted once in so many new ones: counting 100,000 takes milliseconds.
PRUNE_EVERY = 50

_SHARE_OF_SIGN_INS = 4

_LONGEST_TEXT = 300

# An entry like one of the newest is not repeated: only so many of these are looked at.
_COMPARED = 100


class Keep(NamedTuple):
    """How many entries are kept, and for how many days."""

    entries: int
    days: int

    def since(self) -> str:
        """The time of the oldest entry that is kept."""
        return iso(datetime.now(UTC) - timedelta(days=self.days))


def add(connection: Connection, keep: Keep, action: str, **values: Any) -> None:
    """Add an entry, and now and then delete the oldest ones.

    Args:
        connection: open for writing, best in the transaction of what is recorded.
        keep: the bounds of the log.
        action: one of `web.schemas.audit.AuditAction`.
        values: user_id, user (a name), address, workspace_id, target, detail; what is not known is
            left out. Never a secret, a workspace's key or a cell of a catalogue.
    """
    name = select(workspaces.c.name).where(workspaces.c.id == values.get("workspace_id"))
    kept = {key: _shortened(value) for key, value in values.items()}
    entry = insert(audit).values(at=now(), action=action, workspace=name.scalar_subquery(), **kept)
    identifier = connection.execute(entry.returning(audit.c.id)).scalar_one()
    if identifier % PRUNE_EVERY == 0:
        prune(connection, keep)


def add_each(
    connection: Connection, keep: Keep, action: str, of_each: Sequence[Record], **values: Any
) -> None:
    """Add many entries of one action at once, as `add`: `values`, and what differs `of_each`."""
    meant = {each["workspace_id"] for each in of_each}
    query = select(workspaces.c.id, workspaces.c.name).where(workspaces.c.id.in_(meant))
    names = {each.id: each.name for each in connection.execute(query)}
    added = [
        {key: _shortened(value) for key, value in {**values, **each}.items()}
        | {"at": now(), "action": action, "workspace": names.get(each["workspace_id"])}
        for each in of_each
    ]
    if not added:
        return
    connection.execute(insert(audit), added)
    newest = connection.execute(select(func.max(audit.c.id))).scalar_one()
    if newest // PRUNE_EVERY > (newest - len(added)) // PRUNE_EVERY:
        prune(connection, keep)


def is_repeated(connection: Connection, action: str, seconds: int, **values: Any) -> bool:
    """Whether one of the newest entries says the same, not longer ago than so many seconds."""
    newest = select(audit).order_by(audit.c.id.desc()).limit(_COMPARED).subquery()
    since = iso(datetime.now(UTC) - timedelta(seconds=seconds))
    same = [newest.c[key] == _shortened(value) for key, value in values.items()]
    query = select(newest.c.id).where(newest.c.action == action, newest.c.at >= since, *same)
    return first(connection, query) is not None


def prune(connection: Connection, keep: Keep) -> None:
    """Delete what is too old or too much."""
    connection.execute(delete(audit).where(audit.c.at < keep.since()))
    failures = audit.c.action == SIGN_IN_FAILED
    _delete_beyond(connection, keep.entries // _SHARE_OF_SIGN_INS, failures)
    # A little more than needed: the bound holds until the next time.
    _delete_beyond(connection, keep.entries - PRUNE_EVERY)


def entries(
    connection: Connection,
    keep: Keep,
    *,
    workspace_id: int | None,
    action: str | None,
    limit: int,
    before: int | None,
) -> list[Record]:
    """Entries, newest first.

    Args:
        connection: open for reading.
        keep: the bounds of the log.
        workspace_id: only of this workspace.
        action: only of this kind.
        limit: at most so many.
        before: only entries older than the one with this id.
    """
    query = select(audit).where(audit.c.at >= keep.since())
    if workspace_id is not None:
        query = query.where(audit.c.workspace_id == workspace_id)
    if action is not None:
        query = query.where(audit.c.action == action)
    if before is not None:
        query = query.where(audit.c.id < before)
    return every(connection, query.order_by(audit.c.id.desc()).limit(limit))


def _delete_beyond(connection: Connection, most: int, *of: ColumnElement[bool]) -> None:
    newest = select(audit.c.id).where(*of).order_by(audit.c.id.desc())
    first_too_many = newest.offset(most).limit(1).scalar_subquery()
    connection.execute(delete(audit).where(*of, audit.c.id <= first_too_many))


def _shortened(value: Any) -> Any:
    is_long = isinstance(value, str) and len(value) > _LONGEST_TEXT
    return f"{value[: _LONGEST_TEXT - 1]}…" if is_long else value
