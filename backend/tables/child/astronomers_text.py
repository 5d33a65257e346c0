"""Reads ECSV and IPAC tables."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from backend.tables.child.found import Column, Found, text_of
from backend.tables.child.limits import NotReadable

_FORMATS = {"ecsv": "ascii.ecsv", "ipac": "ascii.ipac"}


def read(path: Path, kind: str, wanted: str | None, notes: list[str]) -> Found:
    """Read the one table of a text file of an astronomer's kind.

    Args:
        path: the file.
        kind: "ecsv" or "ipac".
        wanted: ignored, but for a check: there is one table only.
        notes: what is odd about it is added.

    Raises:
        NotReadable: a table is wanted by a name.
    """
    if wanted not in (None, "1", "table 1"):
        raise NotReadable("The file holds one table only: leave out the form field `table`.")
    table = Table.read(path, format=_FORMATS[kind])
    columns = [_column(str(name), table[name]) for name in table.colnames]
    return Found("table 1", ["table 1"], text_of(columns, notes))


def _column(name: str, column: Any) -> Column:
    unit = None if column.unit is None else str(column.unit)
    values = column.value if hasattr(column, "value") else column
    mask = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
    data = np.asarray(np.ma.getdata(values))
    return Column(name, unit, data, mask if mask is None or mask.ndim == 1 else None)
