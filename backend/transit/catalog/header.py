"""A catalogue's header: its delimiter, its format, its columns, and those that are missing."""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from backend.transit.catalog.cells import shown
from backend.transit.catalog.delimited.lines import DelimitedError, Lines
from backend.transit.catalog.delimited.records import (
    DELIMITERS,
    MAX_FIELDS,
    first_record,
    is_passed_over,
    split_record,
)
from backend.transit.catalog.errors import CatalogError, listed, shown_names
from backend.transit.catalog.missing_columns import missing_columns
from backend.transit.catalog.names.plain_names import Scale
from backend.transit.catalog.names.read_as import ReadAs, ReadAsError
from backend.transit.catalog.names.recognise import recognise
from backend.transit.columns import REQUIRED

# Prose, a title, `sep=;`: programs and people put some lines before the header.
_MOST_LINES_BEFORE = 100
_LONGEST_CANDIDATE = 20_000
_FEWEST_COLUMNS = 3
# A byte-order mark may be anywhere where files were put together.
AROUND_NAMES = " \t\ufeff\u00a0"


_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9.,][0-9.,' \u00a0\u202f]*+(?:[eE][+-]?[0-9]+)?")


class Header(NamedTuple):
    """A header that was understood.

    `line` is the 1-based number of its last line, `names` are the columns as they stand in the
    file, `form` is the format's name, `fields` the position among `names` of each column of ours
    that the table has, `scales` leads from another unit to ours, `doubtful` gives the positions of
    names that mean the same column; the rest is as of `Recognised`.
    """

    line: int
    delimiter: str
    names: list[str]
    form: str
    fields: dict[str, int]
    scales: dict[str, Scale]
    doubtful: dict[str, list[int]]
    has_unknown_unit: bool
    limits: dict[str, int]
    default_flag: int | None


def read_header(lines: Lines, label_required: bool, read_as: ReadAs) -> Header:
    """Read up to the header and recognise it.

    Raises:
        CatalogError: when this is not a table, or a required column is missing.
        ReadAsError: the header lacks a column that was said.
    """
    header = find_header(lines, label_required, read_as)
    read_as.require(header.names)
    _check_unique(header)
    missing = [column for column in needed_columns(label_required) if column not in header.fields]
    if missing:
        raise missing_columns(header, missing)
    unread = [column for column in read_as.units if column not in header.fields]
    if unread:
        raise ReadAsError(
            "units", f"Expected columns that the table has, received {', '.join(unread)}."
        )
    if header.has_unknown_unit:
        name = header.names[header.fields["depth"]]
        raise CatalogError(
            f"The unit of {shown(name)} cannot be told: it is percent in the archive's planetary "
            "and K2 tables, beside pl_trandur, and ppm in its TOI table, beside pl_trandurh. Say "
            'it: units {"depth": "percent"} or {"depth": "ppm"}.',
            found=shown_names(header.names),
        )
    return header


def needed_columns(label_required: bool) -> list[str]:
    """Our columns without which a table cannot be used."""
    return [*REQUIRED, "label"] if label_required else [*REQUIRED]


def find_header(lines: Lines, label_required: bool, read_as: ReadAs) -> Header:
    """Read up to the header, whichever columns it has.

    Whatever stands before it is passed over if the header is among the first hundred lines and has
    all of the columns that are needed.

    Raises:
        CatalogError: when this is not a table.
    """
    needed = needed_columns(label_required)
    try:
        ahead = lines.ahead(_MOST_LINES_BEFORE)
        before = lines.number
        header = _find_header(lines, needed, read_as)
    except DelimitedError as error:
        raise CatalogError(str(error), missing=needed) from error
    if header is None:
        message = "The file is empty: expected a header line and rows."
        raise CatalogError(message, missing=needed)
    _check_width(header.names)
    _check_no_rows_before(header, ahead[: header.line - before - 1], before)
    return header


def _find_header(lines: Lines, needed: list[str], read_as: ReadAs) -> Header | None:
    """The header, and `lines` behind it; None in a file without any line that is not blank."""
    ahead = lines.ahead(_MOST_LINES_BEFORE)
    before = lines.number
    candidates = []
    complete: list[int] = []  # places of lines with every name; a title may have them too
    for i, line in enumerate(ahead):
        if is_passed_over(line) or len(line) > _LONGEST_CANDIDATE:
            continue
        candidates.append(_best_split(line, before + i + 1, read_as))
        if all(column in candidates[-1].fields for column in needed):
            complete.append(i)
            if _has_width_of_next(candidates[-1], ahead[i + 1 :]):
                complete = [i]
                break
    if complete:
        lines.skip(complete[0])
        return _read_candidate(lines, read_as)
    commented = _commented_header(ahead, before, needed, read_as)
    if commented is not None:
        lines.skip(commented.line - before)
        return commented
    first = _read_candidate(lines, read_as)
    if first is None:
        return None
    others = [each for each in candidates if each.line > first.line]
    return max([first, *_like_headers(others)], key=_likeness)


def _has_width_of_next(header: Header, following: list[str]) -> bool:
    rows = (line for line in following if not is_passed_over(line))
    row = next(rows, None)
    return row is None or len(split_record(row, header.delimiter)) == len(header.names)


def _read_candidate(lines: Lines, read_as: ReadAs) -> Header | None:
    text = first_record(lines)
    return _best_split(text, lines.number, read_as) if text else None


def _commented_header(
    ahead: list[str], before: int, needed: list[str], read_as: ReadAs
) -> Header | None:
    """A header that is a comment, as numerical libraries write it."""
    for i, line in enumerate(ahead):
        if line.startswith("#"):
            header = _best_split(line.lstrip("#"), before + i + 1, read_as)
            if all(column in header.fields for column in needed):
                return header
    return None


def _like_headers(candidates: list[Header]) -> list[Header]:
    """Those with a known name, or else the first line that begins a table of some width."""
    known = [each for each in candidates if each.fields]
    pairs = pairwise(candidates)
    wide = [a for a, b in pairs if len(a.names) == len(b.names) >= _FEWEST_COLUMNS]
    return known or wide[:1]


def _likeness(header: Header) -> tuple[int, bool, int]:
    """How much a line is like a header; of equals, the earlier one more."""
    return len(header.fields), len(header.names) >= _FEWEST_COLUMNS, -header.line


def _best_split(text: str, line: int, read_as: ReadAs) -> Header:
    """The split by the delimiter that gives the most known names, then the most names."""
    splits = []
    for delimiter in DELIMITERS:
        names = [name.strip(AROUND_NAMES) for name in split_record(text, delimiter)]
        splits.append(Header(line, delimiter, names, *recognise(names, read_as)))
    return max(splits, key=lambda header: (len(header.fields), len(header.names)))


def _check_width(names: list[str]) -> None:
    if len(names) > MAX_FIELDS:
        raise CatalogError(
            f"The header has {len(names):,} columns; at most {MAX_FIELDS:,} are allowed.",
            found=shown_names(names),
        )


def _check_no_rows_before(header: Header, passed_over: list[str], before: int) -> None:
    """A table that was sorted with its header would lose the rows in front of it.

    One such line may number the columns.
    """
    rows = [
        before + i
        for i, line in enumerate(passed_over, start=1)
        if not is_passed_over(line) and _is_row(split_record(line, header.delimiter), header)
    ]
    if len(rows) > 1:
        raise CatalogError(
            f"Line {header.line} names the columns, but {len(rows)} lines before it hold rows, the "
            f"first of them line {rows[0]}. Put the line with the names first.",
            found=shown_names(header.names),
        )


def _is_row(record: list[str], header: Header) -> bool:
    return len(record) == len(header.names) and all(
        column in header.fields and _LIKE_A_NUMBER.fullmatch(record[header.fields[column]].strip())
        for column in REQUIRED
    )


def _check_unique(header: Header) -> None:
    names = header.names
    counts = Counter(name.lower() for name in names if name)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise CatalogError(
            f"The header names columns more than once: {listed(repeated)}. "
            "Rename or remove all but one of each.",
            found=shown_names(names),
        )
    for column, positions in header.doubtful.items():
        raise CatalogError(
            f"Columns of the header mean the same, {column}: "
            f"{listed(names[i] for i in positions)}. Rename or remove all but one.",
            found=shown_names(names),
        )
