"""Rows of candidates and of predictions as NumPy records."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, LABELS, NO_LABEL, ROW_DTYPE
from backend.transit.light_curve.orbit import GEOMETRY_DTYPE

Rows = NDArray[np.void]
Index = NDArray[np.intp]

# One prediction: in the order of LABELS, days, ppm; and the orbit that the network's curve shows.
PREDICTION_DTYPE = np.dtype(
    [
        ("probabilities", "<f8", (len(LABELS),)),
        ("period", "<f8"),
        ("depth_ppm", "<f8"),
        ("geometry", GEOMETRY_DTYPE),
    ]
)


def as_rows(candidates: Sequence[Mapping[str, float | None]]) -> Rows:
    """Candidates as `ROW_DTYPE`, (n,), without a label; an unknown number is NaN."""
    rows = np.zeros(len(candidates), ROW_DTYPE)
    rows["label"] = NO_LABEL
    for name in COLUMNS:
        rows[name] = np.array([each[name] for each in candidates], dtype=np.float64)
    return rows
