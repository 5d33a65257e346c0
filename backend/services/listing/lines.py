"""Lines of the CSV of a list, and the cells that sessions and models have in common."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from backend.database.connection import Record
from backend.database.listing.facts import FIGURES
from backend.services.predictions.cells import harmless, quoted

FIGURE_COLUMNS = tuple(f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high"))


def figure_cells(row: Record) -> Record:
    """The figures on the test stars with their intervals, by FIGURE_COLUMNS."""
    intervals = json.loads(row["intervals"] or "{}")
    cells: Record = {}
    for name in FIGURES:
        low, high = intervals.get(name) or (None, None)
        cells |= {name: row[name], f"{name}_low": low, f"{name}_high": high}
    return cells


def lines_of(lines: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV (RFC 4180).

    What is unknown is empty, and a cell that a spreadsheet would run as a formula gets an
    apostrophe in front.
    """
    return "".join(f"{','.join(map(_cell, cells))}\r\n" for cells in lines)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(harmless(str(value)))
