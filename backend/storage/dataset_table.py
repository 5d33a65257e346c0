"""The accepted rows of a dataset on disk: a `.npy` file of ROW_DTYPE, written and read in pieces.

Another one, of `evidence_dtype`, may lie beside it.

A table can be larger than the server's memory, so no function here loads all of it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from backend.shortage import is_shortage
from backend.transit.columns import LABELS, ROW_DTYPE, evidence_dtype
from backend.transit.rows import Index, Rows

_BLOCK_ROWS = 16_384

# Of a header, should Python fail at it.
_MOST_PARSES = 10

# Rows of each class; in nearly every table enough to see that it has enough stars.
_SAMPLE_ROWS = 5_000


class TableWriter:
    """Appends rows to a `.npy` file whose length is known only at the end."""

    def __init__(self, file: BinaryIO, dtype: np.dtype[np.void] = ROW_DTYPE) -> None:
        """Start a table of rows of a type in an empty file that is open for writing."""
        self._file = file
        self._dtype = dtype
        self._rows = 0
        self._write_header()
        self._header_length = file.tell()

    def append(self, rows: Rows) -> None:
        """Add rows of the table's type."""
        self._file.write(np.ascontiguousarray(rows).tobytes())
        self._rows += len(rows)

    def finish(self) -> None:
        """Write the number of rows into the header, which NumPy pads to leave room for it."""
        self._file.seek(0)
        self._write_header()
        if self._file.tell() != self._header_length:
            raise RuntimeError("The table's header no longer has the length that was reserved.")

    def _write_header(self) -> None:
        description = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._rows,),
        }
        np.lib.format.write_array_header_1_0(self._file, description)


def is_whole(path: Path, rows: int) -> bool:
    """Whether there is a table of that many rows; their values are not looked at.

    Raises:
        OSError: no file can be opened at the moment.
    """
    try:
        with open(path, "rb") as file:
            shape, dtype = _header_of(file)
            expected = file.tell() + rows * dtype.itemsize
            return shape == (rows,) and os.fstat(file.fileno()).st_size == expected
    except OSError as error:
        if is_shortage(error):
            raise
        return False
    except ValueError:
        return False


def _header_of(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype[np.void]]:
    """The shape and the type of a table.

    NumPy has Python parse the header, and Python may fail where two threads parse at once
    (gh-106905: "AST constructor recursion depth mismatch"); then it is parsed again.
    """
    for _ in range(_MOST_PARSES - 1):
        try:
            return _parsed_header_of(file)
        except SystemError:
            file.seek(0)
    return _parsed_header_of(file)


def _parsed_header_of(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype[np.void]]:
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype


def are_same(path: Path, other: Path) -> bool:
    """Whether two tables have the same rows in the same order, unknown numbers included."""
    first, second = np.load(path, mmap_mode="r"), np.load(other, mmap_mode="r")
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return all(
        np.array_equal(
            first[start : start + _BLOCK_ROWS][name],
            second[start : start + _BLOCK_ROWS][name],
            equal_nan=first.dtype[name].kind == "f",
        )
        for start in range(0, len(first), _BLOCK_ROWS)
        for name in first.dtype.names
    )


def read_rows(path: Path, offset: int, limit: int) -> tuple[Index, Rows]:
    """The rows from `offset` to `offset + limit`: their indices and values."""
    table = np.load(path, mmap_mode="r")
    rows = np.array(table[offset : offset + limit])
    return np.arange(offset, offset + len(rows)), rows


def read_rows_of_label(path: Path, label: int, offset: int, limit: int) -> tuple[Index, Rows]:
    """The same among the rows of one class; the indices refer to the whole table."""
    indices: list[Index] = []
    parts: list[Rows] = []
    to_skip, to_take = offset, limit
    for start, block in _blocks(path):
        matches = np.flatnonzero(block["label"] == label)
        taken = matches[to_skip : to_skip + to_take]
        to_skip = max(0, to_skip - len(matches))
        to_take -= len(taken)
        indices.append(start + taken)
        parts.append(block[taken])
        if to_take == 0:
            break
    return np.concatenate(indices), np.concatenate(parts)


def open_rows(path: Path) -> Rows:
    """All rows, in the file: they stay readable when it is deleted meanwhile."""
    rows: Rows = np.load(path, mmap_mode="r")
    return rows


def open_evidence(path: Path) -> Rows:
    """What a table tells besides: EVIDENCE_DTYPE and those fields of TEACHING_DTYPE that it has.

    Releases up to 0.5.0 wrote EVIDENCE_DTYPE alone, and so it still is where a table has no others.

    Raises:
        ValueError: the file holds something else.
        OSError: it cannot be read.
    """
    rows: Rows = np.load(path, mmap_mode="r")
    if rows.dtype != evidence_dtype(rows.dtype.names or ()):
        raise ValueError(f"{path.name} holds rows of another kind: {rows.dtype}")
    return rows


def read_rows_at(path: Path, indices: Index) -> Rows:
    """The rows at some indices, in that order."""
    table = np.load(path, mmap_mode="r")
    return np.array(table[indices])


def sample_of_labels(path: Path) -> Rows:
    """The first rows of each class.

    The whole table has at least as many rows, classes and stars as this sample.
    """
    wanted = dict.fromkeys(range(len(LABELS)), _SAMPLE_ROWS)
    parts: list[Rows] = []
    for _, block in _blocks(path):
        for label in list(wanted):
            positions = np.flatnonzero(block["label"] == label)[: wanted[label]]
            wanted[label] -= len(positions)
            parts.append(block[positions])
            if not wanted[label]:
                del wanted[label]
        if not wanted:
            break
    return np.concatenate(parts)


def _blocks(path: Path) -> Iterator[tuple[int, Rows]]:
    """The table in blocks, each with the index of its first row."""
    with open(path, "rb") as file:
        np.lib.format.read_magic(file)
        (length,), _, _ = np.lib.format.read_array_header_1_0(file)
        for start in range(0, length, _BLOCK_ROWS):
            yield start, np.fromfile(file, ROW_DTYPE, min(_BLOCK_ROWS, length - start))
