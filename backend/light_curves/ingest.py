"""From the files of an upload to the next version of a curve set.

Packs are put in their place as they fill. A run that is ended on the way, by a kill or a full disk,
leaves whole packs; the same run over the same files takes them over, and reads what is left.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backend.errors import DiskFull
from backend.light_curves.outcomes import FileOutcome, of
from backend.light_curves.reader import CurveReader, Report, Source
from backend.storage.curve_sets.packs import Pack, PackWriter, open_pack
from backend.storage.curve_sets.records import SEGMENT, Entry, text
from backend.storage.curve_sets.versions import (
    SUFFIX,
    Version,
    commit,
    pending_packs,
    remove_pending,
    versions,
)

log = logging.getLogger(__name__)

_PACK_BYTES = 64 << 20
_PACK_SECONDS = 10.0

# Two segments of one mission that share more of their time are the same light, reduced twice.
_MOST_SHARED = 0.5


class Progress(NamedTuple):
    """How far a run is.

    Attributes:
        files: that were read.
        refused: of these.
        source: the file of the upload that it is at, from 0 on.
        sources: their number.
        bytes: of the light curves that were taken.
    """

    files: int
    refused: int
    source: int
    sources: int
    bytes: int


class Ingested(NamedTuple):
    """What came of an upload.

    Attributes:
        version: of the set with it; None if the set has nothing at all.
        outcomes: of each file.
    """

    version: Version | None
    outcomes: list[FileOutcome]


def ingest(
    folder: Path,
    sources: Sequence[Source],
    said: dict[str, str | None],
    reader: CurveReader,
    run: str,
    progress: Callable[[Progress], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Ingested:
    """Add the light curves of an upload to a set.

    Args:
        folder: of the set; nobody else writes to it meanwhile.
        sources: what was sent.
        said: what the upload says of it: `star`, `time`, `flux`; see `child.reading.Said`.
        reader: has them read.
        run: what this upload is called: the same again takes over what a cut-off run has left.
        progress: is called as files are read.
        check: is called now and then; what it raises, such as that the user cancels, ends the run.
            What was accepted stays for the next run, or for `remove_pending`. What runs of
            another name have left is deleted.

    Raises:
        DiskFull: the disk is nearly full.
        Unavailable: no child can work at the moment.
    """
    remove_pending(folder, keep=run)
    earlier = versions(folder)
    base = list(earlier[-1].packs) if earlier else []
    pending = pending_packs(folder, run)
    work = _Run(folder, run, pending, len(sources), progress)
    for pack in [*(open_pack(folder / f"{each}{SUFFIX}") for each in base), *pending]:
        work.there.add(pack)
    try:
        reader.read(sources, said, work.there.files, work.take, check)
        work.put_away()
    except BaseException:
        work.give_up()
        raise
    packs = base + work.packs
    return Ingested(commit(folder, packs) if packs else None, work.outcomes)


class _There:
    """What a set has: files, contents, and the times of each star's segments."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._contents: dict[bytes, str] = {}
        self._times: dict[tuple[bytes, bytes], list[tuple[float, float, str]]] = {}

    def files(self) -> list[str]:
        """The SHA-256 of the files that were taken."""
        return list(self._files)

    def name_of(self, sha256: str) -> str:
        """What a file was called that was taken."""
        return self._files.get(sha256, "")

    def add(self, pack: Pack) -> None:
        """Add the records of a pack."""
        outcomes = [of(each) for each in pack.outcomes]
        for entry in pack.index:
            self.add_record(entry, outcomes[int(entry["file"])].file)
        for outcome in outcomes:
            if outcome.status != "refused":
                self.add_file(outcome)

    def add_file(self, outcome: FileOutcome) -> None:
        """Add a file that was taken."""
        if outcome.sha256:
            self._files.setdefault(outcome.sha256, outcome.file)

    def add_record(self, entry: Entry, file: str) -> None:
        """Add a record of a file."""
        self._contents.setdefault(entry["content"].tobytes(), file)
        if entry["kind"] == SEGMENT and entry["mission"]:
            key = (bytes(entry["star"]), bytes(entry["mission"]))
            times = (float(entry["start"]), float(entry["end"]), file)
            self._times.setdefault(key, []).append(times)

    def same_as(self, entry: Entry) -> str:
        """Why a record is not taken: it is there already; "" if it is not."""
        if file := self._contents.get(entry["content"].tobytes()):
            return f"The same light curve came with {file}: it counts once."
        start, end = float(entry["start"]), float(entry["end"])
        key = (bytes(entry["star"]), bytes(entry["mission"]))
        for other_start, other_end, file in self._times.get(key, []):
            shared = min(end, other_end) - max(start, other_start)
            if shared > _MOST_SHARED * min(end - start, other_end - other_start):
                return (
                    f"{text(entry['name']).capitalize() or 'The segment'} of star "
                    f"{text(entry['star'])} came with {file} in other numbers: the first one "
                    "counts, as both are the same light."
                )
        return ""


