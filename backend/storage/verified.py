"""Models' files, checked against the database's hash: what was hashed is what is used."""

import errno
import hashlib
from pathlib import Path
from typing import BinaryIO

from backend.errors import ModelCorrupt
from backend.storage.atomic import write_atomically

_CHUNK = 1 << 20

_WHAT_TO_DO = "Restore it from a backup, or train the model again."


def open_verified(path: Path, sha256: str) -> BinaryIO:
    """Open a file of that hash at its beginning.

    A file that is replaced afterwards does not matter: what was opened is what was hashed.

    Raises:
        ModelCorrupt: it is missing, cannot be read, or is not the one that was saved.
    """
    file = _open(path)
    try:
        found = hashlib.sha256()
        while piece := _read(file, path):
            found.update(piece)
        _require_same(path, sha256, found.hexdigest())
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def copy_verified(path: Path, sha256: str, target: Path) -> None:
    """Replace `target` by a copy of a file of that hash, in one step; durable on return.

    Raises:
        ModelCorrupt: as `open_verified`; `target` is as it was.
        OSError: for example, the disk is full; `target` is as it was.
    """

    def copy(sink: BinaryIO) -> None:
        found = hashlib.sha256()
        while piece := _read(source, path):
            found.update(piece)
            sink.write(piece)
        _require_same(path, sha256, found.hexdigest())

    with _open(path) as source:
        write_atomically(target, copy)


def _open(path: Path) -> BinaryIO:
    try:
        if not path.is_file():  # opening a pipe would wait for a writer
            raise ModelCorrupt(
                f"The model's file {path.name} is missing on the server. {_WHAT_TO_DO}"
            )
        return open(path, "rb")
    except (FileNotFoundError, PermissionError) as error:
        raise _unreadable(path, error) from error


def _read(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(_CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelCorrupt:
    return ModelCorrupt(
        f"The model's file {path.name} cannot be read on the server: {error.strerror}. "
        f"{_WHAT_TO_DO}"
    )


def _require_same(path: Path, sha256: str, found: str) -> None:
    if found != sha256:
        raise ModelCorrupt(
            f"The model's file {path.name} is damaged: expected sha256 {sha256}, found {found}. "
            f"{_WHAT_TO_DO}"
        )
