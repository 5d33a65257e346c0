"""Reads spreadsheets (.xlsx): values, not formulas. Lines of the text are rows of the sheet."""

import datetime
import itertools
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl

from backend.tables.child.cells import cell, line
from backend.tables.child.found import Found
from backend.tables.child.limits import MAX_COLUMNS, MAX_TABLES, NotReadable
from backend.tables.child.naming import Candidate, choose
from backend.tables.child.xml_root import root_element
from backend.transit.catalog.names.recognise import recognise
from backend.transit.columns import COLUMNS

# Of all parts together. The rows of a hundred megabytes of spreadsheet have about 700.
MOST_BYTES = 1 << 30
_MOST_PARTS = 10_000
_MOST_SHEET_ROWS = 1_048_576

# A header stands among the first lines.
_ROWS_LOOKED_AT = 100

_ERRORS = {"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"}

# A cell with a formula, and without the value that a program computed for it.
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_PIECE = 1 << 20
_LONGEST_FORMULA = 20_000


def read(path: Path, wanted: str | None, notes: list[str]) -> Found:
    """Find the sheet of a spreadsheet that has the columns of a catalogue.

    Args:
        path: the file.
        wanted: the sheet's name; None: the one with the columns of a catalogue.
        notes: what is odd about it is added, once its text was read.

    Raises:
        NotReadable: it is another zip archive, is too large, or it is not clear which sheet.
    """
    _check_archive(path)
    file = open(path, "rb")  # noqa: SIM115 - by a path, the file's name would have to fit
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheets = [each for each in book.worksheets if hasattr(each, "reset_dimensions")]
    if not sheets or len(sheets) > MAX_TABLES:
        raise NotReadable(f"Expected a spreadsheet with a sheet of cells, found {len(sheets):,}.")
    for sheet in sheets:
        sheet.reset_dimensions()  # what it says about its size may be wrong
    headers = [_header(sheet) for sheet in sheets]
    names = [str(sheet.title) for sheet in sheets]
    filled = [i for i, (_, columns) in enumerate(headers) if columns]
    if not filled:
        raise NotReadable("The spreadsheet has no cell with a value.")
    shown = filled if wanted is None else list(range(len(sheets)))
    candidates = [Candidate(names[i], headers[i][1]) for i in shown]
    position = shown[choose(candidates, wanted, "sheets")]
    sheet, (row, columns) = sheets[position], headers[position]
    missing = _uncomputed(path, str(sheet._worksheet_path))
    if missing:
        notes.append(
            f"Formulas without a value: {missing:,}. Their cells are empty; open the file in a "
            "spreadsheet program and save it, so that they are computed."
        )
    return Found(names[position], names, _text(sheet, row, columns, notes))


def _text(sheet: Any, header_row: int, columns: list[str], notes: list[str]) -> Iterator[str]:
    width = len(columns)
    ours = {i: name for name, i in recognise(columns).fields.items() if name in COLUMNS}
    dates: dict[int, list[int]] = {}
    errors: Counter[str] = Counter()
    for number, values in enumerate(_rows(sheet), 1):
        row = list(values)
        while row and (row[-1] is None or row[-1] == "") and len(row) > width:
            row.pop()
        for i, value in enumerate(row):
            if isinstance(value, str) and value in _ERRORS:
                errors[value] += 1
                row[i] = None
            elif i in ours and isinstance(value, datetime.date | datetime.time):
                dates.setdefault(i, []).append(number)
        cells = [cell(value, quotes=True) for value in row]
        if not any(cells):
            yield "\n"
        elif number < header_row:
            yield line(_without_end(cells))
        else:
            yield line(cells + [""] * (width - len(cells)))
    for i, rows in dates.items():
        notes.append(
            f"{columns[i]} has dates in place of numbers in {len(rows):,} rows, first in row "
            f"{rows[0]:,}: a spreadsheet has made them of what was typed. Those rows have no "
            f"{ours[i]}."
        )
    if errors:
        counts = ", ".join(f"{word} {count:,}" for word, count in errors.most_common())
        notes.append(f"Cells with an error of the spreadsheet were read as empty: {counts}.")


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > _MOST_SHEET_ROWS:
            raise NotReadable(f"The sheet says that it has more than {_MOST_SHEET_ROWS:,} rows.")
        if len(row) > MAX_COLUMNS and any(each is not None for each in row[MAX_COLUMNS:]):
            raise NotReadable(
                f"Row {number:,} of the sheet has {len(row):,} columns; at most {MAX_COLUMNS:,} "
                "are allowed."
            )
        yield row[:MAX_COLUMNS]


def _header(sheet: Any) -> tuple[int, list[str]]:
    """The row, from 1, that looks most like a header, and its names."""
    best: tuple[int, int, list[str]] | None = None
    for number, row in enumerate(itertools.islice(_rows(sheet), _ROWS_LOOKED_AT), 1):
        names = _without_end(["" if each is None else str(each).strip() for each in row])
        if names:
            known = len(recognise(names).fields)
            if best is None or known > best[0]:
                best = known, number, names
    return (best[1], best[2]) if best else (0, [])


def _without_end(cells: list[str]) -> list[str]:
    """Without empty cells at the end."""
    last = max((i for i, each in enumerate(cells, 1) if each), default=0)
    return cells[:last]


# By a part that only they have.
_OTHER_SPREADSHEETS = {
    "content.xml": "an OpenDocument file (.ods)",
    "xl/workbook.bin": "a binary spreadsheet (.xlsb)",
    "Index/Document.iwa": "a Numbers document",
}


def _check_archive(path: Path) -> None:
    """Check the archive before anything in it is read.

    No part gives out more bytes than the archive's directory says.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        names = {each.filename for each in parts[:_MOST_PARTS]}
        for name, kind in _OTHER_SPREADSHEETS.items():
            if name in names:
                raise NotReadable(f"The file is {kind}. Save it as .xlsx or CSV.")
        if "xl/workbook.xml" not in names:
            raise NotReadable(
                "The file is a zip archive and not a spreadsheet (.xlsx). Unpack it and upload the "
                "table."
            )
        size = sum(each.file_size for each in parts)
        if size > MOST_BYTES or len(parts) > _MOST_PARTS:
            raise NotReadable(
                f"The spreadsheet has {len(parts):,} parts with {size:,} bytes when unpacked; at "
                f"most {MOST_BYTES:,} bytes are allowed. Export the table as CSV."
            )
        for part in parts:
            if part.filename.endswith((".xml", ".rels")) and part.file_size:
                with archive.open(part) as file:
                    root_element(file)


def _uncomputed(path: Path, part: str) -> int:
    """How many formulas of a sheet have no value."""
    count = 0
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as file:
        rest = b""
        while piece := file.read(_PIECE):
            text = rest + piece
            end = 0
            for match in _UNCOMPUTED.finditer(text):
                count += 1
                end = match.end()
            rest = text[max(end, len(text) - _LONGEST_FORMULA) :]
    return count
