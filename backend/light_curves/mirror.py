"""A folder of light curves on the server: read where it is, never written to.

What is in it is kept as an index in the data folder, so that a file is opened once for its header,
and not again until its size or its time of change is another. Links that lead out of the folder
are not followed, and no link to a folder is.
"""

import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backend.light_curves.reader import CurveReader, Report, Source
from backend.storage.atomic import write_atomically

_FORMAT = 1

# After so many the index is written, so that a kill costs no more.
_BATCH = 2_000

_MOST_FILES = 5_000_000

log = logging.getLogger(__name__)


class MirrorFile(NamedTuple):
    """A file of the folder.

    Attributes:
        name: its path within the folder.
        size, changed: bytes, and nanoseconds since 1970.
        stars: the identifiers in it, as the tables' star column has them.
        mission, part: "kepler", "k2", "tess" or ""; the quarter, campaign or sector.
        why: why it is not used; "" if it is.
    """

    name: str
    size: int
    changed: int
    stars: tuple[str, ...]
    mission: str
    part: str
    why: str


class Mirror:
    """What is in the folder, as the index has it.

    Attributes:
        root: the folder.
        files: all of them, by name.
    """

    def __init__(self, root: Path, files: Sequence[MirrorFile]) -> None:
        """Take the folder and what is in it."""
        self.root = root
        self.files = {each.name: each for each in files}
        self._of_star: dict[str, list[MirrorFile]] = {}
        for each in files:
            for star in each.stars:
                self._of_star.setdefault(star, []).append(each)

    def stars(self) -> list[str]:
        """The identifiers of all stars, in order."""
        return sorted(self._of_star)

    def sources_of(self, star: str) -> list[Source]:
        """The files of a star, for `CurveReader.read`; none if it is not there."""
        return [
            Source(self.root / each.name, each.name)
            for each in sorted(self._of_star.get(star, []), key=lambda file: file.name)
        ]

    def refused(self) -> list[MirrorFile]:
        """The files that are not used."""
        return [each for each in self.files.values() if each.why]


def open_mirror(root: Path, index: Path) -> Mirror:
    """The folder as the index has it; empty if there is none, or one of another folder.

    Args:
        root: the folder.
        index: a file in the data folder.

    Raises:
        OSError: the index is there, and cannot be read.
    """
    try:
        told = json.loads(zlib.decompress(index.read_bytes()))
        if told["format"] != _FORMAT or told["root"] != str(root.resolve()):
            return Mirror(root, [])
        return Mirror(root, [_file(each) for each in told["files"]])
    except FileNotFoundError:
        return Mirror(root, [])
    except (ValueError, KeyError, TypeError, zlib.error):
        log.warning("the index of %s is damaged, and is made again", root)
        return Mirror(root, [])


def refresh(
    root: Path,
    index: Path,
    reader: CurveReader,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    check: Callable[[], None] = lambda: None,
) -> Mirror:
    """Look through the folder, open what is new or changed, and write the index.

    Args:
        root: the folder.
        index: a file in the data folder.
        reader: has the files opened.
        progress: is called with how many of the new and changed files were opened, and their
            number.
        check: is called now and then; what it raises ends the work. What was opened before stays
            in the index, up to 2,000 files.

    Raises:
        OSError: the folder cannot be listed, or the index cannot be written.
        DiskFull, Unavailable: as `CurveReader.read`.
    """
    known = open_mirror(root, index).files
    there = {name: (size, changed) for name, size, changed in walk(root, check)}
    same = {
        name: each for name, each in known.items() if there.get(name) == (each.size, each.changed)
    }
    new = [name for name in there if name not in same]
    if len(same) < len(known):
        _write(index, root, list(same.values()))
    for first in range(0, len(new), _BATCH):
        names = new[first : first + _BATCH]
        found: dict[str, Report] = {}

        def take(report: Report, found: dict[str, Report] = found, before: int = first) -> None:
            found[report.name] = report
            progress(before + len(found), len(new))

        sources = [Source(root / name, name) for name in names]
        reader.read(sources, {}, list, take, check, only_facts=True)
        for name in names:
            if name in found:
                same[name] = _from_report(name, *there[name], found[name])
        _write(index, root, list(same.values()))
    return Mirror(root, list(same.values()))


def walk(root: Path, check: Callable[[], None] = lambda: None) -> Iterator[tuple[str, int, int]]:
    """The name, size and time of change of each file of a folder, and of those in it.

    Names that begin with a dot are passed over.

    Raises:
        OSError: the folder itself cannot be listed; one in it that cannot is passed over.
    """
    real = root.resolve()
    waiting = [root]
    count = 0
    while waiting:
        folder = waiting.pop()
        check()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder == root:
                raise
            log.warning("a folder of light curves cannot be listed: %s", error)
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif (stat := _stat(entry, real)) is not None and count < _MOST_FILES:
                count += 1
                yield os.path.relpath(entry.path, root), stat.st_size, stat.st_mtime_ns


def _stat(entry: os.DirEntry[str], real: Path) -> os.stat_result | None:
    """What the system says of a file; None if it is none, or a link that leads out."""
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real):
            return None
        return entry.stat() if entry.is_file() else None
    except OSError:  # it has gone meanwhile
        return None


def _from_report(name: str, size: int, changed: int, report: Report) -> MirrorFile:
    facts = report.facts
    return MirrorFile(
        name,
        size,
        changed,
        tuple(str(each) for each in facts.get("stars", [])),
        str(facts.get("mission", "")),
        str(facts.get("name", "")),
        report.why,
    )


def _file(told: list[Any]) -> MirrorFile:
    name, size, changed, stars, mission, part, why = told
    return MirrorFile(str(name), int(size), int(changed), tuple(stars), mission, part, why)


def _write(index: Path, root: Path, files: list[MirrorFile]) -> None:
    told = {"format": _FORMAT, "root": str(root.resolve()), "files": files}
    content = zlib.compress(json.dumps(told).encode(), 1)
    write_atomically(index, lambda file: file.write(content))
