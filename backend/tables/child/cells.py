"""Values of any kind as cells of comma-separated text."""

import datetime
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.delimited.lines import decoded

# A record of the text may have 131,072 bytes.
LONGEST_CELL = 8_192

_PLAIN = re.compile(r"[\w.+: -]*+", re.ASCII)
_LINE_ENDS = re.compile(r"[\r\n\v\f\x00\x1c-\x1e\x85\u2028\u2029]+")

# From here on not every whole number has a float32 of its own: an identifier was rounded.
_ROUNDED = 2.0**24


def column_cells(values: NDArray[Any], mask: NDArray[np.bool_] | None, quotes: bool) -> list[str]:
    """One column of a block of rows.

    Args:
        values: (n,), of any scalar type.
        mask: (n,), where there is no value; None: there is everywhere.
        quotes: put text in quotes, where a decimal sign is not known; numbers never are.

    Returns:
        n cells; a missing one is empty, a float has the digits of its own precision and no more.
    """
    kind = values.dtype.kind
    if kind == "f":
        cells = _floats(values)
    elif kind in "iu":
        cells = [str(each) for each in values.tolist()]
    elif kind == "b":
        cells = ["true" if each else "false" for each in values.tolist()]
    elif kind == "M":
        cells = ["" if text == "NaT" else text for text in np.datetime_as_string(values).tolist()]
    else:
        cells = [cell(each, quotes) for each in values.tolist()]
    if mask is None:
        return cells
    return ["" if hidden else each for each, hidden in zip(cells, mask.tolist(), strict=True)]


def cell(value: Any, quotes: bool) -> str:
    """One value of a type that differs from row to row."""
    if value is None or value is np.ma.masked:
        return ""
    if isinstance(value, str):
        return text_cell(value, quotes)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return text_cell(decoded(value), quotes)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(repr(value))
    if isinstance(value, np.generic):
        return column_cells(np.array([value]), None, quotes)[0]
    if isinstance(value, Decimal):
        return "" if value.is_nan() else f"{value:f}"
    if isinstance(value, datetime.date | datetime.time):
        return text_cell(value.isoformat(), quotes)
    return text_cell(str(value), quotes)


def text_cell(text: str, quotes: bool = False) -> str:
    """Text in quotes where it needs them, on one line, not longer than a cell may be."""
    text = _LINE_ENDS.sub(" ", text).strip()[:LONGEST_CELL]
    if not text or (not quotes and _PLAIN.fullmatch(text)):
        return text
    if text.startswith("#"):
        text = f" {text}"  # at the beginning of a line it would be a comment
    return '"' + text.replace('"', '""') + '"'


def line(cells: Iterable[str]) -> str:
    """A row of the text."""
    return ",".join(cells) + "\n"


def _floats(values: NDArray[Any]) -> list[str]:
    if values.dtype.itemsize >= np.dtype(np.float64).itemsize:
        return [_float(repr(each)) for each in values.astype(np.float64).tolist()]
    cells = [_float(text) for text in values.astype(str).tolist()]
    exact = values.astype(np.float64)
    # NumPy writes 10797460 as a power of ten, which stays where single precision has rounded it.
    for i in np.flatnonzero((exact == np.trunc(exact)) & (np.abs(exact) < _ROUNDED)).tolist():
        cells[i] = str(int(exact[i]))
    return cells


def _float(text: str) -> str:
    if text == "nan":
        return ""
    return text[:-2] if text.endswith(".0") else text
