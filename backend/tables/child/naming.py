"""Which of several tables is meant, and the names of its columns with their units."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown
from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.catalog.names.plain_names import plain_name, scale
from backend.transit.catalog.names.recognise import recognise
from backend.transit.columns import REQUIRED

_TABLES_SHOWN = 20
_NAMES_SHOWN = 8
_LONGEST_UNIT = 60

# What stands for "no unit".
_NO_UNIT = {"", "-", "--", "---", "none", "null", "unitless", "dimensionless", "n/a"}

# A unit that so many of our columns have, and one of them cannot, is of no column.
_FEW = 3


class Candidate(NamedTuple):
    """One of a file's tables: its name, and its columns."""

    name: str
    columns: Sequence[str]


def choose(tables: Sequence[Candidate], wanted: str | None, what: str) -> int:
    """The position of the table to read.

    Args:
        tables: those of the file.
        wanted: its name, or its number from 1; None: the one with the columns of a catalogue.
        what: they are called in plural, such as "sheets".

    Raises:
        NotReadable: it is not clear which, or there is none.
    """
    if wanted is not None:
        return _named(tables, wanted, what)
    if len(tables) == 1:
        return 0
    fitting = [i for i, each in enumerate(tables) if _is_catalogue(each.columns)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = [tables[i].name for i in fitting]
        raise NotReadable(
            f"Several {what} have the columns of a catalogue: {_listed(names)}. Name one of them "
            "in the form field `table`.",
            names,
        )
    found = "; ".join(
        f"{shown(each.name)} ({_listed(each.columns, _NAMES_SHOWN)})"
        for each in tables[:_TABLES_SHOWN]
    )
    raise NotReadable(
        f"None of the {len(tables):,} {what} has columns for {', '.join(REQUIRED)}: {found}. Name "
        "one of them in the form field `table`, or rename its columns.",
        [each.name for each in tables],
    )


def unique_names(names: Sequence[str | None], kind: str) -> list[str]:
    """Names for tables that may have none, or the same one."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        plain = (name or "").strip() or f"{kind} {number}"
        found.append(f"{plain} ({number})" if plain in found else plain)
    return found


def with_units(names: Sequence[str], units: Sequence[str | None], notes: list[str]) -> list[str]:
    """The names with the units in brackets, as a person would write them into a CSV file.

    Args:
        names, units: of all columns.
        notes: what was not used is added.

    Raises:
        NotReadable: a name says another unit than the table does.
    """
    told = [_cleaned(unit) for unit in units]
    ours = {i: column for column, i in recognise(list(names)).fields.items()}
    impossible = [names[i] for i, column in ours.items() if scale(column, told[i]) is None]
    if len(ours) >= _FEW and impossible and len(set(told)) == 1:
        notes.append(
            f"The table gives the unit {told[0]!r} to every column, also to those that cannot "
            f"have it ({_listed(impossible)}): its units were not used. Numbers are read in the "
            "units of the guide."
        )
        return list(names)
    return [
        name if ours.get(i) in ("label", "star") else _with_unit(name, unit)
        for i, (name, unit) in enumerate(zip(names, told, strict=True))
    ]


def _with_unit(name: str, unit: str | None) -> str:
    if unit is None:
        return name
    own = plain_name(name)
    column = _column_of(own.text) if own.unit else None
    own_scale = scale(column, own.unit) if column else None
    if column is None or own_scale is None:
        return f"{name} [{unit}]"
    if scale(column, unit) != own_scale:
        raise NotReadable(
            f"The column {shown(name)} has another unit in its name than in its description, "
            f"{unit!r}. Correct one of them."
        )
    return name


def _column_of(text: str) -> str | None:
    known = (
        column
        for form in FORMATS.values()
        for column, names in form.items()
        if text in [plain_name(name).text for name in names]
    )
    return next(known, None)


def _cleaned(unit: str | None) -> str | None:
    text = " ".join((unit or "").split())[:_LONGEST_UNIT]
    return None if text.lower() in _NO_UNIT else text


def _is_catalogue(columns: Sequence[str]) -> bool:
    fields = recognise(list(columns)).fields
    return all(column in fields for column in REQUIRED)


def _named(tables: Sequence[Candidate], wanted: str, what: str) -> int:
    names = [each.name for each in tables]
    for test in (wanted.__eq__, lambda name: name.lower() == wanted.strip().lower()):
        for i, name in enumerate(names):
            if test(name):
                return i
    if wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(names):
        return int(wanted[:9]) - 1
    raise NotReadable(
        f"There is no table {shown(wanted)} in the file. Its {what}: {_listed(names)}.", names
    )


def _listed(names: Sequence[str], most: int = _TABLES_SHOWN) -> str:
    some = ", ".join(shown(name) for name in names[:most])
    return f"{some}, and {len(names) - most:,} more" if len(names) > most else some
