"""Has the views of a table prepared by several child processes, and merges what they make.

Parts are put in their place as they are made. A run that is ended on the way, by a kill or a full
disk, leaves whole parts; the same run again makes the others. What a star does to its child is
found out twice: if the second one ends on it as well, it is left out, and the others are prepared.
"""

import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

from backend.errors import Unavailable
from backend.light_curves.preparing.division import MOST_ROWS, Part, divide
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import is_whole, merge
from backend.storage.curve_sets.versions import CurveSet
from backend.tables.children import Beyond, Crashed, Killed, TableChildren

# Each may take as much memory as the setting says.
MOST_CHILDREN = 8

# Of a part: a star with many rows has one to itself.
_OUTPUT_BYTES = 2 << 30

# A child that does not even begin with a star has this long: its table may come from a slow disk.
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.5

# Of one share of the work.
_MOST_DEATHS = 40

_RETRY_SECONDS = "10"

log = logging.getLogger(__name__)


class Inputs(NamedTuple):
    """What is prepared.

    Attributes:
        table: of the dataset: `.npy` of ROW_DTYPE.
        evidence: `.npy` of EVIDENCE_DTYPE; None: no row has an epoch.
        folder: of the curve set.
        packs: of one of its versions, by their SHA-256.
        key: of all of these and of the recipe; the same key is the same result.
    """

    table: Path
    evidence: Path | None
    folder: Path
    packs: tuple[str, ...]
    key: str


class TooManyDeaths(Exception):
    """Child processes ended again and again."""


class _Ending(Exception):
    """Another share has failed, or the run was ended."""


class _TooSlow(Exception):
    """A star takes longer than any may."""


class ViewMaker:
    """Starts the children: as many as there are processors."""

    def __init__(self, memory_mb: int, seconds: int, most_rows: int = MOST_ROWS) -> None:
        """Take the limits of a child, its address space and its time for a star, and of a part."""
        self._most_rows = most_rows
        self._at_once = min(os.cpu_count() or 1, MOST_CHILDREN)
        module = "backend.light_curves.preparing"
        self._children = TableChildren(memory_mb, seconds, module, self._at_once)

    def make(
        self,
        inputs: Inputs,
        target: Path,
        place_of: Callable[[int], Path],
        progress: Callable[[int, int], None] = lambda _done, _rows: None,
        check: Callable[[], None] = lambda: None,
    ) -> Facts:
        """Prepare all rows of a table whose stars have light curves.

        Args:
            inputs: what is prepared.
            target: the file that is made: `.npy` of VIEW_ROW_DTYPE, sorted by row.
            place_of: where a part goes, by its number; it stays there.
            progress: is called with how many rows are done, and how many there are.
            check: is called now and then; what it raises, such as that the user cancels, ends the
                run. Parts that were made stay for the next one.

        Raises:
            DamagedPack, OSError: the set or the table cannot be read, or the disk is full.
            DiskFull: the disk is nearly full.
            Unavailable: no child can work at the moment.
            TooManyDeaths: they end again and again.
        """
        curves = CurveSet(inputs.folder, inputs.packs)
        parts = divide(inputs.table, curves, inputs.key, self._most_rows)
        places = [place_of(part.number) for part in parts]
        left = []
        for part, place in zip(parts, places, strict=True):
            check()
            if not is_whole(place, part.key):
                left.append(part)
        run = _Run(self._children, inputs, place_of, parts, left, self._most_rows)
        shares = [left[first :: self._at_once] for first in range(min(self._at_once, len(left)))]
        progress(run.done, run.rows)
        if shares:
            run.all(shares, progress, check)
        made = [(place, part.key) for part, place in zip(parts, places, strict=True)]
        return merge(target, made, check)