class _Run:
    """One run: takes reports, fills packs."""

    def __init__(
        self,
        folder: Path,
        run: str,
        pending: list[Pack],
        sources: int,
        progress: Callable[[Progress], None],
    ) -> None:
        self.there = _There()
        self.packs = [pack.sha256 for pack in pending]
        self.outcomes = [of(each) for pack in pending for each in pack.outcomes]
        self._bytes = sum(pack.path.stat().st_size for pack in pending)
        self._refused = sum(each.status == "refused" for each in self.outcomes)
        self._taken_over = {(each.file, each.sha256) for each in self.outcomes}
        self._folder, self._name = folder, run
        self._writer: PackWriter | None = None
        self._began = 0.0
        self._sources, self._progress = sources, progress

    def take(self, report: Report) -> None:
        """Take what was read of one file."""
        if (report.name, report.sha256) not in self._taken_over:
            self._add(report)
        size = self._bytes + (self._writer.size if self._writer is not None else 0)
        at = report.place[0]
        self._progress(Progress(len(self.outcomes), self._refused, at, self._sources, size))

    def put_away(self) -> None:
        """Put the pack in its place, if there is anything in it."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self.packs.append(writer.finish())
            self._bytes += writer.size

    def give_up(self) -> None:
        """Put what was accepted in its place, if that can be done, for the next run."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.finish()
        except (OSError, DiskFull) as error:
            log.warning("what was read of light curves last is read again: %s", error)

    def _add(self, report: Report) -> None:
        writer = self._open()
        repeated = [self.there.same_as(entry) for entry, _ in report.records]
        new = [each for each, why in zip(report.records, repeated, strict=True) if not why]
        for entry, record in new:
            writer.add(entry, record)
            self.there.add_record(entry, report.name)
        outcome = _outcome(report, [entry for entry, _ in new], repeated, self.there)
        writer.outcomes.append(outcome.described())
        self.outcomes.append(outcome)
        if outcome.status == "refused":
            self._refused += 1
        else:
            self.there.add_file(outcome)
        if writer.size > _PACK_BYTES or time.monotonic() - self._began > _PACK_SECONDS:
            self.put_away()

    def _open(self) -> PackWriter:
        if self._writer is None:
            self._writer = PackWriter(self._folder, self._name)
            self._began = time.monotonic()
        return self._writer


def _outcome(report: Report, new: list[Entry], repeated: list[str], there: _There) -> FileOutcome:
    base = FileOutcome(
        report.name, report.sha256, report.size, "refused",
        is_of_archive=report.is_of_archive, notes=report.notes,
    )  # fmt: skip
    if report.why:
        return _with(base, why=report.why)
    if report.is_known:
        earlier = there.name_of(report.sha256)
        return _with(base, status="repeated", why=f"The same file came as {earlier}.")
    stars = list(dict.fromkeys(text(entry["star"]) for entry, _ in report.records))
    reasons = list(dict.fromkeys(why for why in repeated if why))
    is_segment = np.array([entry["kind"] == SEGMENT for entry in new], bool)
    points = sum(int(e["points"]) for e, is_one in zip(new, is_segment, strict=True) if is_one)
    return _with(
        base,
        status="taken" if new else "repeated",
        why="" if new else " ".join(reasons),
        stars=stars,
        segments=int(is_segment.sum()),
        views=int((~is_segment).sum()),
        points=points,
        notes=report.notes + (reasons if new else []),
    )


def _with(outcome: FileOutcome, **changes: object) -> FileOutcome:
    return of({**outcome.__dict__, **changes})
