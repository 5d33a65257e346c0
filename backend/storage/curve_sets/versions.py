"""Versions of a curve set: each is a list of packs, so that adding files copies nothing.

    <folder>/<sha256>.curves    packs
    <folder>/<number>.json      versions, from 1 on

A version's hash is that of what its records say, in any order: the same light curves have the same
hash, however they came.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.storage.atomic import remove_partials_of, write_atomically
from backend.storage.curve_sets.packs import (
    SUFFIX,
    DamagedPack,
    Outcome,
    Pack,
    open_pack,
    read_record,
)
from backend.storage.curve_sets.records import (
    INDEX_DTYPE,
    SEGMENT,
    VIEWS,
    decode_segment,
    decode_views,
    sha256_matches,
)
from backend.transit.photometry.segments import Segment

_VERSION = re.compile(r"([1-9][0-9]{0,8})\.json", re.ASCII)
_PACK = re.compile(r"[0-9a-f]{64}\.curves", re.ASCII)


class Version(NamedTuple):
    """What is known of a version without opening its packs.

    Attributes:
        number: from 1 on.
        sha256: of what its records say.
        packs: their SHA-256, the oldest first.
        stars, segments, views, points: how many; points of segments alone.
        bytes: of its packs on disk.
    """

    number: int
    sha256: str
    packs: tuple[str, ...]
    stars: int
    segments: int
    views: int
    points: int
    bytes: int


class CurveSet:
    """One version, open for reading.

    Attributes:
        packs: its packs.
        index: INDEX_DTYPE, (n,), the lines of all packs, sorted by star.
    """

    def __init__(self, folder: Path, packs: Sequence[str]) -> None:
        """Open a version by the hashes of its packs.

        Raises:
            DamagedPack: a pack is damaged.
            OSError: a pack is missing, or cannot be read.
        """
        self.packs = [open_pack(folder / f"{sha256}{SUFFIX}") for sha256 in packs]
        indices = [pack.index for pack in self.packs] or [np.zeros(0, INDEX_DTYPE)]
        together = np.concatenate(indices)
        pack_of = np.repeat(np.arange(len(indices)), [len(each) for each in indices])
        order = np.argsort(together["star"], kind="stable")
        self.index: NDArray[np.void] = together[order]
        self._pack_of = pack_of[order]

    def stars(self) -> list[str]:
        """The identifiers of all stars, in order."""
        return [star.decode("utf-8", "replace") for star in np.unique(self.index["star"]).tolist()]

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each file, in the order in which they came."""
        for pack in self.packs:
            yield from pack.outcomes

    def segments_of(self, star: str) -> list[Segment]:
        """The segments of a star by time; none if it is not in the set.

        Raises:
            DamagedRecord: one of them is damaged.
        """
        found = [decode_segment(self.index[i], self._record(i)) for i in self._lines(star, SEGMENT)]
        return sorted(found, key=lambda each: float(each.time[0]))

    def views_of(self, star: str) -> list[tuple[float, dict[str, NDArray[np.float32]]]]:
        """The prepared views of a star: of each signal and sector the period and the views.

        Raises:
            DamagedRecord: one of them is damaged.
        """
        return [
            (float(self.index[i]["period"]), decode_views(self.index[i], self._record(i)))
            for i in self._lines(star, VIEWS)
        ]

    def damaged(self) -> list[str]:
        """The stars of records whose bytes are not those that were written."""
        return [
            self.index[i]["star"].decode("utf-8", "replace")
            for i in range(len(self.index))
            if not sha256_matches(self.index[i], self._record(i))
        ]

    def _lines(self, star: str, kind: int) -> list[int]:
        names, name = self.index["star"], np.bytes_(star.encode())
        first, last = np.searchsorted(names, name, "left"), np.searchsorted(names, name, "right")
        return [i for i in range(int(first), int(last)) if self.index["kind"][i] == kind]

    def _record(self, i: int) -> bytes:
        with open(self.packs[self._pack_of[i]].path, "rb") as file:
            return read_record(file, self.index[i])


def versions(folder: Path) -> list[Version]:
    """The versions of a set, the oldest first; none if there is no such folder.

    Raises:
        DamagedPack: one cannot be read.
    """
    if not folder.is_dir():
        return []
    numbers = sorted(
        int(name[1]) for each in folder.iterdir() if (name := _VERSION.fullmatch(each.name))
    )
    return [read_version(folder, number) for number in numbers]


def open_version(folder: Path, version: Version) -> CurveSet:
    """Open a version.

    Raises:
        DamagedPack, OSError: as `CurveSet`.
    """
    return CurveSet(folder, version.packs)


def commit(folder: Path, packs: Sequence[str]) -> Version:
    """Write the next version of a set, of all its packs; durable on return.

    The same packs as before are the same version.

    Raises:
        DamagedPack: one of them is damaged.
        OSError: it is as if nothing had been called.
    """
    earlier = versions(folder)
    if earlier and earlier[-1].packs == tuple(packs):
        return earlier[-1]
    found = CurveSet(folder, packs)
    index = found.index
    is_segment = index["kind"] == SEGMENT
    version = Version(
        earlier[-1].number + 1 if earlier else 1,
        _hash_of(index),
        tuple(packs),
        len(np.unique(index["star"])),
        int(is_segment.sum()),
        int((~is_segment).sum()),
        int(index["points"][is_segment].sum()),
        sum(pack.path.stat().st_size for pack in found.packs),
    )
    written = json.dumps({"format": 1, **version._asdict()}).encode()
    write_atomically(version_file(folder, version.number), lambda file: file.write(written))
    return version


def pending_packs(folder: Path, ingest: str) -> list[Pack]:
    """The whole packs of a run that was cut off before it had made a version.

    Args:
        folder: of the set.
        ingest: which run.
    """
    used = {sha256 for version in versions(folder) for sha256 in version.packs}
    found: list[tuple[float, Pack]] = []
    for path in _packs_in(folder):
        if path.name.removesuffix(SUFFIX) in used:
            continue
        try:
            pack = open_pack(path)
        except DamagedPack:
            continue
        if pack.ingest == ingest:
            found.append((path.stat().st_mtime, pack))
    return [pack for _, pack in sorted(found, key=lambda each: (each[0], each[1].sha256))]


def remove_pending(folder: Path, keep: str = "") -> None:
    """Delete the packs that no version has, and what killed processes left; nobody may write.

    Args:
        folder: of the set.
        keep: the run whose packs stay.
    """
    found = versions(folder)
    needed = {sha256 for version in found for sha256 in version.packs}
    needed |= {pack.sha256 for pack in pending_packs(folder, keep)}
    for path in _packs_in(folder):
        if path.name.removesuffix(SUFFIX) not in needed:
            path.unlink(missing_ok=True)
    remove_partials_of([folder / f"pack{SUFFIX}", folder / f"{len(found) + 1}.json"])


def _packs_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if _PACK.fullmatch(each.name))


def version_file(folder: Path, number: int) -> Path:
    """Where a version is written."""
    return folder / f"{number}.json"


def read_version(folder: Path, number: int) -> Version:
    """What is known of a version.

    Raises:
        DamagedPack: its file cannot be read.
        OSError: it is missing.
    """
    try:
        told = json.loads(version_file(folder, number).read_text(encoding="utf-8"))
        given = {name: told[name] for name in Version._fields}
        return Version(**given | {"packs": tuple(told["packs"])})
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedPack(f"Version {number} of the curve set cannot be read.") from error


def _hash_of(index: NDArray[np.void]) -> str:
    contents = sorted(each.tobytes() for each in index["content"])
    return hashlib.sha256(b"".join(contents)).hexdigest()
