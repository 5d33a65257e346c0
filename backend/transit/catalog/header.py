"""A catalogue's header: its delimiter, its format, its columns, and those that are missing."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from backend.transit.catalog.cells import shown
from backend.transit.catalog.column_names import FORMATS, recognise
from backend.transit.catalog.lines import DelimitedError, Lines
from backend.transit.catalog.records import MAX_FIELDS, first_record, split_record
from backend.transit.catalog.rejections import Rejection
from backend.transit.columns import REQUIRED

_DELIMITERS = ",;\t"
_NAMES_SHOWN = 100


# The header names accepted, in any format, for the columns that training needs.
EVERY_NAME = [
    name for column in (*REQUIRED, "label") for names in FORMATS.values() for name in names[column]
]


class CatalogError(ValueError):
    """A file that cannot be used as a catalogue.

    `found` are the column names in the file, `missing` our columns that it lacks, `recognised` the
    header names accepted for them, or for any column that training needs, and `rejections` the
    first rows that were left out, where none was left.
    """

    def __init__(
        self,
        message: str,
        found: list[str] | None = None,
        missing: list[str] | None = None,
        recognised: list[str] | None = None,
        rejections: list[Rejection] | None = None,
    ) -> None:
        super().__init__(message)
        self.found = found or []
        self.missing = missing or []
        self.recognised = recognised or EVERY_NAME
        self.rejections = rejections or []


class Header(NamedTuple):
    """A header that was understood.

    `names` are the columns as they stand in the file, `source` is the format's name, and `fields`
    the position among `names` of each column of ours that the table has.
    """

    delimiter: str
    names: list[str]
    source: str
    fields: dict[str, int]


def read_header(lines: Lines, label_required: bool) -> Header:
    """Read up to the header and recognise it.

    Raises:
        CatalogError: when this is not a table, or a required column is missing.
    """
    needed = [*REQUIRED, "label"] if label_required else [*REQUIRED]
    try:
        text = first_record(lines)
    except DelimitedError as error:
        raise CatalogError(str(error), missing=needed) from error
    if not text:
        message = "The file is empty: expected a header line and rows."
        raise CatalogError(message, missing=needed)
    header = _best_split(text)
    _check_width(header.names)
    _check_unique(header.names)
    missing = [column for column in needed if column not in header.fields]
    if missing:
        raise _missing_columns(header, missing)
    return header


def listed(names: Iterable[str]) -> str:
    """List names for a message: not too many, and none too long."""
    some = [name for name in shown_names(names) if name]
    return ", ".join(some)


def shown_names(names: Iterable[str]) -> list[str]:
    """The first hundred names, each cut to what a message can show."""
    return [shown(name)[1:-1] if name else "" for name in islice(names, _NAMES_SHOWN)]


def _best_split(text: str) -> Header:
    """The split by the delimiter that gives the most known names, then the most names."""
    splits = []
    for delimiter in _DELIMITERS:
        names = [name.strip() for name in split_record(text, delimiter)]
        splits.append(Header(delimiter, names, *recognise(names)))
    return max(splits, key=lambda header: (len(header.fields), len(header.names)))


def _check_width(names: list[str]) -> None:
    if len(names) > MAX_FIELDS:
        raise CatalogError(
            f"The header has {len(names):,} columns; at most {MAX_FIELDS:,} are allowed.",
            found=shown_names(names),
        )


def _check_unique(names: list[str]) -> None:
    counts = Counter(name.lower() for name in names if name)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise CatalogError(
            f"The header names columns more than once: {listed(repeated)}. "
            "Rename or remove all but one of each.",
            found=shown_names(names),
        )


def _missing_columns(header: Header, missing: list[str]) -> CatalogError:
    is_known_format = any(column in header.fields for column in REQUIRED)
    formats = [FORMATS[header.source]] if is_known_format else list(FORMATS.values())
    names = [name for column in missing for known in formats for name in known[column]]
    return CatalogError(
        f"Required columns are missing: {listed(missing)}. Found: {listed(header.names)}. "
        f"Recognised names: {listed(names)}.{_hint(header.names)}",
        found=shown_names(header.names),
        missing=missing,
        recognised=names,
    )


def _hint(names: list[str]) -> str:
    if len(names) == 1:
        return " Only one column was found; separate columns with commas, semicolons or tabs."
    if all(_is_number(name) for name in names):
        return " The first line that is not a comment must name the columns."
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
