"""Why a whole file cannot be used as a catalogue."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from backend.transit.catalog.cells import shown
from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.catalog.rejections import Rejection, RejectionLog
from backend.transit.columns import REQUIRED
from backend.transit.report.whole_columns import unit_sentence

# Rows read, and the share of them that must be usable; below it the file is not a catalogue and
# the rest is not read. A hundred megabytes of rubbish would take minutes.
_GIVE_UP = ((100_000, 0.01), (2_000_000, 0.5))

_NAMES_SHOWN = 100
_REASONS_SHOWN = 3

# The header names accepted, in any format, for the columns that training needs.
EVERY_NAME = [
    name
    for column in (*REQUIRED, "label")
    for names in FORMATS.values()
    for name in names.get(column, ())
]


class CatalogError(ValueError):
    """A file that cannot be used as a catalogue.

    `found` are the column names in the file, `missing` our columns that it lacks, `recognised` the
    header names accepted for them, or for any column that training needs, `rejections` the first
    rows that were left out, where none was left, `units` the columns that are probably in
    another unit, and `tables` those of a file in which one must be named.
    """

    def __init__(
        self,
        message: str,
        found: list[str] | None = None,
        missing: list[str] | None = None,
        recognised: list[str] | None = None,
        rejections: list[Rejection] | None = None,
        units: list[dict[str, Any]] | None = None,
        tables: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.units = units or []
        self.tables = tables or []
        self.found = found or []
        self.missing = missing or []
        self.recognised = recognised or EVERY_NAME
        self.rejections = rejections or []


def has_too_few_usable_rows(accepted: int, rejected: int) -> bool:
    """Whether so few of the rows so far are usable that the rest is not read."""
    rows = accepted + rejected
    return any(rows >= enough and accepted < share * rows for enough, share in _GIVE_UP)


def few_usable_rows(
    header: list[str], accepted: int, rejections: RejectionLog, units: list[dict[str, Any]]
) -> CatalogError:
    """The error for a table of which too few rows can be used.

    Args:
        header: its column names.
        accepted: the number of usable rows.
        rejections: the others.
        units: the columns that are probably in another unit, as of `WholeColumns.units`.
    """
    found = shown_names(header)
    rows = accepted + rejections.total
    if not rows:
        message = "The file has a header but no rows. A line that begins with # is a comment."
        return CatalogError(message, found=found)
    first = rejections.first[:_REASONS_SHOWN]
    counts = ", ".join(f"{n:,} {r}" for r, n in rejections.by_reason.most_common())
    examples = "; ".join(f"line {item.line}: {item.message}" for item in first)
    doubts = "".join(f" {unit_sentence(each)}" for each in units)
    return CatalogError(
        f"Only {accepted:,} of {rows:,} rows can be used ({counts}).{doubts} {examples}.",
        found=found,
        rejections=rejections.first,
        units=units,
    )


def listed(names: Iterable[str]) -> str:
    """List names for a message: not too many, and none too long."""
    some = [name for name in shown_names(names) if name]
    return ", ".join(some)


def shown_names(names: Iterable[str]) -> list[str]:
    """The first hundred names, each cut to what a message can show."""
    return [shown(name)[1:-1] if name else "" for name in islice(names, _NAMES_SHOWN)]
