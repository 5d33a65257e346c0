"""What a table holds: classes, ranges, histograms and gaps, in little memory however long it is."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import COLUMNS, LABELS, NO_LABEL, UNITS

HISTOGRAM_BINS = 40

# Periods, depths, radii and the like spread over factors; these do not.
_LINEAR = frozenset({"impact", "slogg", "tmag"})
# Grazing fits go up to 100 and would leave all the others in one bin.
_LINEAR_END = {"impact": 2.0}
_BLOCK_ROWS = 65_536
_STAR_COLUMNS = ("steff", "srad", "slogg", "tmag")


def profile(table: NDArray[np.void], rejections: dict[str, Any]) -> dict[str, Any]:
    """Describes a table of accepted rows.

    It is read column by column and, from a memory-mapped file, given back as it goes, so that a
    million rows need some 30 MB.

    Args:
        table: ROW_DTYPE, (n,), n at least 1; an array or a memory-mapped file.
        rejections: what RejectionLog.summary() gave for the rows left out.

    Returns:
        JSON-able: `rows`; `stars`, the number of different ones, and `rows_without_star`;
        `class_counts` by the label's name, and `rows_without_label`; `columns`, by name, each
        {unit, min, median, max, missing, histogram}; `absent`, the columns without any value;
        `rejected`, the rejections. A histogram is {edges, counts, log, below, above}: edges (41,)
        in the column's unit, evenly spaced in the logarithm if `log`, else evenly; counts (40,),
        the last edge included; `below` and `above` count the values beyond the edges. min,
        median, max and histogram are null for a column without any value.
    """
    labels = _column(table, "label")
    columns = {name: _describe(name, _column(table, name)) for name in COLUMNS}
    return {
        "rows": len(table),
        **_count_stars(table),
        "class_counts": {name: int((labels == code).sum()) for code, name in enumerate(LABELS)},
        "rows_without_label": int((labels == NO_LABEL).sum()),
        "columns": columns,
        "absent": [name for name in COLUMNS if columns[name]["missing"] == len(table)],
        "rejected": rejections,
    }


def _describe(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    described: dict[str, Any] = dict.fromkeys(("min", "median", "max", "histogram"))
    if len(known):
        described = {
            "min": float(known.min()),
            "max": float(known.max()),
            "histogram": _histogram(name, known),
            "median": float(np.median(known, overwrite_input=True)),
        }
    return {"unit": UNITS[name], "missing": len(values) - len(known), **described}


def _histogram(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    start, end = _histogram_range(name, values)
    is_log = name not in _LINEAR
    spacing = np.geomspace if is_log else np.linspace
    edges = spacing(start, end, HISTOGRAM_BINS + 1)
    counts, _ = np.histogram(values, edges)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "log": is_log,
        "below": int((values < edges[0]).sum()),
        "above": int((values > edges[-1]).sum()),
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


def _count_stars(table: NDArray[np.void]) -> dict[str, int]:
    """Stars by identifier; rows without one by equal stellar columns, as the split groups them."""
    keys = np.empty(len(table), np.uint64)
    without = 0
    for start, rows in _blocks(table):
        identifiers = rows["star"]
        nameless = identifiers == b""
        without += int(nameless.sum())
        key = _hashed(identifiers.astype("S48").view(np.uint64).reshape(len(rows), -1))
        key[nameless] = _stellar_keys(rows, start)[nameless]
        keys[start : start + len(rows)] = key
    keys.sort()
    return {
        "stars": int((keys[1:] != keys[:-1]).sum()) + 1,
        "rows_without_star": without,
    }


def _stellar_keys(rows: NDArray[np.void], start: int) -> NDArray[np.uint64]:
    """Keys by the stellar columns; a row that knows fewer than three of them is a star of its own.

    With fewer, unrelated stars would be taken for one; the training's split has the same rule.
    """
    stellar = np.column_stack([rows[name] for name in _STAR_COLUMNS]) + 0.0
    unknown = np.isnan(stellar)
    stellar[unknown] = np.nan
    words = stellar.view(np.uint64)
    alone = unknown.sum(axis=1) > len(_STAR_COLUMNS) - 3
    words[alone] = start + np.flatnonzero(alone)[:, np.newaxis]
    return _hashed(words)


def _hashed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """uint64, (n, k) → (n,): equal rows give equal numbers, others practically never do.

    Source: the mixing function of splitmix64, Steele et al. (2014), doi:10.1145/2714064.2660195.
    """
    mixed = np.full(len(words), 0x9E3779B97F4A7C15, np.uint64)
    for k in range(words.shape[1]):
        mixed = (mixed ^ words[:, k]) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _column(table: NDArray[np.void], name: str) -> NDArray[Any]:
    """A contiguous copy of one column."""
    values = np.empty(len(table), table.dtype[name])
    for start, rows in _blocks(table):
        values[start : start + len(rows)] = rows[name]
    return values


def _blocks(table: NDArray[np.void]) -> Iterator[tuple[int, NDArray[np.void]]]:
    """Slices of the table with their start; a memory-mapped file's pages are given back."""
    mapping = getattr(table, "_mmap", None)
    # In a writable mapping the advice could throw changes away.
    can_release = (
        mapping is not None and not table.flags.writeable and hasattr(mmap, "MADV_DONTNEED")
    )
    for start in range(0, len(table), _BLOCK_ROWS):
        yield start, np.asarray(table[start : start + _BLOCK_ROWS])
        if mapping is not None and can_release:
            mapping.madvise(mmap.MADV_DONTNEED)
