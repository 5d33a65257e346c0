"""Has a child process read the files of an upload, and goes on behind a file that ends it.

What a file does to its reader is found out twice: the file on which a child ended is read again
first thing by the next one, and refused if that ends too. The others are read all the same.
"""

import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from backend.errors import Unavailable
from backend.storage.curve_sets.records import INDEX_DTYPE, Entry, is_sound, sha256_matches
from backend.tables.children import Beyond, Crashed, Killed, TableChildren

# Of a spool file, 32 MB and a record of 5 million points, or of an unpacked one, 1 GB at most.
_OUTPUT_BYTES = 2 << 30

# A child that does not even begin with a file has this long: its libraries may come from a slow
# disk.
_START_SECONDS = 60.0

# After so many deaths the upload is made to end children.
_MOST_DEATHS = 40

_RETRY_SECONDS = "10"

log = logging.getLogger(__name__)

Place = tuple[int, int]


class Source(NamedTuple):
    """A file that was sent: a light curve, or an archive of them; `name` is its sender's.

    With `root` it is read where it is, in that folder, which others may change.
    """

    path: Path
    name: str
    root: Path | None = None


class Report(NamedTuple):
    """What a child says of one file.

    Attributes:
        place: the source and the member.
        name, sha256, size: of the file.
        why: why it was refused; "" if it was not.
        is_known: whether its bytes were read before.
        is_of_archive: whether the reason is that of a whole archive.
        notes: what was odd.
        records: lines of the index with their records.
        facts: {stars, mission, name}, where only these were asked; of a refused file {is_passing},
            whether it may be readable another time.
    """

    place: Place
    name: str
    sha256: str
    size: int
    why: str
    is_known: bool
    is_of_archive: bool
    notes: list[str]
    records: list[tuple[Entry, bytes]]
    facts: dict[str, Any]


class _TooSlow(Exception):
    """A file takes longer than any may."""


