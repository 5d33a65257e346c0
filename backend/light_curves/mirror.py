"""A folder of light curves on the server: read where it is, never written to.

What is in it is kept as an index in the data folder, so that a file is opened once for its header,
and not again until its size or its time of change is another. Links that lead out of the folder
are not followed, and no link to a folder is. The index is deflated JSON, a line for 1,000 files, so
that other threads of the server work while it is read.
"""

import json
import logging
import os
import zlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from backend.errors import Unavailable
from backend.light_curves.in_place import shown
from backend.light_curves.reader import CurveReader, Report, Source
from backend.light_curves.walk import walk
from backend.storage.atomic import write_atomically

_FORMAT = 1

# After so many the index is written, so that a kill costs no more.
_BATCH = 2_000

_LINE = 1_000

# Of a file that is to be looked at again the next time, whatever its time is.
_NOT_LASTING = 0

log = logging.getLogger(__name__)


class FolderMissing(Exception):
    """The folder is not what it was: a disk may have gone; the message says so to people."""


class MirrorFile(NamedTuple):
    """A file of the folder.

    Attributes:
        name: its path within the folder.
        size, changed: bytes, and nanoseconds since 1970; 0: it is to be looked at again.
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

    @property
    def shown(self) -> str:
        """Its name for people."""
        return shown(self.name)


class Mirror:
    """What is in the folder, as the index has it.

    Attributes:
        root: the folder.
        files: all of them, by name.
        indexed_at: when all of it was looked through last, UTC, ISO 8601; None: never yet.
    """

    def __init__(
        self, root: Path, files: Sequence[MirrorFile], indexed_at: str | None = None
    ) -> None:
        """Take the folder and what is in it."""
        self.root = root
        self.indexed_at = indexed_at
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
        files = sorted(self._of_star.get(star, []), key=lambda file: file.name)
        return [source_of(self.root, each.name) for each in files]

    def files_of(self, stars: Collection[str] | None) -> list[MirrorFile]:
        """The files of some stars, or of all with None; each once, by name."""
        names = self._of_star if stars is None else stars
        found = {each.name: each for star in names for each in self._of_star.get(star, [])}
        return [found[name] for name in sorted(found)]

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
        head, *lines = zlib.decompress(index.read_bytes()).decode("ascii").split("\n")
        told = json.loads(head)
        if told["format"] != _FORMAT or told["root"] != str(root.resolve()):
            return Mirror(root, [])
        files = [_file(each) for line in lines for each in json.loads(line)]
        if len(files) != told["files"]:
            raise ValueError
        return Mirror(root, files, told["indexed_at"])
    except FileNotFoundError:
        return Mirror(root, [])
    except (ValueError, KeyError, TypeError, zlib.error):
        log.warning("the index of %s is damaged, and is made again", root)
        return Mirror(root, [])


def source_of(root: Path, name: str) -> Source:
    """A file of a folder, for `CurveReader.read`."""
    return Source(root / name, shown(name), root)


def refresh(
    root: Path,
    index: Path,
    reader: CurveReader,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    check: Callable[[], None] = lambda: None,
    *,
    is_thorough: bool = False,
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
        is_thorough: open also those again that were refused.

    Raises:
        FolderMissing: it has become empty, or was exchanged on the way; the index stays.
        OSError: the folder cannot be listed, or the index cannot be written.
        DiskFull, Unavailable: as `CurveReader.read`.
    """
    earlier = open_mirror(root, index)
    known = {name: each for name, each in earlier.files.items() if not name.endswith("/")}
    place = root.stat()
    unlisted: list[tuple[str, str]] = []
    there = {name: (size, time) for name, size, time in walk(root, check, unlisted)}
    if known and not there:
        raise FolderMissing(
            f"The folder is empty, but had files before ({len(known):,}): its disk may not be "
            "mounted."
        )
    _require_place(root, place)
    same = {
        name: each
        for name, each in known.items()
        if there.get(name) == (each.size, each.changed) and not (is_thorough and each.why)
    }
    for folder, _ in unlisted:  # what is in them is not forgotten
        same |= {name: each for name, each in known.items() if name.startswith(folder)}
    new = [name for name in there if name not in same]
    for first in range(0, len(new), _BATCH):

        def opened(done: int, before: int = first) -> None:
            progress(before + done, len(new))

        names = new[first : first + _BATCH]
        same |= _open_files(root, {each: there[each] for each in names}, reader, opened, check)
        _require_place(root, place)
        if first + _BATCH < len(new):
            _write(index, root, list(same.values()), earlier.indexed_at)
    folders = [MirrorFile(name, 0, _NOT_LASTING, (), "", "", why) for name, why in unlisted]
    found = Mirror(root, [*same.values(), *folders], _now())
    _write(index, root, list(found.files.values()), found.indexed_at)
    return found


def _open_files(
    root: Path,
    places: dict[str, tuple[int, int]],
    reader: CurveReader,
    opened: Callable[[int], None],
    check: Callable[[], None],
) -> dict[str, MirrorFile]:
    """What is in some files, given with size and time of change; by name, without any missing.

    One reading ends after some files that end the reader, so it begins again behind these.
    """
    found: dict[str, MirrorFile] = {}
    waiting = list(places)
    while waiting:
        names = waiting

        def take(report: Report, names: list[str] = names) -> None:
            name = names[report.place[0]]
            found[name] = _from_report(name, *places[name], report)
            opened(len(found))

        reader.read(
            [source_of(root, each) for each in names], {}, list, take, check, only_facts=True
        )
        waiting = [name for name in names if name not in found]
        if len(waiting) == len(names):
            raise Unavailable("The process that opens light curves says nothing of them.")
    return found


def _require_place(root: Path, place: os.stat_result) -> None:
    """Check that the folder is the one that it was: what is gone with it is not forgotten."""
    try:
        is_same = os.path.samestat(root.stat(), place)
    except OSError:
        is_same = False
    if not is_same:
        raise FolderMissing(
            "The folder was exchanged or has gone while it was looked through: its disk may have "
            "been unmounted."
        )


def _from_report(name: str, size: int, time: int, report: Report) -> MirrorFile:
    facts = report.facts
    return MirrorFile(
        name,
        size,
        _NOT_LASTING if facts.get("is_passing") else time,
        tuple(str(each) for each in facts.get("stars", [])),
        str(facts.get("mission", "")),
        str(facts.get("name", "")),
        report.why,
    )


def _file(told: list[Any]) -> MirrorFile:
    name, size, time, stars, mission, part, why = told
    return MirrorFile(str(name), int(size), int(time), tuple(stars), mission, part, why)


def _write(index: Path, root: Path, files: list[MirrorFile], indexed_at: str | None) -> None:
    head = {
        "format": _FORMAT,
        "root": str(root.resolve()),
        "files": len(files),
        "indexed_at": indexed_at,
    }
    lines = (files[first : first + _LINE] for first in range(0, len(files), _LINE))
    text = "\n".join(json.dumps(each) for each in (head, *lines))
    content = zlib.compress(text.encode("ascii"), 1)
    write_atomically(index, lambda file: file.write(content))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
