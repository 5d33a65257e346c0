"""Pages of a sorted list: each begins behind the last row of the one before it.

So a page takes as long wherever it is, and a row that is added or removed moves no other one from
one page to the next.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, or_


class Key(NamedTuple):
    """What rows are sorted by; a row without it comes last, in both directions."""

    value: ColumnElement
    is_falling: bool = False


def ordered(query: Select, keys: Sequence[Key]) -> Select:
    """Sort a query, and add what its rows are sorted by as `key_0`, `key_1`…"""
    for number, key in enumerate(keys):
        query = query.add_columns(key.value.label(f"key_{number}"))
        direction = key.value.desc() if key.is_falling else key.value.asc()
        query = query.order_by(direction.nulls_last())
    return query


def after(query: Select, keys: Sequence[Key], values: Sequence[Any]) -> Select:
    """The rows of a sorted query behind the one with these values."""
    steps = []
    for number, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [keys[n].value.is_not_distinct_from(values[n]) for n in range(number)]
        steps.append(and_(*same, _behind(key, value)))
    return query.where(or_(*steps))


def _behind(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    beyond = key.value < value if key.is_falling else key.value > value
    return or_(beyond, key.value.is_(None))
