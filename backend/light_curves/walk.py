"""Lists what is in a folder that is not ours: no link out of it is followed."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.light_curves.in_place import changed

_MOST_FILES = 5_000_000

log = logging.getLogger(__name__)


def walk(
    root: Path,
    check: Callable[[], None] = lambda: None,
    unlisted: list[tuple[str, str]] | None = None,
) -> Iterator[tuple[str, int, int]]:
    """The name, size and time of change of each file of a folder, and of those in it.

    Names that begin with a dot are passed over.

    Args:
        root: the folder.
        check: is called before each folder in it.
        unlisted: gets the folders in it that cannot be listed, by name, with the reason.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    real = root.resolve()
    waiting = [""]
    count = 0
    while waiting:
        within = waiting.pop()
        check()
        try:
            entries = sorted(os.scandir(root / within), key=lambda entry: entry.name)
        except OSError as error:
            if not within:
                raise
            log.warning("a folder of light curves cannot be listed: %s", error)
            if unlisted is not None:
                unlisted.append((within, f"The folder cannot be listed: {error.strerror}."))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{within}{entry.name}/")
            elif (stat := _stat(entry, real)) is not None and count < _MOST_FILES:
                count += 1
                yield within + entry.name, stat.st_size, changed(stat)


def _stat(entry: os.DirEntry[str], real: Path) -> os.stat_result | None:
    """What the system says of a file; None if it is none, or a link that leads out."""
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real):
            return None
        return entry.stat() if entry.is_file() else None
    except (OSError, RuntimeError):  # it has gone meanwhile, or is a link to itself
        return None
