"""Votes on the labels of rows, their history, and the rule by which they decide."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, distinct, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from backend.database.connection import Record, every, first
from backend.database.labels.tables import label_layers, votes
from backend.database.schema import now

RULES = ("owner", "majority")

_NO_LAYER: Record = {"rule": "owner", "revision": 0, "stored_bytes": 0}

# SQLite takes at most 32,766 values in a statement.
_AT_ONCE = 10_000

# What a vote that is brought back has not of the one that it is like.
_OF_ONE_VOTE = ("id", "at", "ended_at", "ended_by")

# What the numbers and the names of a vote take, about.
_BYTES_OF_VOTE = 150


def layer_of(connection: Connection, dataset_id: int) -> Record:
    """`rule`, `revision` and `stored_bytes` of a dataset's layer."""
    query = select(label_layers).where(label_layers.c.dataset_id == dataset_id)
    return first(connection, query) or {"dataset_id": dataset_id, **_NO_LAYER}


def grow(connection: Connection, dataset_id: int, size: int = 0, **values: Any) -> None:
    """Record that a layer has changed, and that it takes `size` more bytes."""
    statement = insert_or_update(label_layers).values(
        dataset_id=dataset_id, revision=1, stored_bytes=size, **values
    )
    changed = {
        "revision": label_layers.c.revision + 1,
        "stored_bytes": label_layers.c.stored_bytes + size,
        **values,
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["dataset_id"], set_=changed))


def size_of(vote: Record) -> int:
    """What a vote takes, in bytes, about."""
    return _BYTES_OF_VOTE + len(vote["reason"].encode()) + len(vote["comment"].encode())


def current(
    connection: Connection, dataset_id: int, rows: Collection[int] | None = None
) -> list[Record]:
    """The votes that count, in the order of their rows, of some rows or all."""
    query = _of(dataset_id).where(votes.c.ended_at.is_(None)).order_by(votes.c.row, votes.c.id)
    return _at(connection, query, rows)


def history(connection: Connection, dataset_id: int, rows: Collection[int]) -> list[Record]:
    """All votes on some rows, oldest first, those that do not count any more among them."""
    return _at(connection, _of(dataset_id).order_by(votes.c.row, votes.c.id), rows)


def rows_with_votes(
    connection: Connection, dataset_id: int, offset: int, limit: int
) -> tuple[list[int], int]:
    """The rows of which anything counts, by place; and how many there are."""
    counting = _of(dataset_id, votes.c.row).where(votes.c.ended_at.is_(None)).distinct()
    page = counting.order_by(votes.c.row).offset(offset).limit(limit)
    total = select(func.count(distinct(votes.c.row))).where(
        votes.c.dataset_id == dataset_id, votes.c.ended_at.is_(None)
    )
    return list(connection.execute(page).scalars()), connection.execute(total).scalar_one()


def cast(
    connection: Connection, dataset_id: int, user: Record, changes: Sequence[Record]
) -> list[Record]:
    """Record what a user says; what the user says already is left as it is.

    Args:
        connection: open for writing.
        dataset_id: of the dataset.
        user: id and name.
        changes: {row, label, reason, comment}, no row twice.

    Returns:
        the votes that were added.
    """
    said = _of_user(connection, dataset_id, user["id"], [each["row"] for each in changes])
    new = [each for each in changes if not _is_said(said.get(each["row"]), each)]
    return _add(connection, dataset_id, user, new, said)


def undo(
    connection: Connection, dataset_id: int, user: Record, row: int | None = None
) -> tuple[list[int], int]:
    """Withdraw a user's last change; the votes that it replaced count again.

    Args:
        connection: open for writing.
        dataset_id: of the dataset.
        user: id and name.
        row: only the last one of this row; None: all that was said in one request.

    Returns:
        the rows, none if there is nothing to undo; and what the votes take that count again.
    """
    mine = _of(dataset_id).where(votes.c.user_id == user["id"], votes.c.ended_at.is_(None))
    if row is None:
        newest = mine.with_only_columns(func.max(votes.c.change_id)).scalar_subquery()
        mine = mine.where(votes.c.change_id == newest)
    else:
        mine = mine.where(votes.c.row == row)
    withdrawn = every(connection, mine.order_by(votes.c.row))
    _end(connection, [each["id"] for each in withdrawn], "withdrawn")
    replaced = [each["replaced_id"] for each in withdrawn if each["replaced_id"]]
    return [each["row"] for each in withdrawn], _bring_back(connection, replaced)


def _bring_back(connection: Connection, identifiers: Sequence[int]) -> int:
    """Add earlier votes again, as what they were a part of: the next undo ends that.

    Returns:
        what they take, in bytes.
    """
    size = 0
    again = [each.name for each in votes.c if each.name not in _OF_ONE_VOTE]
    for start in range(0, len(identifiers), _AT_ONCE):
        those = votes.c.id.in_(identifiers[start : start + _AT_ONCE])
        copies = [
            {**{name: each[name] for name in again}, "at": now()}
            for each in every(connection, select(votes).where(those))
        ]
        connection.execute(insert(votes), copies)
        size += sum(map(size_of, copies))
    return size


def _add(
    connection: Connection,
    dataset_id: int,
    user: Record,
    new: Sequence[Record],
    said: dict[int, Record],
) -> list[Record]:
    if not new:
        return []
    _end(connection, [said[each["row"]]["id"] for each in new if each["row"] in said], "changed")
    newest = connection.execute(select(func.max(votes.c.change_id))).scalar_one()
    added = [
        {
            **{name: each[name] for name in ("row", "label", "reason", "comment")},
            "dataset_id": dataset_id,
            "user_id": user["id"],
            "user": user["name"],
            "at": now(),
            "change_id": (newest or 0) + 1,
            "replaced_id": said[each["row"]]["id"] if each["row"] in said else None,
        }
        for each in new
    ]
    connection.execute(insert(votes), added)
    return added


def _end(connection: Connection, identifiers: Sequence[int], how: str) -> None:
    for start in range(0, len(identifiers), _AT_ONCE):
        those = votes.c.id.in_(identifiers[start : start + _AT_ONCE])
        connection.execute(update(votes).where(those).values(ended_at=now(), ended_by=how))


def _of_user(
    connection: Connection, dataset_id: int, user_id: int, rows: Collection[int]
) -> dict[int, Record]:
    query = _of(dataset_id).where(votes.c.user_id == user_id, votes.c.ended_at.is_(None))
    return {each["row"]: each for each in _at(connection, query, rows)}


def _is_said(earlier: Record | None, change: Record) -> bool:
    names = ("label", "reason", "comment")
    return earlier is not None and all(earlier[name] == change[name] for name in names)


def _of(dataset_id: int, *columns: Any) -> Select:
    return select(*(columns or (votes,))).where(votes.c.dataset_id == dataset_id)


def _at(connection: Connection, query: Select, rows: Collection[int] | None) -> list[Record]:
    if rows is None:
        return every(connection, query)
    wanted, found = sorted(rows), []
    for start in range(0, len(wanted), _AT_ONCE):
        found += every(connection, query.where(votes.c.row.in_(wanted[start : start + _AT_ONCE])))
    return found
