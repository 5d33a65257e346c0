"""The files of a batch as they grow: what was counted stays, what lies behind it is cut off."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.storage.incoming import require_space
from backend.transit.catalog.reader import Catalog, Chunk


class StartAgain(Exception):
    """What was written does not fit to the file's chunks, or is not all there."""


class Lines:
    """Takes what a `csv.writer` writes: a line at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lines: list[bytes] = []

    def write(self, line: str) -> None:
        """Take one."""
        self._lines.append(line.encode())

    def take(self) -> list[bytes]:
        """The lines since the last call."""
        lines, self._lines = self._lines, []
        return lines


def open_after(path: Path, size: int) -> BinaryIO:
    """Open a file for what comes after its first `size` bytes; what lies behind them is cut off.

    Raises:
        StartAgain: it has fewer.
    """
    if size and (not path.exists() or path.stat().st_size < size):
        raise StartAgain
    file = open(path, "r+b" if size else "wb")  # noqa: SIM115 - the caller closes it
    file.truncate(size)
    file.seek(size)
    return file


def append_synced(file: BinaryIO, data: bytes) -> None:
    """Write to the end of a file, and wait until it is on the disk."""
    require_space(Path(str(file.name)).parent, len(data))
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def chunks_after(catalog: Catalog, done: int) -> Iterator[Chunk]:
    """The chunks of a catalogue after its first `done` records.

    Raises:
        StartAgain: they do not end with a chunk.
    """
    seen = 0
    for chunk in catalog:
        if seen >= done:
            yield chunk
        seen += len(chunk.records)
        if seen > done > seen - len(chunk.records):
            raise StartAgain
    if seen < done:
        raise StartAgain
