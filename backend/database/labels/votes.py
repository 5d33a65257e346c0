"""Votes on the labels of rows, their history, and the rule by which they decide."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, distinct, func, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from backend.database.connection import Record, every, first
from backend.database.labels.tables import label_layers, votes
from backend.database.schema import now

RULES = ("owner", "majority")

_NO_LAYER: Record = {"rule": "owner", "revision": 0, "stored_bytes": 0}

# SQLite takes at most 32,766 values in a statement.
_AT_ONCE = 10_000

# What a vote that is brought back does not take from the one that it copies.
_OF_ONE_VOTE = ("id", "at", "ended_at", "ended_by")

# What a new vote has.
_NEW = (
    *("row", "label", "reason", "comment", "replaced_id"),
    *("dataset_id", "user_id", "user", "at", "change_id"),
)

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


def size_of(reason: str, comment: str) -> int:
    """What a vote takes, in bytes, about."""
    return _BYTES_OF_VOTE + len(reason.encode()) + len(comment.encode())


def labels_said(connection: Connection, dataset_id: int) -> list[tuple[int, int | None, int]]:
    """The labels that count: (row, user_id, label), in the order of the rows."""
    columns = (votes.c.row, votes.c.user_id, votes.c.label)
    counting = _of(dataset_id, *columns).where(
        votes.c.ended_at.is_(None), votes.c.label.is_not(None)
    )
    found = connection.execute(counting.order_by(votes.c.row, votes.c.id))
    return [(row, user_id, label) for row, user_id, label in found]


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
) -> tuple[int, int]:
    """Record what a user says; what the user says already is left as it is.

    Args:
        connection: open for writing.
        dataset_id: of the dataset.
        user: id and name.
        changes: {row, label, reason, comment}, no row twice.

    Returns:
        how many votes were added, and what they take, in bytes.
    """
    said = _of_user(connection, dataset_id, user["id"], [each["row"] for each in changes])
    added, ended, size = [], [], 0
    for change in changes:
        content = change["label"], change["reason"], change["comment"]
        replaced_id, earlier = said.get(change["row"], (None, None))
        if earlier == content:
            continue
        if replaced_id is not None:
            ended.append(replaced_id)
        added.append((change["row"], *content, replaced_id))
        size += size_of(*content[1:])
    if added:
        _end(connection, ended, "changed")
        newest = connection.execute(select(func.max(votes.c.change_id))).scalar_one()
        of_all = dataset_id, user["id"], user["name"], now(), (newest or 0) + 1
        _insert(connection, [(*each, *of_all) for each in added])
    return len(added), size


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
    columns = (votes.c.id, votes.c.row, votes.c.replaced_id)
    mine = _of(dataset_id, *columns).where(
        votes.c.user_id == user["id"], votes.c.ended_at.is_(None)
    )
    if row is None:
        newest = mine.with_only_columns(func.max(votes.c.change_id)).scalar_subquery()
        mine = mine.where(votes.c.change_id == newest)
    else:
        mine = mine.where(votes.c.row == row)
    withdrawn = connection.execute(mine.order_by(votes.c.row)).all()
    _end(connection, [each.id for each in withdrawn], "withdrawn")
    replaced = [each.replaced_id for each in withdrawn if each.replaced_id]
    return [each.row for each in withdrawn], _bring_back(connection, replaced)


def _bring_back(connection: Connection, identifiers: Sequence[int]) -> int:
    """Add earlier votes again, as what they were a part of: the next undo ends that.

    Returns:
        what they take, in bytes.
    """
    size = 0
    again = [each for each in votes.c if each.name not in _OF_ONE_VOTE]
    names = [*(each.name for each in again), "at"]
    for start in range(0, len(identifiers), _AT_ONCE):
        those = votes.c.id.in_(identifiers[start : start + _AT_ONCE])
        copies = select(*again, literal(now())).where(those).order_by(votes.c.id)
        connection.execute(insert(votes).from_select(names, copies))
        texts = connection.execute(select(votes.c.reason, votes.c.comment).where(those))
        size += sum(size_of(reason, comment) for reason, comment in texts)
    return size


def _insert(connection: Connection, new: Sequence[tuple[Any, ...]]) -> None:
    """Add votes, each with the values of _NEW: past SQLAlchemy's parameters, which take longest."""
    places = ", ".join("?" * len(_NEW))
    statement = f"INSERT INTO {votes.name} ({', '.join(map(_quoted, _NEW))}) VALUES ({places})"
    connection.exec_driver_sql(statement, list(new))


def _quoted(name: str) -> str:
    return f'"{name}"'


def _end(connection: Connection, identifiers: Sequence[int], how: str) -> None:
    for start in range(0, len(identifiers), _AT_ONCE):
        those = votes.c.id.in_(identifiers[start : start + _AT_ONCE])
        connection.execute(update(votes).where(those).values(ended_at=now(), ended_by=how))


def _of_user(
    connection: Connection, dataset_id: int, user_id: int, rows: Collection[int]
) -> dict[int, tuple[int, tuple[int | None, str, str]]]:
    """What a user says of some rows: by row its id, and (label, reason, comment)."""
    columns = (votes.c.row, votes.c.id, votes.c.label, votes.c.reason, votes.c.comment)
    query = _of(dataset_id, *columns).where(votes.c.user_id == user_id, votes.c.ended_at.is_(None))
    return {
        row: (identifier, (label, reason, comment))
        for part in _parts(rows)
        for row, identifier, label, reason, comment in connection.execute(
            query.where(votes.c.row.in_(part))
        )
    }


def _of(dataset_id: int, *columns: Any) -> Select:
    return select(*(columns or (votes,))).where(votes.c.dataset_id == dataset_id)


def _at(connection: Connection, query: Select, rows: Collection[int] | None) -> list[Record]:
    if rows is None:
        return every(connection, query)
    return [
        each
        for part in _parts(rows)
        for each in every(connection, query.where(votes.c.row.in_(part)))
    ]


def _parts(rows: Collection[int]) -> Iterator[list[int]]:
    wanted = sorted(rows)
    return (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
