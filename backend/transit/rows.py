"""Rows of candidates as NumPy records, and what makes them."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, ROW_DTYPE

Rows = NDArray[np.void]


Index = NDArray[np.intp]


def as_rows(candidates: list[dict[str, float | None]]) -> np.ndarray:
    """Candidates as `ROW_DTYPE`, (n,); an unknown number is NaN."""
    rows = np.zeros(len(candidates), ROW_DTYPE)
    for name in candidates[0]:
        rows[name] = [np.nan if each[name] is None else each[name] for each in candidates]
    return rows


def rows_from_lists(lists: list[list[float | None]]) -> np.ndarray:
    """Rows of `ROW_DTYPE` from lists of the nine columns, null for a missing number."""
    rows = np.zeros(len(lists), dtype=ROW_DTYPE)
    values = np.array(lists, dtype=float).reshape(len(lists), len(COLUMNS))
    for index, name in enumerate(COLUMNS):
        rows[name] = values[:, index]
    return rows
