"""A part on the disk: what is to be said of it, then its records; whole or not there.

a line of JSON: {key, sha256, facts}
VIEW_ROW_DTYPE, sorted by star
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from backend.light_curves.preparing.facts import Facts
from backend.storage.atomic import replacing, write_atomically
from backend.storage.incoming import open_growing, require_space
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, ViewRows

_LONGEST_LINE = 1 << 20


class DamagedPart(ValueError):
    """A file that is not the part that it should be."""


def write_part(path: Path, key: str, records: list[np.void], facts: Facts) -> None:
    """Write a part; durable on return.

    Args:
        path: where.
        key: of the part, see `division`.
        records: VIEW_ROW_DTYPE.
        facts: what is to be said of its rows.

    Raises:
        DiskFull, OSError: it is as if nothing had been called.
    """
    content = np.array(records, VIEW_ROW_DTYPE).tobytes()
    told = {
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "facts": facts.as_json(),
    }
    require_space(path.parent, len(content))
    line = json.dumps(told).encode() + b"\n"
    write_atomically(path, lambda file: file.write(line + content))


def read_part(path: Path, key: str) -> tuple[ViewRows, Facts]:
    """Read a part.

    Raises:
        DamagedPart: it is not that part, or not whole.
        OSError: it is missing, or cannot be read.
    """
    with open(path, "rb") as file:
        line, content = file.readline(_LONGEST_LINE), file.read()
    try:
        told = json.loads(line)
        is_whole = told["sha256"] == hashlib.sha256(content).hexdigest()
        if not is_whole or told["key"] != key:
            raise DamagedPart(f"{path.name} is not whole, or is of something else.")
        return np.frombuffer(content, VIEW_ROW_DTYPE), Facts.from_json(told["facts"])
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedPart(f"{path.name} is no part: {error}") from error


def is_whole(path: Path, key: str) -> bool:
    """Whether a part is there."""
    try:
        read_part(path, key)
    except (DamagedPart, FileNotFoundError):
        return False
    return True


def merge(
    target: Path, parts: list[tuple[Path, str]], check: Callable[[], None] = lambda: None
) -> Facts:
    """Make one file of all parts: `.npy` of VIEW_ROW_DTYPE, sorted by row; durable on return.

    Never more than a part is in memory.

    Args:
        target: the file.
        parts: where they are, and their keys.
        check: is called before each part; what it raises ends it, and nothing is left.

    Returns:
        What is to be said of all.

    Raises:
        DamagedPart: one is not whole, or rows come twice: nothing was written.
        DiskFull, OSError: nothing is left.
    """
    facts, rows = Facts(), [np.zeros(0, np.int64)]
    for path, key in parts:
        check()
        records, of_part = read_part(path, key)
        facts.add(of_part)
        rows.append(records["row"].copy())
    together = np.sort(np.concatenate(rows))
    if (np.diff(together) <= 0).any():
        raise DamagedPart("A row is in two parts.")
    with replacing(target) as partial, open_growing(partial) as file:
        start = _write_header(file, len(together))
        for (path, key), own in zip(parts, rows[1:], strict=True):
            check()
            records, _ = read_part(path, key)
            for record, place in zip(records, np.searchsorted(together, own), strict=True):
                file.seek(start + int(place) * VIEW_ROW_DTYPE.itemsize)
                file.write(record.tobytes())
        file.flush()
    return facts


def _write_header(file: BinaryIO, count: int) -> int:
    """The header of the `.npy` file; its length."""
    header = {
        "descr": np.lib.format.dtype_to_descr(VIEW_ROW_DTYPE),
        "fortran_order": False,
        "shape": (count,),
    }
    np.lib.format.write_array_header_2_0(file, header)
    return file.tell()