class _Run:
    """One run, from several threads: each waits for its child.

    Attributes:
        rows, done: how many there are, and are done.
    """

    def __init__(
        self,
        children: TableChildren,
        inputs: Inputs,
        place_of: Callable[[int], Path],
        parts: Sequence[Part],
        left: Sequence[Part],
        most_rows: int,
    ) -> None:
        self.rows = sum(part.rows for part in parts)
        self.done = self.rows - sum(part.rows for part in left)
        self._children, self._inputs, self._place_of = children, inputs, place_of
        self._most_rows = most_rows
        self._ending = threading.Event()
        self._lock = threading.Lock()

    def all(
        self,
        shares: Sequence[list[Part]],
        progress: Callable[[int, int], None],
        check: Callable[[], None],
    ) -> None:
        """Make all parts that are left.

        Raises:
            Exception: what ends the first share that fails, or `check` raises.
        """
        with ThreadPoolExecutor(len(shares), "views") as pool:
            try:
                waiting = {pool.submit(self._share, share) for share in shares}
                while waiting:
                    ended, waiting = wait(waiting, _LOOK_SECONDS, FIRST_EXCEPTION)
                    _raise_first(ended)
                    progress(self.done, self.rows)
                    check()
            finally:
                self._ending.set()

    def _share(self, parts: list[Part]) -> None:
        """Make some parts, one child after the other until they are made."""
        left = {part.number: part for part in parts}
        left_out: dict[str, str] = {}
        died_at: str | None = None
        for _ in range(_MOST_DEATHS):
            with tempfile.TemporaryDirectory(prefix="views-", ignore_cleanup_errors=True) as own:
                tail = _Tail(Path(own) / "journal", self._children.seconds, self._check, self._add)
                why = self._child(list(left), left_out, tail)
            for number in tail.made:
                del left[number]
            if why is None:
                return
            if tail.star is None:  # it did not even begin: no star is to blame
                raise Unavailable(
                    "The process that prepares light curves cannot start: try again in a few "
                    "seconds.",
                    Retry_After=_RETRY_SECONDS,
                )
            log.warning("the process that prepares light curves ended at %r: %s", tail.star, why)
            if tail.star == died_at:
                left_out[tail.star] = why
            died_at = tail.star
        raise TooManyDeaths(
            f"The processes that prepare the light curves ended {_MOST_DEATHS} times."
        )

    def _child(self, numbers: list[int], left_out: dict[str, str], tail: "_Tail") -> str | None:
        """Run one child; why it ended before its parts were made, None if they are."""
        inputs = self._inputs
        job = {
            "do": "views",
            "kind": "light curves",
            "table": str(inputs.table.absolute()),
            "evidence": None if inputs.evidence is None else str(inputs.evidence.absolute()),
            "folder": str(inputs.folder.absolute()),
            "packs": list(inputs.packs),
            "key": inputs.key,
            "most_rows": self._most_rows,
            "parts": [[number, str(self._place_of(number).absolute())] for number in numbers],
            "left_out": left_out,
            "journal": str(tail.journal),
            "output_bytes": _OUTPUT_BYTES,
        }
        memory_mb, seconds = self._children.memory_mb, self._children.seconds
        try:
            self._children.run(job, tail.look, is_endless=True)
            why = None
        except _TooSlow:
            why = f"It takes more than {seconds:,} seconds, which is not allowed."
        except Beyond as error:
            why = {
                "time": f"It takes more than {seconds:,} seconds, which is not allowed.",
                "memory": f"It needs more than {memory_mb:,} MB of memory, which is not allowed.",
            }.get(error.limit, "It makes more than is allowed of it.")
        except Crashed:
            why = "It makes its process crash."
        except Killed:
            why = "Its process was killed, twice: it may need too much memory."
        tail.look_once()
        return why

    def _check(self) -> None:
        if self._ending.is_set():
            raise _Ending

    def _add(self, rows: int) -> None:
        with self._lock:
            self.done += rows


class _Tail:
    """Follows what a child writes into its journal.

    Attributes:
        journal: the file.
        star: that the child is at; None before the first.
        made: the numbers of the parts that it has made.
    """

    def __init__(
        self,
        journal: Path,
        seconds: int,
        check: Callable[[], None],
        add: Callable[[int], None],
    ) -> None:
        self.journal = journal
        self.star: str | None = None
        self.made: list[int] = []
        self._seconds, self._check, self._add = seconds, check, add
        self._since = time.monotonic() + _START_SECONDS
        self._read_to = 0

    def look(self) -> None:
        """Read what is new, and end a child that takes too long for one star."""
        self._check()
        if self.look_once():
            self._since = time.monotonic()
        if time.monotonic() - self._since > self._seconds:
            raise _TooSlow

    def look_once(self) -> bool:
        """Read what is new; whether anything is."""
        if not self.journal.exists():
            return False
        with open(self.journal, "rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            self._heard(json.loads(line))
        return bool(whole)

    def _heard(self, told: dict[str, Any]) -> None:
        if "begun" in told:
            self.star = str(told["begun"])
        else:
            self.star = ""  # one that ends between two stars is not to blame the first
            self.made.append(int(told["done"]))
            self._add(int(told["rows"]))


def _raise_first(ended: set[Future[None]]) -> None:
    """Raise what has ended shares, but for those that others have ended."""
    errors = [error for each in ended if (error := each.exception()) is not None]
    for error in errors:
        if not isinstance(error, _Ending):
            raise error
