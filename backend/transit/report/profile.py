"""Profiles a table: classes, ranges, histograms, gaps; in little memory, whatever its length."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, LABELS, NO_LABEL, UNITS
from backend.transit.keys import Keys, blocks, read_column, star_keys
from backend.transit.report.findings import report, with_different_labels

HISTOGRAM_BINS = 40

# Periods, depths and radii span orders of magnitude; these do not.
_LINEAR = frozenset({"impact", "slogg", "tmag"})
# Grazing fits go up to 100 and would leave all the others in one bin.
_LINEAR_END = {"impact": 2.0}


def profile(
    table: NDArray[np.void], rejections: dict[str, Any], reading: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a table of accepted rows.

    It is read column by column and, from a memory-mapped file, given back as it goes, so that a
    million rows need about 30 MB.

    Args:
        table: ROW_DTYPE, (n,), n at least 1; an array or a memory-mapped file.
        rejections: from RejectionLog.summary(), the rows left out.
        reading: from Catalog.reading(), what is odd beside single rows; None if it is not known.

    Returns:
        JSON-able: `rows`; `stars`, the number of different ones, and `rows_without_star`;
        `class_counts` by the label's name, and `rows_without_label`; `columns`, by name, each
        {unit, min, median, max, missing, histogram}; `absent`, the columns without any value;
        `rejected`, the rejections; `report`, that of `findings.report`. A histogram is {edges,
        counts, log, below, above}: edges (41,) in the column's unit, evenly spaced in the
        logarithm if `log`, else evenly; counts (40,), the last edge included; `below` and `above`
        count the values beyond the edges. min, median, max and histogram are null for a column
        without any value.
    """
    labels = read_column(table, "label")
    stars = star_keys(table)
    star_counts = _count_stars(table, stars)
    contradictory = with_different_labels(stars, labels)
    del stars
    columns = {name: _describe(name, read_column(table, name)) for name in COLUMNS}
    return {
        "rows": len(table),
        **star_counts,
        "class_counts": {name: int((labels == code).sum()) for code, name in enumerate(LABELS)},
        "rows_without_label": int((labels == NO_LABEL).sum()),
        "columns": columns,
        "absent": [name for name in COLUMNS if columns[name]["missing"] == len(table)],
        "rejected": rejections,
        "report": report(table, rejections, reading, contradictory),
    }


def _describe(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    known = np.sort(values[~np.isnan(values)])
    described: dict[str, Any] = dict.fromkeys(("min", "median", "max", "histogram"))
    if len(known):
        described = {
            "min": float(known[0]),
            "max": float(known[-1]),
            "histogram": _histogram(name, known),
            "median": float(known[(len(known) - 1) // 2 : len(known) // 2 + 1].mean()),
        }
    return {"unit": UNITS[name], "missing": len(values) - len(known), **described}


def _histogram(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    start, end = _histogram_range(name, values)
    is_log = name not in _LINEAR
    spacing = np.geomspace if is_log else np.linspace
    edges = spacing(start, end, HISTOGRAM_BINS + 1)
    up_to = [*np.searchsorted(values, edges[:-1]), np.searchsorted(values, edges[-1], "right")]
    return {
        "edges": edges.tolist(),
        "counts": np.diff(up_to).tolist(),
        "log": is_log,
        "below": int(up_to[0]),
        "above": int(len(values) - up_to[-1]),
    }


def _histogram_range(name: str, values: NDArray[np.float64]) -> tuple[float, float]:
    """From the least to the greatest value that the scale can show; never empty."""
    if name not in _LINEAR:
        values = values[values > 0]  # an SNR may be 0, which no logarithmic axis has
        if not len(values):
            return 1.0, 10.0
    start, end = float(values.min()), float(values.max())
    end = min(end, _LINEAR_END.get(name, end))
    return (start, end) if start < end else (start, start + max(abs(start), 1.0) * 1e-3)


def _count_stars(table: NDArray[np.void], stars: Keys) -> dict[str, int]:
    """Stars by identifier; rows without one by equal stellar columns, as the split groups them."""
    keys = np.sort(stars)
    return {
        "stars": int((keys[1:] != keys[:-1]).sum()) + 1,
        "rows_without_star": sum(int((rows["star"] == b"").sum()) for _, rows in blocks(table)),
    }
