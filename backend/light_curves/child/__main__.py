"""`python -m backend.light_curves.child`: reads the files of an upload, one after the other.

The job is a line of JSON on standard input. Before each file its place is written to the journal,
after it what came of it; its records go to a spool, each with its line of the index before it. So
whatever a file does to this process, the server knows which one it was, and has all before it.
"""

import json
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from backend.errors import NoSpace
from backend.light_curves.child.archives import Item, items
from backend.light_curves.child.reading import Said
from backend.light_curves.in_place import NotNow
from backend.storage.curve_sets.records import Entry, encode_segment, encode_views
from backend.storage.disk import is_full
from backend.storage.incoming import require_space
from backend.tables.child import limits
from backend.tables.child.limits import NotReadable

_LONGEST_MESSAGE = 300
_SPOOL_BYTES = 32 << 20


def main() -> None:
    """Do the job."""
    job = limits.begin()
    try:
        read_all(job)
    except NoSpace as error:
        limits.end(job, {"no_space": error.detail})
    except OSError as error:
        if not is_full(error):
            raise
        limits.end(job, {"no_space": "The disk is full."})
    limits.end(job, {})


def read_all(job: dict[str, Any]) -> None:
    """Read the files of a job.

    Args:
        job: `sources`, `start` and `said`; `known`, the SHA-256 of files that are not read again;
            `journal`, a file, and `spool` and `room`, folders; `memory_mb`, `seconds`; `facts`,
            whether only that is asked which their headers say.
    """
    known: set[str] = set(json.loads(Path(job["known"]).read_text()))
    said = Said(**job["said"])
    with open(job["journal"], "a", encoding="ascii") as journal:
        spool = _Spool(Path(job["spool"]))

        def note(source: int, member: int, name: str) -> None:
            limits.more_time(job["seconds"])
            _say(journal, {"begun": [source, member], "name": name})

        if job["facts"]:
            for number, source in enumerate(job["sources"][job["start"][0] :], job["start"][0]):
                note(number, 0, source["name"])
                _say(journal, _facts(number, source, Path(job["room"]), job["memory_mb"]))
            return
        for item in items(job["sources"], tuple(job["start"]), Path(job["room"]), note):
            _say(journal, _outcome(item, said, known, spool, job["memory_mb"]))


class _Spool:
    """Records on their way to the server, in files that it deletes behind itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.number = max((int(each.name) for each in folder.iterdir()), default=-1) + 1
        self._file: BinaryIO = open(folder / str(self.number), "wb")  # noqa: SIM115 - until the end

    def begin(self) -> None:
        """Go on with another file if this one is long."""
        if self._file.tell() > _SPOOL_BYTES:
            self._file.close()
            self.number += 1
            self._file = open(self._folder / str(self.number), "wb")  # noqa: SIM115

    def tell(self) -> int:
        return self._file.tell()

    def add(self, entry: Entry, record: bytes) -> None:
        require_space(self._folder, len(record))
        self._file.write(entry.tobytes())
        self._file.write(record)

    def back_to(self, place: int) -> None:
        """Forget what was written behind a place."""
        self._file.seek(place)
        self._file.truncate()

    def flush(self) -> None:
        self._file.flush()


def _outcome(
    item: Item, said: Said, known: set[str], spool: _Spool, memory_mb: int
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "done": [item.source, item.member],
        "name": item.name,
        "sha256": item.sha256,
        "size": item.size,
        "is_of_archive": item.is_of_archive,
    }
    if item.path is None:
        return {**told, "why": item.why}
    if item.sha256 in known:
        return {**told, "known": True}
    spool.begin()
    place = spool.tell()
    try:
        count, notes = _read(item, said, spool)
        spool.flush()
    except Exception as error:  # whatever a library says of a damaged file
        if isinstance(error, NoSpace) or is_full(error):
            raise
        spool.back_to(place)
        return {**told, "why": _reason(error, memory_mb)}
    known.add(item.sha256)
    return {**told, "spool": spool.number, "at": place, "records": count, "notes": notes}


def _facts(number: int, source: dict[str, str], room: Path, memory_mb: int) -> dict[str, Any]:
    """What a file's header says, or why it is no light curve."""
    from backend.light_curves.child import facts

    told: dict[str, Any] = {
        "done": [number, 0],
        "name": source["name"],
        "sha256": "",
        "size": 0,
        "is_of_archive": False,
    }
    try:
        path, root = Path(source["path"]), Path(source["root"])
        return {**told, "facts": facts.of_file(path, source["name"], room, root)}
    except Exception as error:
        if isinstance(error, NoSpace) or is_full(error):
            raise
        # An error of the system has a number, that of a library about a file has none.
        is_passing = isinstance(error, NotNow) or getattr(error, "errno", None) is not None
        why = _reason(error, memory_mb)
        return {**told, "why": why, "facts": {"is_passing": is_passing}}


def _read(item: Item, said: Said, spool: _Spool) -> tuple[int, list[str]]:
    """Read a file into the spool: how many records, and what was odd."""
    assert item.path is not None
    with open(item.path, "rb") as file:
        is_zip = file.read(2) == b"PK"
    if is_zip:
        from backend.light_curves.child import views

        found_views = views.read(item.path, said.star)
        for each in found_views.views:
            spool.add(*encode_views(each.star, each.period, each.name, each.views))
        return len(found_views.views), found_views.notes
    from backend.light_curves.child import reading

    found = reading.read(item.path, item.name, said)
    for star, segment in found.segments:
        spool.add(*encode_segment(star, segment))
    return len(found.segments), found.notes


def _reason(error: Exception, memory_mb: int) -> str:
    """Why a file was not read, in words."""
    if isinstance(error, MemoryError):
        return f"The file needs more than {memory_mb:,} MB of memory, which is not allowed."
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotReadable):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    text = "".join(each for each in " ".join(str(error).split()) if each.isprintable())
    why = f"{type(error).__name__}: {text[:_LONGEST_MESSAGE]}" if text else type(error).__name__
    return f"The file cannot be read ({why}). It is damaged, or not of the kind that it seems."


def _say(journal: TextIO, what: dict[str, Any]) -> None:
    journal.write(json.dumps(what) + "\n")
    journal.flush()


if __name__ == "__main__":
    main()
