"""Pages of a sorted list: each begins behind the last row of the one before it.

Or it ends before the first row of the one behind it, for who goes back. So a page takes as long
wherever it is, and a row that is added or removed moves no other one from one page to the next.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, or_


class Key(NamedTuple):
    """What rows are sorted by; a row without it comes last, in both directions."""

    value: ColumnElement
    is_falling: bool = False


class Place(NamedTuple):
    """Where a page is: behind the row with these keys, or before it."""

    keys: Sequence[Any]
    is_before: bool = False


def ordered(query: Select, keys: Sequence[Key], is_backwards: bool = False) -> Select:
    """Sort a query, and add what its rows are sorted by as `key_0`, `key_1`…"""
    for number, key in enumerate(keys):
        query = query.add_columns(key.value.label(f"key_{number}"))
        direction = key.value.desc() if key.is_falling != is_backwards else key.value.asc()
        query = query.order_by(direction.nulls_first() if is_backwards else direction.nulls_last())
    return query


def at(query: Select, keys: Sequence[Key], place: Place) -> Select:
    """The rows of a sorted query behind the one with these keys, or before it."""
    steps, values = [], place.keys
    beyond = _before if place.is_before else _behind
    for number, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [keys[n].value.is_not_distinct_from(values[n]) for n in range(number)]
        steps.append(and_(*same, beyond(key, value)))
    return query.where(or_(*steps))


def _behind(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    beyond = key.value < value if key.is_falling else key.value > value
    return or_(beyond, key.value.is_(None))


def _before(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return key.value.is_not(None)
    return key.value > value if key.is_falling else key.value < value
