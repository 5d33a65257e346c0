"""The light curve that comes with one candidate: read and prepared by children, nothing is kept."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.errors import Invalid, TooMany, Unavailable
from backend.light_curves.child.stars import normalised, says_star
from backend.light_curves.ingest import Ingested, ingest
from backend.light_curves.missions import mission_of_star
from backend.light_curves.outcomes import FileOutcome
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.run import Inputs, TooManyDeaths, ViewMaker
from backend.light_curves.reader import CurveReader, Source
from backend.storage.curve_sets.versions import CurveSet
from backend.transit.columns import EVIDENCE_DTYPE
from backend.transit.photometry.evidence import NUMBERS
from backend.transit.photometry.view_rows import ViewRows, flags_of
from backend.transit.rows import Rows

# Each has one child at a time, which may take as much memory as the setting says.
MOST_AT_ONCE = 2
_PATIENCE_SECONDS = 1.0
_RETRY_SECONDS = "5"

# All of a request may take so many times what one file may.
_TIMES_A_FILE = 2

# Of files that were refused, and of notes.
_MOST_TOLD = 100

# The star of files that name none.
_NAMELESS = "candidate"

Check = Callable[[], None]


class Asked(NamedTuple):
    """A candidate, and what is said of its light curve.

    Attributes:
        row: ROW_DTYPE, (1,).
        epoch: of a mid-transit, BJD.
        star: as it was given, or None.
        is_same_star: the files are of the candidate's star, whatever star they name.
        time, flux: see `child.reading.Said`.
    """

    row: Rows
    epoch: float
    star: str | None
    is_same_star: bool
    time: str | None
    flux: str | None


class CandidateCurve(NamedTuple):
    """What the files say of a candidate.

    Attributes:
        star: that they name; None: they name none.
        views: VIEW_ROW_DTYPE, (1,); (0,) if they say nothing of its transits.
        facts: what came of the preparation.
        outcomes: of each file.
    """

    star: str | None
    views: ViewRows
    facts: Facts
    outcomes: list[FileOutcome]

    def described(self) -> dict[str, object]:
        """As `web.schemas.curves.candidates.CandidateLightCurve`, but for what is usual."""
        record = self.views[0] if len(self.views) else None
        evidence = [None] * len(NUMBERS) if record is None else record["evidence"].tolist()
        numbers = zip(NUMBERS.items(), evidence, strict=True)
        flags = list(self.facts.flags) if record is None else list(flags_of(record))
        told = [(each.file, note) for each in self.outcomes for note in each.notes][:_MOST_TOLD]
        return {
            "star": self.star,
            "is_used": record is not None,
            "points": sum(each.points for each in self.outcomes),
            "points_in_transit": 0 if record is None else int(record["points_in_transit"]),
            "segments": sum(each.segments for each in self.outcomes),
            "flags": flags,
            "numbers": [
                {"name": name, "value": value, "unit": number.unit, "meaning": number.meaning}
                for (name, number), value in numbers
            ],
            "notes": [{"file": file, "message": note} for file, note in told],
        }


class CandidateCurves:
    """Reads and prepares the light curves of candidates, a few at a time."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        """Take the limits of a child: its address space, and its time for each file or star."""
        self._reader = CurveReader(memory_mb, seconds)
        self._maker = ViewMaker(memory_mb, seconds)
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._lock = threading.Lock()
        self._users: set[int] = set()  # each of them waits for one, or has one
        self._seconds = _TIMES_A_FILE * seconds

    def of(self, files: Sequence[tuple[Path, str]], asked: Asked, user_id: int) -> CandidateCurve:
        """What some files say of a candidate.

        Args:
            files: each with its sender's name.
            asked: the candidate.
            user_id: who asks; one at a time, so that nobody takes the place of everybody.

        Raises:
            Invalid: a file cannot be read or prepared, they are of another star, or all of it takes
                too long.
            TooMany: the user's last candidate is still being read.
            Unavailable: others are being read, or no child can work at the moment.
            NoSpace: the disk is nearly full.
        """
        with (
            self._turn_of(user_id),
            tempfile.TemporaryDirectory(prefix="candidate-", ignore_cleanup_errors=True) as own,
        ):
            check = self._deadline()
            return self._of(Path(own), [Source(*each) for each in files], asked, check)

    @contextmanager
    def _turn_of(self, user_id: int) -> Iterator[None]:
        """One of the few places, for as long as the context lasts."""
        with self._lock:
            if user_id in self._users:
                raise TooMany(
                    "The light curve of another candidate of yours is being read: wait until it is "
                    "answered.",
                    Retry_After=_RETRY_SECONDS,
                )
            self._users.add(user_id)
        try:
            if not self._room.acquire(timeout=_PATIENCE_SECONDS):
                raise Unavailable(
                    "The light curves of other candidates are being read: try again in a few "
                    "seconds.",
                    Retry_After=_RETRY_SECONDS,
                )
            try:
                yield
            finally:
                self._room.release()
        finally:
            with self._lock:
                self._users.discard(user_id)

    def _deadline(self) -> Check:
        """What raises Invalid once the whole request has taken too long: others wait for it."""
        end = time.monotonic() + self._seconds

        def check() -> None:
            if time.monotonic() > end:
                raise Invalid.field(
                    "file",
                    f"Expected light curves that are read in {self._seconds:,} seconds, these take "
                    "longer: send fewer, or predict a batch with a curve set.",
                )

        return check

    def _of(
        self, own: Path, sources: Sequence[Source], asked: Asked, check: Check
    ) -> CandidateCurve:
        folder = own / "as named"
        read = self._read(folder, sources, asked, None, check)
        named = list(dict.fromkeys(one for each in read.outcomes for one in each.stars))
        said: dict[str, str] = {}
        for each in read.outcomes:
            for one in each.stars:
                if says_star(one, each.file):
                    said.setdefault(one, each.file)
        star = _star_of(said, asked)
        if len(named) > 1:  # files that are all of one star, as nothing says otherwise
            folder = own / "as one"
            read = self._read(folder, sources, asked, star or _NAMELESS, check)
            named = list(dict.fromkeys(one for each in read.outcomes for one in each.stars))
        assert read.version is not None
        _require_catalogue(asked, CurveSet(folder, read.version.packs).index["mission"])
        inputs = _inputs(own, folder, read.version.packs, asked, named[0])
        target = own / "views.npy"
        try:
            facts = self._maker.make(
                inputs, target, lambda number: own / f"{number}.part", check=check
            )
        except TooManyDeaths as error:
            raise Invalid.field("file", f"The light curve cannot be prepared: {error}") from error
        if facts.damaged:
            raise Invalid.field(
                "file", f"The light curve cannot be prepared: {facts.damaged[0]['message']}"
            )
        return CandidateCurve(next(iter(said), None), np.load(target), facts, read.outcomes)

    def _read(
        self,
        folder: Path,
        sources: Sequence[Source],
        asked: Asked,
        star: str | None,
        check: Check,
    ) -> Ingested:
        """Read the files into a set of their own; every one of them must be a light curve."""
        said = {"star": star, "time": asked.time, "flux": asked.flux}
        read = ingest(folder, sources, said, self._reader, "candidate", check=check)
        refused = [
            {"field": "file", "message": f"{each.file}: {each.why}"}
            for each in read.outcomes
            if each.status == "refused"
        ]
        if refused:
            raise Invalid(refused[0]["message"], refused[:_MOST_TOLD])
        if read.version is None:
            raise Invalid.field("file", "Expected a light curve, received files without any.")
        return read


def _star_of(said: dict[str, str], asked: Asked) -> str | None:
    """The star of the candidate, if it or the files name one.

    Args:
        said: by the stars that the files name, one of the files.
        asked: the candidate.

    Raises:
        Invalid: the files are of several stars, or of another one.
    """
    own = normalised(asked.star) if asked.star else ""
    if asked.is_same_star:
        return own or next(iter(said), None)
    if len(said) > 1:
        (one, file), (other, other_file) = list(said.items())[:2]
        raise Invalid.field(
            "file",
            f"Expected light curves of one star, received {file}, of {one}, and {other_file}, of "
            f"{other}. If it is the same star, set same_star to true.",
        )
    star, file = next(iter(said.items()), ("", ""))
    if own and star and star != own:
        raise Invalid.field(
            "star",
            f"Expected {star}, the star of {file}, received {asked.star!r}. If it is the same "
            "star, set same_star to true.",
        )
    return own or star or None


def _require_catalogue(asked: Asked, missions: NDArray[np.bytes_]) -> None:
    """Check that the star is of the catalogue by which the files' mission numbers its stars.

    Raises:
        Invalid: it is of another, where the same number is another star.
    """
    mission = mission_of_star(asked.star or "")
    known = sorted(set(missions.tolist()) - {b""})
    if mission is None or not known or asked.is_same_star:
        return
    if mission not in known:
        told = " and ".join(each.decode() for each in known)
        raise Invalid.field(
            "star",
            f"Expected a star of the catalogue of {told}, whose light curve this is, received "
            f"{asked.star!r}: KIC, EPIC and TIC number different stars. If it is the same star, "
            "set same_star to true.",
        )


def _inputs(own: Path, folder: Path, packs: tuple[str, ...], asked: Asked, star: str) -> Inputs:
    """A table of the candidate alone, with the star that the set has."""
    table, evidence = own / "table.npy", own / "evidence.npy"
    row = asked.row.copy()
    row["star"] = star.encode()
    beside = np.zeros(1, EVIDENCE_DTYPE)
    beside["epoch"] = asked.epoch
    np.save(table, row)
    np.save(evidence, beside)
    return Inputs(table, evidence, folder, packs, "candidate")
