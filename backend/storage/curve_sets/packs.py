"""A pack: records of light curves in one file that never changes, with its own index.

    8 bytes "exocurve"; the records; the index, INDEX_DTYPE; the outcomes of the files that were
    read meanwhile, deflated JSON; then a footer of JSON, its length as 8 bytes, "exocurve".

It is written beside its place and named by its SHA-256 once it is whole: a kill leaves a pack or
none.
"""

import hashlib
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from backend.errors import DiskFull
from backend.storage.atomic import partial_of, put_in_place
from backend.storage.curve_sets.records import INDEX_DTYPE, Entry
from backend.storage.incoming import open_growing

MAGIC = b"exocurve"
SUFFIX = ".curves"

_FORMAT = 1
_MOST_OUTCOMES_BYTES = 1 << 28

# What became of a file: see `light_curves.outcomes`.
Outcome = dict[str, Any]


class DamagedPack(ValueError):
    """A file that is no whole pack."""


@dataclass(frozen=True)
class Pack:
    """A pack that is open for reading.

    Attributes:
        path: the file.
        sha256: its name.
        ingest: which run wrote it; see `light_curves.ingest`.
        index: INDEX_DTYPE, (n,).
        outcomes: of the files that were read meanwhile.
    """

    path: Path
    sha256: str
    ingest: str
    index: NDArray[np.void]
    outcomes: list[Outcome]


class PackWriter:
    """Writes one pack.

    Attributes:
        size: bytes of the records so far.
        count: their number.
        outcomes: of the files; to be added to.
    """

    def __init__(self, folder: Path, ingest: str) -> None:
        """Begin a pack in a folder of packs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.outcomes: list[Outcome] = []
        self.size = 0
        self._folder, self._ingest = folder, ingest
        self._entries: list[Entry] = []
        self._partial = partial_of(folder / f"pack{SUFFIX}")
        self._hash = hashlib.sha256()
        self._file: BinaryIO = open_growing(self._partial)
        self._write(MAGIC)

    @property
    def count(self) -> int:
        """How many records it has."""
        return len(self._entries)

    def add(self, entry: Entry, record: bytes) -> None:
        """Append a record; its place is written into a copy of its line of the index.

        Raises:
            DiskFull: the disk is nearly full.
        """
        placed = entry.copy()
        placed["offset"], placed["file"] = len(MAGIC) + self.size, len(self.outcomes)
        self._write(record)
        self.size += len(record)
        self._entries.append(placed)

    def finish(self) -> str:
        """Put the pack in its place; durable on return. Its SHA-256.

        Raises:
            DiskFull, OSError: it is as if it had not been begun.
        """
        index = np.array(self._entries, INDEX_DTYPE).tobytes()
        outcomes = zlib.compress(json.dumps(self.outcomes).encode())
        footer = json.dumps(
            {
                "format": _FORMAT,
                "ingest": self._ingest,
                "records": self.size,
                "index": len(index),
                "outcomes": len(outcomes),
            }
        ).encode()
        try:
            self._write(index + outcomes + footer + len(footer).to_bytes(8, "little") + MAGIC)
            self._file.close()
            sha256 = self._hash.hexdigest()
            put_in_place(self._partial, self._folder / f"{sha256}{SUFFIX}")
        except BaseException:
            self.discard()
            raise
        return sha256

    def discard(self) -> None:
        """Give it up."""
        with suppress(OSError, DiskFull):  # a full disk does not take what is still in the buffer
            self._file.close()
        self._partial.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)


def open_pack(path: Path) -> Pack:
    """Read the index of a pack.

    Raises:
        DamagedPack: it is no whole pack of a format that is known.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        try:
            file.seek(max(size - 16, 0))
            length = int.from_bytes(file.read(8), "little")
            if file.read() != MAGIC or length > size:
                raise DamagedPack(f"{path.name} is no whole pack of light curves.")
            file.seek(size - 16 - length)
            footer = json.loads(file.read(length))
            index_size, outcomes_size = int(footer["index"]), int(footer["outcomes"])
            if footer["format"] != _FORMAT:
                raise DamagedPack(f"{path.name} was written by a later release.")
            expected = len(MAGIC) + int(footer["records"]) + index_size + outcomes_size
            if min(index_size, outcomes_size) < 0 or expected + length + 16 != size:
                raise DamagedPack(f"{path.name} has another length than it says.")
            file.seek(len(MAGIC) + int(footer["records"]))
            index = np.frombuffer(file.read(index_size), INDEX_DTYPE)
            plain = zlib.decompressobj().decompress(file.read(outcomes_size), _MOST_OUTCOMES_BYTES)
            outcomes = json.loads(plain)
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise DamagedPack(f"{path.name} is no whole pack of light curves: {error}") from error
    return Pack(path, path.name.removesuffix(SUFFIX), str(footer["ingest"]), index, outcomes)


def read_record(file: BinaryIO, entry: Entry) -> bytes:
    """The bytes of a record, of an open pack."""
    file.seek(int(entry["offset"]))
    return file.read(int(entry["length"]))
