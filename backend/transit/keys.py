"""Rows and stars as numbers that can be compared, from a table however long it is.

A table in a memory-mapped file is read in blocks whose pages are given back.
"""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS
from backend.transit.rows import Index, Rows

STAR_COLUMNS = ("steff", "srad", "slogg", "tmag")
BLOCK_ROWS = 16_384

# Rows that share three known values are the same star as far as we can tell; with fewer, unrelated
# stars would be lumped together.
_MIN_KNOWN_STELLAR = 3

Keys = NDArray[np.uint64]


def star_keys(table: Rows) -> Keys:
    """A number for each row's star: uint64, (n,), equal for rows of one star.

    By its identifier; for rows without one by equal stellar columns; a row that knows fewer than
    three of these is a star of its own.
    """
    keys = np.empty(len(table), np.uint64)
    for start, rows in blocks(table):
        identifiers = rows["star"]
        nameless = identifiers == b""
        key = _hashed(_words_of(identifiers))
        key[nameless] = _stellar_keys(rows, start)[nameless]
        keys[start : start + len(rows)] = key
    return keys


def row_keys(table: Rows) -> Keys:
    """A number for each row: uint64, (n,), equal where star and all nine columns are equal."""
    keys = np.empty(len(table), np.uint64)
    for start, rows in blocks(table):
        words = [_words_of(rows["star"])]
        words.append(_comparable(np.column_stack([rows[name] for name in COLUMNS])))
        keys[start : start + len(rows)] = _hashed(np.concatenate(words, axis=1))
    return keys


def read_column(table: Rows, name: str) -> NDArray[Any]:
    """A contiguous copy of one column."""
    values = np.empty(len(table), table.dtype[name])
    for start, rows in blocks(table):
        values[start : start + len(rows)] = rows[name]
    return values


def blocks(table: Rows) -> Iterator[tuple[int, Rows]]:
    """Slices of the table with their start; a memory-mapped file's pages are given back."""
    mapping = getattr(table, "_mmap", None)
    # In a writable mapping the advice could throw changes away.
    can_release = (
        mapping is not None and not table.flags.writeable and hasattr(mmap, "MADV_DONTNEED")
    )
    for start in range(0, len(table), BLOCK_ROWS):
        yield start, np.asarray(table[start : start + BLOCK_ROWS])
        if mapping is not None and can_release:
            mapping.madvise(mmap.MADV_DONTNEED)


def _stellar_keys(rows: Rows, start: int) -> Keys:
    stellar = np.column_stack([rows[name] for name in STAR_COLUMNS])
    alone = np.isfinite(stellar).sum(axis=1) < _MIN_KNOWN_STELLAR
    words = _comparable(stellar)
    words[alone] = start + np.flatnonzero(alone)[:, np.newaxis]
    return _hashed(words)


def _words_of(identifiers: NDArray[np.bytes_]) -> Keys:
    return identifiers.astype("S48").view(np.uint64).reshape(len(identifiers), -1)


def _comparable(values: NDArray[np.float64]) -> Keys:
    """Bit patterns that are equal where the numbers are: one zero, one NaN."""
    values = values + 0.0
    values[np.isnan(values)] = np.nan
    return values.view(np.uint64)


def _hashed(words: Keys) -> Keys:
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


def star_groups(rows: Rows) -> Index:
    """Numbers the stars: intp, (n,), equal for rows of one star.

    A star is told by its identifier; without one by equal stellar columns, where at least three
    of the four are known; a row with neither is a star of its own.
    """
    groups = np.arange(len(rows))
    named = rows["star"] != b""
    stellar = np.stack([rows[name] for name in STAR_COLUMNS], axis=1)
    described = ~named & (np.isfinite(stellar).sum(axis=1) >= _MIN_KNOWN_STELLAR)
    offset = len(rows)
    if named.any():
        groups[named] = offset + np.unique(rows["star"][named], return_inverse=True)[1]
        offset = int(groups.max()) + 1
    if described.any():
        known = np.nan_to_num(stellar[described], nan=-np.inf)
        groups[described] = offset + np.unique(known, axis=0, return_inverse=True)[1].ravel()
    return np.unique(groups, return_inverse=True)[1]
