"""What a list is asked for in words: its order, its filters, where a page begins."""

import base64
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from backend.database.listing import pages
from backend.database.listing.keyset import Place
from backend.database.listing.pages import Kind, Listing
from backend.database.schema import iso
from backend.errors import Invalid

MOST_VALUES = 50
MOST_FILTERS = 20

# In a cursor: its page ends before the row that it names.
_BEFORE = "before"

_FILTER = re.compile(r"(?s)([a-z0-9_]+)(:|>=|<=|>|<)(.+)")


class Asked(NamedTuple):
    """What is asked of a list, in words, and what else its query says as filters."""

    sort: str | None
    group: str | None
    words: str | None
    filters: Sequence[str]
    cursor: str | None
    limit: int
    more: Sequence[tuple[str, str, Any]] = ()


class Page(NamedTuple):
    """A page of a list, by the ids."""

    ids: list[int]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    groups: list[dict[str, Any]]


def find_page(
    connection: Connection, kind: Kind, workspace_id: int, study_id: int | None, asked: Asked
) -> Page:
    """The page that is asked for.

    Raises:
        Invalid: it cannot be listed so; the message says what is possible.
    """
    listing = _listing(kind, workspace_id, study_id, asked)
    place = place_of(asked.cursor, listing)
    found = pages.page(connection, listing, asked.limit + 1, place)
    on_page, has_more = found[: asked.limit], len(found) > asked.limit
    is_back = place is not None and place.is_before
    if is_back:
        on_page.reverse()
    groups = pages.groups(connection, listing)
    return Page(
        [each["id"] for each in on_page],
        cursor_of(listing, on_page[-1]) if on_page and (is_back or has_more) else None,
        cursor_of(listing, on_page[0], is_before=True)
        if on_page and (has_more if is_back else place is not None)
        else None,
        _total(connection, listing, found, groups),
        groups,
    )


def find_ids(
    connection: Connection, kind: Kind, workspace_id: int, study_id: int | None, asked: Asked
) -> list[int]:
    """The ids of all that match, in order; raises like `find_page`."""
    return pages.ids(connection, _listing(kind, workspace_id, study_id, asked))


def sorts_of(kind: Kind) -> list[str]:
    """The names of its orders and columns."""
    return [*kind.orders, *kind.columns]


def checked_sort(kind: Kind, sort: str) -> str:
    """The order, checked.

    Raises:
        Invalid: the kind cannot be sorted so.
    """
    if sort not in kind.orders and sort.removeprefix("-") not in kind.columns:
        raise Invalid.field(
            "sort",
            f"Expected one of {', '.join(sorts_of(kind))}, or one with - in front for falling, "
            f"received {sort[:60]!r}.",
        )
    return sort


def checked_group(kind: Kind, group: str | None) -> str | None:
    """What to group by, checked.

    Raises:
        Invalid: the kind cannot be grouped by it.
    """
    if group is not None and group not in kind.groups:
        raise Invalid.field(
            "group", f"Expected one of {', '.join(kind.groups)}, received {group!r}."
        )
    return group


def filters_of(kind: Kind, texts: Sequence[str]) -> list[tuple[str, str, Any]]:
    """Filters such as `status:failed`, `tag:paper` and `accuracy>0.8`, read.

    Raises:
        Invalid: one cannot be read; the message says what is possible.
    """
    if len(texts) > MOST_FILTERS:
        raise Invalid.field("filter", f"Expected at most {MOST_FILTERS}, received {len(texts)}.")
    return [_filter(kind, each) for each in texts]


def cursor_of(listing: Listing, row: dict[str, Any], *, is_before: bool = False) -> str:
    """Where another page is: behind this row of a list, or before it."""
    keys = [row[f"key_{number}"] for number in range(len(pages.keys_of(listing)))]
    said = [listing.sort, listing.group, *([_BEFORE] if is_before else []), keys]
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str | None, listing: Listing) -> Place | None:
    """Where a page is.

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
        or found[:2] != [listing.sort, listing.group]
        or found[2:-1] not in ([], [_BEFORE])
        or not isinstance(found[-1], list)
        or len(found[-1]) != len(pages.keys_of(listing))
        or not all(map(_is_key, found[-1]))
    ):
        raise Invalid.field(
            "cursor", "Expected the next_cursor or previous_cursor of a list in this order."
        )
    return Place(found[-1], is_before=found[2:-1] == [_BEFORE])


def _total(
    connection: Connection,
    listing: Listing,
    found: list[dict[str, Any]],
    groups: list[dict[str, Any]],
) -> int:
    """How many match, counted again only where neither the groups nor the page say it."""
    if groups:
        return sum(each["count"] for each in groups)
    if found and "total" in found[0]:
        return found[0]["total"]
    return pages.count(connection, listing)


def _listing(kind: Kind, workspace_id: int, study_id: int | None, asked: Asked) -> Listing:
    return Listing(
        kind,
        workspace_id,
        study_id,
        checked_sort(kind, asked.sort or kind.first_order),
        checked_group(kind, asked.group),
        (asked.words or "").split(),
        [*filters_of(kind, asked.filters), *asked.more],
    )


def _is_key(key: Any) -> bool:
    if isinstance(key, int):
        return not isinstance(key, bool) and abs(key) < 2**63
    if isinstance(key, str):
        return not any("\ud800" <= each <= "\udfff" for each in key)  # what no text can have
    return key is None or (isinstance(key, float) and math.isfinite(key))


def _filter(kind: Kind, text: str) -> tuple[str, str, Any]:
    found = _FILTER.fullmatch(text)
    names = ("tag", *kind.flags, *kind.columns)
    if found is None or found[1] not in names:
        raise _wrong(
            text,
            f"Expected a name, one of : > >= < <= and a value; names are {', '.join(names)}",
        )
    name, sign, value = found.groups()
    if value.count(",") >= MOST_VALUES:
        raise _wrong(text[:60], f"Expected at most {MOST_VALUES} values with commas between them")
    if name in kind.flags:
        if sign != ":" or value not in ("yes", "no"):
            raise _wrong(text, f"Expected {name}:yes or {name}:no")
        return name, sign, value == "yes"
    if (name == "tag" or name in kind.texts) and sign != ":":
        raise _wrong(text, f"Expected {name}:value")
    if name in kind.numbers:
        numbers = [_number(text, each) for each in (value.split(",") if sign == ":" else [value])]
        return name, sign, numbers if sign == ":" else numbers[0]
    if name in kind.times:
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


def _wrong(text: str, expected: str) -> Invalid:
    return Invalid.field("filter", f"{expected}, received {text[:60]!r}.")