class CurveReader:
    """Starts the children."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        """Take the limits of a child: its address space, and its time for each file."""
        self._children = TableChildren(memory_mb, seconds, "backend.light_curves.child")

    def read(
        self,
        sources: Sequence[Source],
        said: dict[str, str | None],
        known: Callable[[], Iterable[str]],
        take: Callable[[Report], None],
        check: Callable[[], None] = lambda: None,
        *,
        only_facts: bool = False,
    ) -> None:
        """Read all files of an upload.

        Args:
            sources: what was sent.
            said: `star`, `time` and `flux`, where the upload says it; see `child.reading.Said`.
            known: the SHA-256 of files that need not be read again; asked before each child.
            take: is called with each file's report, in order.
            check: is called now and then; what it raises ends the reading.
            only_facts: read no light curves, but whose they are; archives are not opened. Each
                source has a `root`.

        Raises:
            DiskFull: the disk is nearly full.
            Unavailable: no child can work at the moment; all reports so far were given.
        """
        start: Place = (0, 0)
        died_at: Place | None = None
        for _ in range(_MOST_DEATHS):
            with tempfile.TemporaryDirectory(prefix="curves-", ignore_cleanup_errors=True) as own:
                tail = _Tail(Path(own), take, check, self._children.seconds)
                why = self._run(sources, said, known(), start, tail, only_facts)
            if why is None:
                return
            at = tail.begun
            if at is None:  # it did not even begin: no file is to blame
                raise Unavailable(
                    "The process that reads light curves cannot start: try again in a few seconds.",
                    Retry_After=_RETRY_SECONDS,
                )
            whole = sources[at[0]].name if at[0] < len(sources) else ""
            name = tail.name or whole
            log.warning("the reader of light curves ended at %r: %s", name, why)
            if at == died_at:
                is_whole = name == whole
                take(Report(at, name, "", 0, why, False, is_whole, [], [], {}))
                start = (at[0] + 1, 0) if is_whole else (at[0], at[1] + 1)
                died_at = None
            else:
                start, died_at = at, at
        take(
            Report(
                start, sources[min(start[0], len(sources) - 1)].name, "", 0,
                f"The files made their reader end {_MOST_DEATHS} times: those that follow were not "
                "read. Leave out the ones that were refused.", False, True, [], [], {},
            )
        )  # fmt: skip

    def _run(
        self,
        sources: Sequence[Source],
        said: dict[str, str | None],
        known: Iterable[str],
        start: Place,
        tail: "_Tail",
        only_facts: bool,
    ) -> str | None:
        """Run one child; why it ended before its job was done, None if it was."""
        tail.prepare(known)
        job = {
            "do": "curves",
            "kind": "light curves",
            "sources": [_described(each) for each in sources],
            "start": list(start),
            "facts": only_facts,
            "said": said,
            "output_bytes": _OUTPUT_BYTES,
            **tail.places(),
        }
        memory_mb, seconds = self._children.memory_mb, self._children.seconds
        try:
            self._children.run(job, tail.look, is_endless=True)
            why = None
        except _TooSlow:
            why = f"The file takes more than {seconds:,} seconds, which is not allowed."
        except Beyond as error:
            why = {
                "time": f"The file takes more than {seconds:,} seconds, which is not allowed.",
                "memory": f"The file needs more than {memory_mb:,} MB of memory, which is not "
                "allowed.",
            }.get(error.limit, "The file makes more than is allowed of it.")
        except Crashed:
            why = "The file makes its reader crash: it is damaged."
        except Killed:
            why = "The process that reads the file was killed, twice: it may need too much memory."
        tail.look_once()
        return why


def _described(source: Source) -> dict[str, str]:
    told = {"path": str(source.path.absolute()), "name": source.name}
    return told if source.root is None else {**told, "root": str(source.root.absolute())}


class _Tail:
    """Follows what a child writes.

    Attributes:
        begun: the place of the file that the child is at.
        name: of that file.
    """

    def __init__(
        self,
        own: Path,
        take: Callable[[Report], None],
        check: Callable[[], None],
        seconds: int,
    ) -> None:
        self.begun: Place | None = None
        self.name = ""
        self._own, self._take, self._check = own, take, check
        self._seconds = seconds
        self._since = time.monotonic() + _START_SECONDS
        self._read_to = 0
        self._rest = b""
        self._spool = 0

    def prepare(self, known: Iterable[str]) -> None:
        """Make the places that the child writes to."""
        for name in ("spool", "room"):
            (self._own / name).mkdir()
        (self._own / "journal").touch()
        (self._own / "known").write_text(json.dumps(list(known)), encoding="ascii")

    def places(self) -> dict[str, str]:
        """These places, for the job."""
        return {name: str(self._own / name) for name in ("journal", "known", "spool", "room")}

    def look(self) -> None:
        """Pass on what is new, and end a child that takes too long for one file."""
        self._check()
        if self.look_once():
            self._since = time.monotonic()
        if time.monotonic() - self._since > self._seconds:
            raise _TooSlow

    def look_once(self) -> bool:
        """Pass on what is new; whether anything is."""
        with open(self._own / "journal", "rb") as file:
            file.seek(self._read_to)
            new = file.read()
        self._read_to += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._heard(json.loads(line))
            self._check()
        return bool(lines)

    def _heard(self, told: dict[str, Any]) -> None:
        if "begun" in told:
            source, member = told["begun"]
            self.begun, self.name = (int(source), int(member)), str(told["name"])
            return
        source, member = told["done"]
        self._take(
            Report(
                (int(source), int(member)),
                str(told["name"]),
                str(told["sha256"]),
                int(told["size"]),
                str(told.get("why", "")),
                bool(told.get("known", False)),
                bool(told["is_of_archive"]),
                [str(each) for each in told.get("notes", [])],
                list(self._records(told)) if "records" in told else [],
                dict(told.get("facts", {})),
            )
        )
        # A child that ends between two files is not to blame the first.
        self.name = ""
        self.begun = (int(source), int(member) + 1) if member >= 0 else (int(source) + 1, 0)

    def _records(self, told: dict[str, Any]) -> Iterator[tuple[Entry, bytes]]:
        number = int(told["spool"])
        for old in range(self._spool, number):
            (self._own / "spool" / str(old)).unlink(missing_ok=True)
        self._spool = number
        with ExitStack() as stack:
            file: BinaryIO = stack.enter_context(open(self._own / "spool" / str(number), "rb"))
            file.seek(int(told["at"]))
            for _ in range(int(told["records"])):
                entry = np.frombuffer(file.read(INDEX_DTYPE.itemsize), INDEX_DTYPE)[0]
                record = file.read(int(entry["length"]))
                if not is_sound(entry) or not sha256_matches(entry, record):
                    raise Crashed("what the child has written is no record")
                yield entry, record
