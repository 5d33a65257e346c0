"""A table that was found in a file, on its way to text."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.tables.child.cells import column_cells, line, text_cell
from backend.tables.child.limits import check_size
from backend.tables.child.naming import with_units

BLOCK_ROWS = 10_000

_NAMES_SHOWN = 20


class Found(NamedTuple):
    """`name` is the table's own and `tables` are those of all in the file; `text` is its lines."""

    name: str
    tables: list[str]
    text: Iterator[str]


class Column(NamedTuple):
    """A column of an array that is in memory; `mask` tells where there is no value."""

    name: str
    unit: str | None
    values: NDArray[Any]
    mask: NDArray[np.bool_] | None


def text_of(columns: Sequence[Column], notes: list[str]) -> Iterator[str]:
    """The header and the rows of a table in memory; vectors are left out and noted.

    Raises:
        NotReadable: it is too large, or contradicts itself.
    """
    scalars = [each for each in columns if _is_scalar(each)]
    note_left_out([each.name for each in columns if not _is_scalar(each)], notes)
    rows = len(scalars[0].values) if scalars else 0
    check_size(rows, len(scalars))
    yield header([each.name for each in scalars], [each.unit for each in scalars], notes)
    for start in range(0, rows, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        cells = [
            column_cells(
                each.values[block], None if each.mask is None else each.mask[block], quotes=False
            )
            for each in scalars
        ]
        yield "".join(line(row) for row in zip(*cells, strict=True))


def header(names: Sequence[str], units: Sequence[str | None], notes: list[str]) -> str:
    """The first line of the text."""
    return line(text_cell(name, quotes=True) for name in with_units(names, units, notes))


def note_left_out(names: Sequence[str], notes: list[str]) -> None:
    """Say that columns hold more than one value a row."""
    if names:
        some = ", ".join(names[:_NAMES_SHOWN])
        more = f", and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        notes.append(f"Columns with several values a row were left out: {some}{more}.")


def _is_scalar(column: Column) -> bool:
    values = column.values
    if values.ndim != 1 or values.dtype.kind in "cV":
        return False
    if values.dtype.kind != "O":
        return True
    return not any(isinstance(each, np.ndarray | list | tuple | dict) for each in values.tolist())
