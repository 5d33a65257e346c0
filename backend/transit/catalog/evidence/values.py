"""The values of the columns that are read besides the nine; what cannot be read is unknown."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.archive_flags import UNSET
from backend.transit.catalog.evidence.angles import read_angles
from backend.transit.catalog.evidence.epochs import FIRST_EPOCH, LAST_EPOCH
from backend.transit.catalog.evidence.names import EvidenceColumns
from backend.transit.catalog.evidence.teaching import read_kinds
from backend.transit.catalog.names.column_names import MISSING_WORDS
from backend.transit.catalog.numbers import DecimalSign, Numbers, read_numbers
from backend.transit.columns import EVIDENCE_DTYPE, EVIDENCE_UNITS, UNCERTAINTIES

# The ends are included.
_RANGES = {"epoch": (FIRST_EPOCH, LAST_EPOCH), "ra": (0.0, 360.0), "dec": (-90.0, 90.0)}

_NAME_BYTES = EVIDENCE_DTYPE["name"].itemsize
_LONGEST_MISSING_WORD = max(map(len, MISSING_WORDS))
_NAME_SEPARATOR = "-"

Record = Sequence[str]


class EvidenceCells(NamedTuple):
    """The cells of some rows, (n,), as they were read.

    `numbers` are those of each position, in the file's unit; `degrees` gives the angles among them
    that were written with minutes and seconds, NaN elsewhere; `names` are S48 or None; `is_limit`
    tells by the name in EVIDENCE_DTYPE where the number is a limit; `kinds` are the texts of kinds,
    or None.
    """

    numbers: Mapping[int, Numbers]
    degrees: Mapping[int, NDArray[np.float64]]
    names: NDArray[np.bytes_] | None
    is_limit: Mapping[str, NDArray[np.bool_]]
    kinds: Sequence[str] | None


class EvidenceRows(NamedTuple):
    """The same as rows, usable or not.

    `rows` is of `EvidenceColumns.dtype`, (n,); `unread` tells for each column, bool, (n,), where a
    cell holds something that could not be read; `has_no_reference`, bool, (n,), where that is an
    epoch of which nothing tells from which day it counts.
    """

    rows: NDArray[np.void]
    unread: Mapping[str, NDArray[np.bool_]]
    has_no_reference: NDArray[np.bool_]


def read_cells(
    columns: EvidenceColumns, records: Sequence[Record], signs: Mapping[int, DecimalSign]
) -> EvidenceCells:
    """Read the cells of whole records.

    Args:
        columns: of the table.
        records: the fields of each row.
        signs: by position, the decimal sign of each column of numbers.
    """
    numbers: dict[int, Numbers] = {}
    degrees = {}
    for column, sources in columns.numbers.items():
        for source in sources:
            cells = [record[source.position] for record in records]
            read = read_numbers(cells, signs[source.position])
            if column in ("ra", "dec") and len(read.garbled):
                angles = read_angles(cells, read.garbled, in_hours=column == "ra")
                degrees[source.position] = angles
                garbled = read.garbled[np.isnan(angles[read.garbled])]
                read = read._replace(garbled=garbled)
            numbers[source.position] = read
    if "weight" in columns.teaching:
        position = columns.teaching["weight"]
        cells = [record[position] for record in records]
        numbers[position] = read_numbers(cells, signs[position])
    is_limit = {
        column: np.array([record[flag].strip() not in UNSET for record in records], np.bool_)
        for column, flag in columns.limits.items()
    }
    names = None
    if columns.names:
        names = read_names([[record[i] for record in records] for i in columns.names])
    kinds = None
    if "kind" in columns.teaching:
        kinds = [record[columns.teaching["kind"]] for record in records]
    return EvidenceCells(numbers, degrees, names, is_limit, kinds)


def read_names(parts: Sequence[Sequence[str]]) -> NDArray[np.bytes_]:
    """S48, (n,): the parts of each name, a column each; none where one of them is missing."""
    if len(parts) == 1:
        names = [_name(cell) for cell in parts[0]]
    else:
        names = [
            _cut(_NAME_SEPARATOR.join(texts).encode())
            if MISSING_WORDS.isdisjoint(text.lower() for text in texts)
            else b""
            for texts in zip(*[map(str.strip, part) for part in parts], strict=True)
        ]
    return np.array(names, EVIDENCE_DTYPE["name"])


def read_plain_names(parts: Sequence[NDArray[np.bytes_]]) -> NDArray[np.bytes_]:
    """The same of cells in UTF-8; several times faster where they are plain."""
    if len(parts) > 1:
        return read_names([[cell.decode() for cell in part.tolist()] for part in parts])
    (cells,) = parts
    width = cells.dtype.itemsize
    signs = np.ascontiguousarray(cells).view(np.uint8).reshape(len(cells), width)
    is_plain = (((signs > ord(" ")) & (signs < 127)) | (signs == 0)).all(axis=1)
    is_plain &= (signs != 0).sum(axis=1) > _LONGEST_MISSING_WORD
    if width > _NAME_BYTES:
        is_plain &= (signs[:, _NAME_BYTES:] == 0).all(axis=1)
    names = cells.astype(EVIDENCE_DTYPE["name"])
    odd = np.flatnonzero(~is_plain)
    names[odd] = read_names([[cell.decode() for cell in cells[odd].tolist()]])
    return names


# A number may be so large that it, in our unit, is none: it is infinite then.
@np.errstate(over="ignore")
def as_rows(columns: EvidenceColumns, cells: EvidenceCells, count: int) -> EvidenceRows:
    """The values of some rows in our units."""
    rows = np.zeros(count, columns.dtype)
    if cells.names is not None:
        rows["name"] = cells.names
    unread = {}
    has_no_reference = np.zeros(count, np.bool_)
    for column in EVIDENCE_UNITS:
        rows[column] = np.nan
        if column not in columns.numbers:
            continue
        values, is_unread = _values(columns, column, cells)
        if column == "epoch" and not columns.has_reference:
            has_no_reference = is_unread & (values < FIRST_EPOCH)
        is_known = ~is_unread
        if column in cells.is_limit:
            is_known &= ~cells.is_limit[column]
            is_unread &= ~cells.is_limit[column]
        rows[column][is_known] = values[is_known]
        unread[column] = is_unread
    if cells.kinds is not None:
        rows["kind"], unread["kind"] = read_kinds(cells.kinds)
    if "weight" in columns.teaching:
        rows["weight"] = cells.numbers[columns.teaching["weight"]].values
    return EvidenceRows(rows, unread, has_no_reference)


def _values(
    columns: EvidenceColumns, column: str, cells: EvidenceCells
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A column's numbers in our unit, and where a cell could not be read."""
    found = []
    is_unread: NDArray[np.bool_] | None = None
    for position, scale in columns.numbers[column]:
        numbers = cells.numbers[position]
        values = scale.apply(numbers.values)
        if position in cells.degrees:
            values = np.where(np.isnan(values), cells.degrees[position], values)
        if column in UNCERTAINTIES:
            values = np.abs(values)
            is_odd = np.isinf(values)
        else:
            low, high = _RANGES[column]
            is_odd = (values < low) | (values > high)
        is_odd[numbers.garbled] = True
        is_odd[numbers.ambiguous] = True
        is_unread = is_odd if is_unread is None else is_unread | is_odd
        found.append(values)
    values = found[0] if len(found) == 1 else np.fmax.reduce(found)
    if column in UNCERTAINTIES:  # a measurement without any is none
        values = np.where(values > 0, values, np.nan)
    assert is_unread is not None
    return values, is_unread


def _name(cell: str) -> bytes:
    text = cell.strip()
    return b"" if text.lower() in MISSING_WORDS else _cut(text.encode())


def _cut(name: bytes) -> bytes:
    """At most as many bytes as a row has room for, without a broken character."""
    return name if len(name) <= _NAME_BYTES else name[:_NAME_BYTES].decode(errors="ignore").encode()
