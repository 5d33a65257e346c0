"""The list of sessions: sorted, filtered, searched and grouped by the database."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    case,
    cast,
    collate,
    func,
    or_,
    select,
)

from backend.database.connection import Record, every
from backend.database.listing.keyset import Key, after, ordered
from backend.database.schema import datasets, session_facts, training_sessions, users

_sessions, _facts = training_sessions.c, session_facts.c

DATASET_NAME = func.coalesce(datasets.c.name, _facts.dataset_name)
_SECONDS = (func.julianday(_sessions.completed_at) - func.julianday(_sessions.started_at)) * 86400.0


def _text(value: Any) -> ColumnElement:
    return collate(value, "NOCASE")


def _setting(name: str) -> ColumnElement:
    return func.json_extract(_sessions.spec, f"$.{name}")


# What sessions can be sorted and filtered by, by the name in the API.
TEXTS: dict[str, ColumnElement] = {
    "name": func.coalesce(_facts.title, _sessions.model_name),
    "status": _sessions.status,
    "network": _facts.network,
    "dataset_name": DATASET_NAME,
    "user": users.c.name,
}
TIMES: dict[str, ColumnElement] = {
    name: _sessions[f"{name}_at"] for name in ("created", "started", "completed")
}
SETTINGS = (
    *("epochs", "batch_size", "learning_rate", "validation_split", "test_split", "patience"),
    *("seed", "ensemble"),
)
NUMBERS: dict[str, ColumnElement] = {
    "id": _sessions.id,
    "dataset": _sessions.dataset_id,
    "rows": _sessions.dataset_size,
    "epochs_completed": _sessions.epochs_completed,
    "duration": _SECONDS,
    **{
        name: _facts[name]
        for name in (
            *("accuracy", "macro_f1", "log_loss", "ece"),
            *("val_accuracy", "val_log_loss", "val_loss"),
        )
    },
    **{name: cast(_setting(name), Float) for name in SETTINGS},
    "dataset_version": func.coalesce(cast(_setting("dataset_version"), Float), 0.0),
}
COLUMNS = {**{name: _text(value) for name, value in TEXTS.items()}, **TIMES, **NUMBERS}

# What sessions are grouped by.
GROUPS = {
    **{name: COLUMNS[name] for name in ("status", "network", "dataset_name", "user")},
    **{name: COLUMNS[name] for name in (*SETTINGS, "dataset_version")},
}

# Training first, then waiting in the order in which they were added, then the newest.
_ACTIVE = (
    Key(case((_sessions.status == "training", 0), (_sessions.status == "pending", 1), else_=2)),
    Key(case((_sessions.status == "pending", _sessions.id), else_=-_sessions.id)),
)

_COMPARED: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
}


class Listing(NamedTuple):
    """What to list, and in which order.

    `filters` are of `filtered`; `sort` is "active", or a name of COLUMNS with `-` for falling.
    """

    workspace_id: int
    study_id: int | None = None
    sort: str = "active"
    group: str | None = None
    words: Sequence[str] = ()
    filters: Sequence[tuple[str, str, Any]] = ()


def keys_of(listing: Listing) -> list[Key]:
    """What a list is sorted by; no two sessions have the same."""
    group = [] if listing.group is None else [Key(GROUPS[listing.group])]
    if listing.sort == "active":
        return [*group, *_ACTIVE]
    name = listing.sort.removeprefix("-")
    own = Key(COLUMNS[name], listing.sort.startswith("-"))
    return [*group, own, Key(_sessions.id, is_falling=True)]


def page(
    connection: Connection, listing: Listing, limit: int, behind: Sequence[Any] | None
) -> list[Record]:
    """At most `limit` rows `{id, key_0, key_1…}` behind the one with these keys."""
    keys = keys_of(listing)
    query = ordered(_matching(select(_sessions.id), listing), keys)
    if behind is not None:
        query = after(query, keys, behind)
    return every(connection, query.limit(limit))


def ids(connection: Connection, listing: Listing) -> list[int]:
    """The ids of all that match, in the order of the list."""
    query = ordered(_matching(select(_sessions.id), listing), keys_of(listing))
    return [each["id"] for each in every(connection, query)]


def count(connection: Connection, listing: Listing) -> int:
    """The number of sessions that match."""
    return connection.execute(_matching(select(func.count()), listing)).scalar_one()


def groups(connection: Connection, listing: Listing) -> list[Record]:
    """The groups of all that match, `{value, count}`, in the order of the list."""
    if listing.group is None:
        return []
    value = GROUPS[listing.group]
    query = _matching(select(func.min(value).label("value"), func.count().label("count")), listing)
    return every(connection, query.group_by(value).order_by(value.asc().nulls_last()))


def _matching(query: Select, listing: Listing) -> Select:
    query = (
        query.select_from(training_sessions)
        .join(session_facts, _facts.session_id == _sessions.id)
        .join(datasets, datasets.c.id == _sessions.dataset_id, isouter=True)
        .join(users, users.c.id == _sessions.user_id, isouter=True)
        .where(_sessions.workspace_id == listing.workspace_id)
        .where(_sessions.study_id.is_not_distinct_from(listing.study_id))
    )
    for word in listing.words:
        query = query.where(_has_word(word))
    for name, sign, value in listing.filters:
        query = query.where(_holds(name, sign, value))
    return query


def _has_word(word: str) -> ColumnElement[bool]:
    searched = (
        *(_sessions.model_name, _facts.title, _facts.note),
        func.replace(func.trim(_facts.tags, '[]"'), '", "', " "),  # it is a list as JSON
        *(DATASET_NAME, users.c.name),
    )
    found = [value.icontains(word, autoescape=True) for value in searched]
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 18:
        found.append(_sessions.id == int(number))
    return or_(*found)


def _holds(name: str, sign: str, value: Any) -> ColumnElement[bool]:
    if name == "tag":
        return or_(*(func.instr(_facts.tags, f'"{each}"') > 0 for each in value))
    if name == "starred":
        return _facts.is_starred.is_(value)
    if sign == ":":
        return COLUMNS[name].in_(value)
    return _COMPARED[sign](COLUMNS[name], value)
