"""The data is for the server's own user alone: files 0600, folders 0700, whatever the umask was."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER_MODE = 0o700

# What exotrain makes in a data folder, which may be a folder with other things in it.
_FOLDERS = ("uploads", "model", "exotrain.tmp")
_FILES = ("exotrain.db*", "exotrain.lock", "exotrain.log", "demo.token")

_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO

log = logging.getLogger(__name__)


def keep_private() -> None:
    """Make whatever this process and its children create from now on their user's alone."""
    os.umask(_OF_OTHERS)


def tighten(data_dir: Path) -> None:
    """Take the rights of others from what an earlier release wrote there.

    Nothing but exotrain's own files is touched: the data folder may be the repository or a home.
    """
    refused = [path for path in _own(data_dir) if not _is_tight(path)]
    if refused:
        log.warning(
            "%d files or folders can be read by other users of this machine, and belong to another "
            "user, so that this server cannot change it; the first is %s",
            len(refused),
            refused[0],
        )


def _own(data_dir: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        top = data_dir / name
        if top.is_dir():
            yield top.resolve()  # it may be a link to another disk
        for folder, folders, files in os.walk(top):
            yield from (Path(folder, each) for each in (*folders, *files))
    for pattern in _FILES:
        yield from data_dir.glob(pattern)


def _is_tight(path: Path) -> bool:
    """Whether only the owner has access to `path` now; links lead to what is not ours."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return True
        if mode & _OF_OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OF_OTHERS)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    return True
