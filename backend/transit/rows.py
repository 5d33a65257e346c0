"""Rows of candidates as NumPy records."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, NO_LABEL, ROW_DTYPE

Rows = NDArray[np.void]
Index = NDArray[np.intp]


def as_rows(candidates: Sequence[Mapping[str, float | None]]) -> Rows:
    """Candidates as `ROW_DTYPE`, (n,), without a label; an unknown number is NaN."""
    rows = np.zeros(len(candidates), ROW_DTYPE)
    rows["label"] = NO_LABEL
    for name in COLUMNS:
        rows[name] = np.array([each[name] for each in candidates], dtype=np.float64)
    return rows
