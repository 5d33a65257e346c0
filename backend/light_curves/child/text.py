"""Reads light curves from text: between commas, semicolons, tabs, bars or blanks, and ECSV."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backend.light_curves.child.columns import IN_ORDER, RawTable
from backend.light_curves.child.sizes import check_points
from backend.tables.child.limits import MAX_COLUMNS, NotReadable
from backend.transit.catalog.cells import shown

_HEAD_BYTES = 1 << 16
_CHUNK_ROWS = 200_000
_MOST_COMMENTS = 200
_COMMENT = ("#", "%", "!", "\\", ";", "//")
# A comma last: it may be a decimal sign.
_SEPARATORS = (";", "\t", "|", ",")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eEdD][-+]?[0-9]+)?")
_MISSING = ("", "nan", "null", "none", "na", "n/a", "-", "--", "inf", "-inf")


class _Layout(NamedTuple):
    """How the lines of a file are made.

    `separator` is None for blanks; `skipped` lines come before the first row of numbers.
    """

    names: list[str]
    separator: str | None
    decimal: str
    skipped: int
    comments: list[str]


def table(path: Path) -> RawTable:
    """The table of a text file.

    Raises:
        NotReadable: it is no text, has no rows of numbers, or its lines differ in length.
    """
    layout = _layout(path)
    frame = _read(path, layout)

    def values(i: int) -> NDArray[Any]:
        return _numbers(frame[i])

    return RawTable(layout.names, [""] * len(layout.names), values, len(frame), {}, layout.comments)


def ecsv_table(path: Path) -> RawTable:
    """The table of an ECSV file, with units and what its header says.

    Raises:
        NotReadable: it has too many points.
    """
    from astropy.table import Table

    with open(path, "rb") as file:
        check_points(sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")))
    read = Table.read(path, format="ascii.ecsv")
    columns = [read[name] for name in read.colnames]
    header = {
        str(key).upper(): value
        for key, value in read.meta.items()
        if isinstance(value, bool | int | float | str)
    }

    def values(i: int) -> NDArray[Any]:
        column = columns[i]
        if hasattr(column, "jd"):
            return np.asarray(column.jd, np.float64)
        data = np.ma.getdata(column.value if hasattr(column, "value") else column)
        hidden = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
        if hidden is not None and hidden.any() and data.dtype.kind in "iuf":
            data = np.where(hidden, np.nan, data.astype(np.float64))
        return np.asarray(data)

    names = [
        f"{name} [BJD]" if hasattr(column, "jd") else str(name)
        for name, column in zip(read.colnames, columns, strict=True)
    ]
    units = [str(getattr(column, "unit", None) or "") for column in columns]
    return RawTable(names, units, values, len(read), header)


def _layout(path: Path) -> _Layout:
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"\x00" in head:
        raise NotReadable(
            "The file is neither FITS nor text nor .npz. Expected a light curve in one of these."
        )
    text = head.decode("utf-8-sig", "replace")
    lines = text.splitlines()
    if len(head) == _HEAD_BYTES:
        lines = lines[:-1]  # it may be cut off
    comments: list[str] = []
    header: str | None = None
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if line.lstrip().startswith(_COMMENT):
            comments.append(line.lstrip().lstrip("".join(_COMMENT)).strip())
            continue
        separator = _separator(line)
        cells = _cells(line, separator)
        if _is_row(cells):
            names = _names(header, comments, separator, len(cells))
            return _Layout(
                names, separator, _decimal(cells, separator), number, comments[:_MOST_COMMENTS]
            )
        if header is not None and len(_cells(header, _separator(header))) > 1:
            raise NotReadable(
                f"Line {number + 1} has no numbers where a row of the light curve was expected: "
                f"{shown(line)}."
            )
        header = line
    raise NotReadable("The file has no rows of numbers.")


def _names(header: str | None, comments: list[str], separator: str | None, width: int) -> list[str]:
    """The names of the columns: of a header, of the last comment, or by their order."""
    for line in (header, comments[-1] if comments else None):
        if line is None:
            continue
        for each in (separator, _separator(line)):
            names = [name.strip().strip("\"'") for name in _cells(line, each)]
            if len(names) == width:
                return names
    if header is not None:
        raise NotReadable(f"The header {shown(header)} has not the {width} columns of the rows.")
    if not 2 <= width <= len(IN_ORDER):
        raise NotReadable(
            f"The file has {width} columns and no header. Without one, two to four are expected: "
            f"{', '.join(IN_ORDER)}."
        )
    return list(IN_ORDER[:width])


def _separator(line: str) -> str | None:
    return next((each for each in _SEPARATORS if each in line.strip(" |")), None)


def _cells(line: str, separator: str | None) -> list[str]:
    cells = line.split() if separator is None else line.strip("\r\n").split(separator)
    return [each.strip() for each in cells]


def _is_row(cells: list[str]) -> bool:
    """Whether a line has numbers: at least two, and more than anything else but gaps."""
    numbers = sum(_NUMBER.fullmatch(each) is not None for each in cells)
    gaps = sum(each.lower() in _MISSING for each in cells)
    return numbers >= 1 and numbers + gaps >= 2 and 2 * (numbers + gaps) > len(cells)


def _decimal(cells: list[str], separator: str | None) -> str:
    has_commas = separator != "," and any("," in each for each in cells)
    return "," if has_commas and not any("." in each for each in cells) else "."


def _read(path: Path, layout: _Layout) -> pd.DataFrame:
    if len(layout.names) > MAX_COLUMNS:
        raise NotReadable(f"The file has {len(layout.names):,} columns.")
    parts: list[pd.DataFrame] = []
    rows = 0
    try:
        with pd.read_csv(
            path,
            sep=r"\s+" if layout.separator is None else layout.separator,
            decimal=layout.decimal,
            header=None,
            names=range(len(layout.names)),
            index_col=False,
            skiprows=layout.skipped,
            comment="#",
            skipinitialspace=True,
            na_values=[each for each in _MISSING if "inf" not in each],
            encoding_errors="replace",
            compression=None,
            chunksize=_CHUNK_ROWS,
            on_bad_lines="error",
            low_memory=False,
        ) as reader:
            for part in reader:
                rows += len(part)
                check_points(rows)
                parts.append(part)
    except pd.errors.ParserError as error:
        raise NotReadable(
            f"The lines differ in their number of columns ({' '.join(str(error).split())})."
        ) from error
    return pd.concat(parts, ignore_index=True)


def _numbers(column: "pd.Series[Any]") -> NDArray[Any]:
    """A column as numbers if most of it is; else as text."""
    if column.dtype.kind in "iufb":
        return column.to_numpy()
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().sum() * 2 > column.notna().sum():
        return numbers.to_numpy(np.float64)
    return column.fillna("").astype(str).to_numpy(object)
