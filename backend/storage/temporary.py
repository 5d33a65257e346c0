"""Temporary files lie in the data folder: a full or foreign /tmp does not matter."""

import errno
import os
import shutil
import tempfile
from pathlib import Path


def empty(folder: Path) -> None:
    """Delete what killed processes left; for the holder of the lock on the data folder.

    Raises:
        OSError: it is not a folder of exotrain's own, or something in it cannot be deleted.
    """
    if folder.is_symlink():  # what it leads to may hold what is not ours
        raise NotADirectoryError(errno.ENOTDIR, "Expected a folder, found a link", str(folder))
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def use(folder: Path) -> None:
    """Let this process, the libraries in it and its children put their temporary files there."""
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)  # SQLite's too
