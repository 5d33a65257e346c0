"""A page of a list of one kind: sorted, filtered, searched and grouped by the database."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Connection, Select, collate, func, or_, select

from backend.database.connection import Record, every
from backend.database.listing.keyset import Key, Place, at, ordered

_COMPARED: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
}


class Kind(NamedTuple):
    """What can be listed, and by what: columns by their names in the API.

    `within` chooses what is in a workspace, of one study or of none; `tags` is a list as JSON; each
    word of a search must be in one of `searched`, or be the `id`.
    """

    id: ColumnElement
    within: Callable[[Select, int, int | None], Select]
    texts: Mapping[str, ColumnElement]
    times: Mapping[str, ColumnElement]
    numbers: Mapping[str, ColumnElement]
    flags: Mapping[str, ColumnElement]
    groups: Sequence[str]
    tags: ColumnElement
    searched: Sequence[ColumnElement]
    orders: Mapping[str, Sequence[Key]] = {}
    first_order: str = "-id"

    @property
    def columns(self) -> dict[str, ColumnElement]:
        """All that it is sorted by."""
        texts = {name: collate(value, "NOCASE") for name, value in self.texts.items()}
        return {**texts, **self.times, **self.numbers}


class Listing(NamedTuple):
    """What to list, and in which order.

    `filters` are of `services.listing.asked.filters_of`; `sort` is a name of the kind's orders, or
    one of its columns with `-` for falling.
    """

    kind: Kind
    workspace_id: int
    study_id: int | None = None
    sort: str = "-id"
    group: str | None = None
    words: Sequence[str] = ()
    filters: Sequence[tuple[str, str, Any]] = ()


def keys_of(listing: Listing) -> list[Key]:
    """What a list is sorted by; no two rows have the same."""
    kind, sort = listing.kind, listing.sort
    group = [] if listing.group is None else [Key(kind.columns[listing.group])]
    if sort in kind.orders:
        return [*group, *kind.orders[sort]]
    own = Key(kind.columns[sort.removeprefix("-")], sort.startswith("-"))
    return [*group, own, Key(kind.id, is_falling=True)]


def page(connection: Connection, listing: Listing, limit: int, place: Place | None) -> list[Record]:
    """At most `limit` rows `{id, key_0, key_1…}`; those before a row from there backwards.

    Those of a search have the `total` of what matches as well.
    """
    keys, is_backwards = keys_of(listing), place is not None and place.is_before
    if not listing.words:
        query = ordered(_matching(select(listing.kind.id), listing), keys, is_backwards)
    else:
        # Words are looked for in every note: once, for the page and the total.
        found, keys = _found(listing, keys)
        total = select(func.count()).select_from(found).scalar_subquery()
        query = ordered(select(found.c.id, total.label("total")), keys, is_backwards)
    if place is not None:
        query = at(query, keys, place)
    return every(connection, query.limit(limit))


def ids(connection: Connection, listing: Listing) -> list[int]:
    """The ids of all that match, in the order of the list."""
    query = ordered(_matching(select(listing.kind.id), listing), keys_of(listing))
    return [each["id"] for each in every(connection, query)]


def count(connection: Connection, listing: Listing) -> int:
    """The number of those that match."""
    return connection.execute(_matching(select(func.count()), listing)).scalar_one()


def groups(connection: Connection, listing: Listing) -> list[Record]:
    """The groups of all that match, `{value, count}`, in the order of the list."""
    if listing.group is None:
        return []
    value = listing.kind.columns[listing.group]
    query = _matching(select(func.min(value).label("value"), func.count().label("count")), listing)
    return every(connection, query.group_by(value).order_by(value.asc().nulls_last()))


def _found(listing: Listing, keys: Sequence[Key]) -> tuple[CTE, list[Key]]:
    """All that match as a table of their own, and what it is sorted by."""
    columns = [each.value.label(f"found_{number}") for number, each in enumerate(keys)]
    query = _matching(select(listing.kind.id, *columns), listing)
    found = query.cte("found").prefix_with("MATERIALIZED")
    return found, [
        Key(found.c[column.name], key.is_falling) for column, key in zip(columns, keys, strict=True)
    ]


def _matching(query: Select, listing: Listing) -> Select:
    query = listing.kind.within(query, listing.workspace_id, listing.study_id)
    for word in listing.words:
        query = query.where(_has_word(listing.kind, word))
    for name, sign, value in listing.filters:
        query = query.where(_holds(listing.kind, name, sign, value))
    return query


def _has_word(kind: Kind, word: str) -> ColumnElement[bool]:
    tags = func.replace(func.trim(kind.tags, '[]"'), '", "', " ")
    # SQLite's LIKE knows no case; `icontains` would take lower() of every text as well.
    found = [value.contains(word, autoescape=True) for value in (*kind.searched, tags)]
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 18:
        found.append(kind.id == int(number))
    return or_(*found)


def _holds(kind: Kind, name: str, sign: str, value: Any) -> ColumnElement[bool]:
    if name == "tag":
        return or_(*(func.instr(kind.tags, f'"{each}"') > 0 for each in value))
    if name in kind.flags:
        return kind.flags[name].is_(value)
    if sign == ":":
        return kind.columns[name].in_(value)
    return _COMPARED[sign](kind.columns[name], value)
