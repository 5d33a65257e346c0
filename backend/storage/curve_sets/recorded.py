"""Versions of a curve set as the database knows them: it has the last word on which there are.

A server that is killed between the file of a version and its row leaves a file too many.
"""

import re
from pathlib import Path

from backend.storage.curve_sets.packs import SUFFIX
from backend.storage.curve_sets.versions import read_version, version_file

_VERSION = re.compile(r"([1-9][0-9]{0,8})\.json", re.ASCII)


def recorded(folder: Path, number: int) -> tuple[str, ...]:
    """The packs of a version, by their SHA-256; of number 0 none.

    Raises:
        DamagedPack: the file of the version cannot be read.
        OSError: it is missing.
    """
    return read_version(folder, number).packs if number else ()


def files_until(folder: Path, number: int) -> list[Path]:
    """The files of all versions up to a number: each version's own, then the packs.

    Raises:
        DamagedPack, OSError: as of `recorded`.
    """
    numbers = range(1, number + 1)
    packs = {each for one in numbers for each in recorded(folder, one)}
    own = [version_file(folder, each) for each in numbers]
    return [*own, *(folder / f"{each}{SUFFIX}" for each in sorted(packs))]


def forget_after(folder: Path, number: int) -> None:
    """Delete the files of versions above a number; their packs stay for the run that made them."""
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        name = _VERSION.fullmatch(each.name)
        if name and int(name[1]) > number:
            each.unlink(missing_ok=True)
