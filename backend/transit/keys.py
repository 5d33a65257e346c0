"""Keys to compare rows by: equal rows, and rows of one star.

A table in a memory-mapped file is read in blocks whose pages are given back.
"""

import mmap
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, STAR_FEATURES
from backend.transit.rows import Index, Rows

BLOCK_ROWS = 16_384

# Rows that agree in three known stellar values count as one star; with fewer, unrelated
# stars would be lumped together.
_MIN_KNOWN_STELLAR = 3

Keys = NDArray[np.uint64]


class _Identity(NamedTuple):
    """How the star of each row is recognised in other rows.

    Attributes:
        by_name: bool, (n,), by its identifier.
        by_features: bool, (n,), by its features, as it has no identifier and enough of them. A row
            that is neither is a star of its own.
        features: float64, (n, 4), those of STAR_FEATURES, NaN where unknown.
    """

    by_name: NDArray[np.bool_]
    by_features: NDArray[np.bool_]
    features: NDArray[np.float64]


def star_keys(table: Rows) -> Keys:
    """A key for each row's star: uint64, (n,), equal for rows of one star.

    Stars are recognised as in `star_groups`; this one reads the table in blocks.
    """
    keys = np.empty(len(table), np.uint64)
    for start, rows in blocks(table):
        if (rows["star"] != b"").all():
            keys[start : start + len(rows)] = _hashed(_words_of(rows["star"]))
            continue
        identity = _identify(rows)
        words = _comparable(identity.features)
        alone = ~(identity.by_name | identity.by_features)
        words[alone] = start + np.flatnonzero(alone)[:, np.newaxis]
        by_name = _hashed(_words_of(rows["star"]))
        keys[start : start + len(rows)] = np.where(identity.by_name, by_name, _hashed(words))
    return keys


def star_groups(rows: Rows) -> Index:
    """Number the stars: intp, (n,), equal for rows of one star.

    Of the columns only `star` and STAR_FEATURES are read.

    A star is recognised by its identifier; without one by equal stellar features, where at least
    three of the four are known; a row with neither is a star of its own. The split of a session
    depends on the numbers, so the same rows must always get the same ones.
    """
    groups = np.arange(len(rows))
    identity = _identify(rows)
    offset = len(rows)
    if identity.by_name.any():
        groups[identity.by_name] = offset + _numbered(rows["star"][identity.by_name])
        offset = int(groups.max()) + 1
    if identity.by_features.any():
        known = np.nan_to_num(identity.features[identity.by_features], nan=-np.inf)
        numbers = np.unique(known, axis=0, return_inverse=True)[1]
        groups[identity.by_features] = offset + numbers.ravel()
    return np.unique(groups, return_inverse=True)[1]


def row_keys(table: Rows, *, with_star: bool = True) -> Keys:
    """A number for each row: uint64, (n,), equal where star and all nine columns are equal.

    Args:
        with_star: whether rows that name different stars differ.
    """
    keys = np.empty(len(table), np.uint64)
    for start, rows in blocks(table):
        words = [_words_of(rows["star"])] if with_star else []
        words.append(_comparable(np.column_stack([rows[name] for name in COLUMNS])))
        keys[start : start + len(rows)] = _hashed(np.concatenate(words, axis=1))
    return keys


def read_columns(table: Rows, names: Collection[str]) -> Rows:
    """A contiguous copy of some columns, (n,), as records of these alone."""
    values = np.empty(len(table), np.dtype([(name, table.dtype[name]) for name in names]))
    for start, rows in blocks(table):
        for name in names:
            values[name][start : start + len(rows)] = rows[name]
    return values


def read_rows(table: Rows, index: Index) -> Rows:
    """A copy of the rows at some indices: (m,), in that order; `index` must not decrease."""
    values = np.empty(len(index), table.dtype)
    for start, rows in blocks(table):
        first, last = np.searchsorted(index, (start, start + len(rows)))
        values[first:last] = rows[index[first:last] - start]
    return values


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


def _identify(rows: Rows) -> _Identity:
    by_name = rows["star"] != b""
    features = np.column_stack([rows[name] for name in STAR_FEATURES])
    is_described = np.isfinite(features).sum(axis=1) >= _MIN_KNOWN_STELLAR
    return _Identity(by_name, ~by_name & is_described, features)


def _numbered(names: NDArray[np.bytes_]) -> Index:
    """The place of each name, (n,), among the different names in order: intp, (n,).

    As the inverse of `np.unique`, without its three more copies of all names.
    """
    order = np.argsort(names, kind="stable")
    is_new = np.zeros(len(names), np.intp)
    for start in range(1, len(names), BLOCK_ROWS):
        sorted_names = names[order[start - 1 : start + BLOCK_ROWS]]
        is_new[start : start + BLOCK_ROWS] = sorted_names[1:] != sorted_names[:-1]
    numbers = np.empty(len(names), np.intp)
    numbers[order] = np.cumsum(is_new)
    return numbers


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
