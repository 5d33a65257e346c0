"""What a list of sessions is asked for in words: its order, its filters, where a page begins."""

import base64
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.database.listing.sessions import COLUMNS, GROUPS, NUMBERS, TEXTS, TIMES
from backend.database.schema import iso
from backend.errors import Invalid

SORTS = ("active", *COLUMNS)
FILTERS = ("tag", "starred", *COLUMNS)
MOST_VALUES = 50
MOST_FILTERS = 20

_FILTER = re.compile(r"(?s)([a-z0-9_]+)(:|>=|<=|>|<)(.+)")


def checked_sort(sort: str) -> str:
    """The order, checked.

    Raises:
        Invalid: sessions cannot be sorted so.
    """
    if sort != "active" and sort.removeprefix("-") not in COLUMNS:
        raise Invalid.field(
            "sort",
            f"Expected one of {', '.join(SORTS)}, or one with - in front for falling, "
            f"received {sort[:60]!r}.",
        )
    return sort


def checked_group(group: str | None) -> str | None:
    """What to group by, checked.

    Raises:
        Invalid: sessions cannot be grouped by it.
    """
    if group is not None and group not in GROUPS:
        raise Invalid.field("group", f"Expected one of {', '.join(GROUPS)}, received {group!r}.")
    return group


def filters_of(texts: Sequence[str]) -> list[tuple[str, str, Any]]:
    """Filters such as `status:failed`, `tag:paper` and `accuracy>0.8`, read.

    Raises:
        Invalid: one cannot be read; the message says what is possible.
    """
    if len(texts) > MOST_FILTERS:
        raise Invalid.field("filter", f"Expected at most {MOST_FILTERS}, received {len(texts)}.")
    return [_filter(each) for each in texts]


def cursor_of(sort: str, group: str | None, row: dict[str, Any], count: int) -> str:
    """Where the next page begins: behind this row of a list."""
    keys = [row[f"key_{number}"] for number in range(count)]
    text = json.dumps([sort, group, keys], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def keys_behind(cursor: str | None, sort: str, group: str | None, count: int) -> list[Any] | None:
    """The keys of the row behind which a page begins.

    Raises:
        Invalid: the cursor is of another list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, list)
        or found[:2] != [sort, group]
        or not isinstance(found[-1], list)
        or len(found[-1]) != count
        or not all(map(_is_key, found[-1]))
    ):
        raise Invalid.field("cursor", "Expected the next_cursor of a list in this order.")
    return found[-1]


def _is_key(key: Any) -> bool:
    if isinstance(key, int):
        return not isinstance(key, bool) and abs(key) < 2**63
    if isinstance(key, str):
        return not any("\ud800" <= each <= "\udfff" for each in key)  # what no text can have
    return key is None or (isinstance(key, float) and math.isfinite(key))


def _filter(text: str) -> tuple[str, str, Any]:
    found = _FILTER.fullmatch(text)
    if found is None or found[1] not in FILTERS:
        raise _wrong(text, f"Expected a name, one of : > >= < <= and a value; names are {_names()}")
    name, sign, value = found.groups()
    if value.count(",") >= MOST_VALUES:
        raise _wrong(text[:60], f"Expected at most {MOST_VALUES} values with commas between them")
    if name == "starred":
        if sign != ":" or value not in ("yes", "no"):
            raise _wrong(text, "Expected starred:yes or starred:no")
        return name, sign, value == "yes"
    if (name == "tag" or name in TEXTS) and sign != ":":
        raise _wrong(text, f"Expected {name}:value")
    if name in NUMBERS:
        numbers = [_number(text, each) for each in (value.split(",") if sign == ":" else [value])]
        return name, sign, numbers if sign == ":" else numbers[0]
    if name in TIMES:
        return name, *_moment(text, name, sign, value)
    return name, sign, value.split(",") if sign == ":" else value


def _moment(text: str, name: str, sign: str, value: str) -> tuple[str, str]:
    """A sign and a time to compare with: a date stands for the whole day, in UTC."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or sign == ":":
        raise _wrong(text, f"Expected {name} with > >= < or <= and a date such as 2026-01-31")
    is_day = len(value) == len("2026-01-31")
    if is_day and sign in ("<=", ">"):
        found += timedelta(days=1)
        sign = {"<=": "<", ">": ">="}[sign]
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return sign, iso(found.astimezone(UTC))


def _number(text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(text, "Expected a number as its value")
    return number


def _names() -> str:
    return ", ".join(FILTERS)


def _wrong(text: str, expected: str) -> Invalid:
    return Invalid.field("filter", f"{expected}, received {text[:60]!r}.")
