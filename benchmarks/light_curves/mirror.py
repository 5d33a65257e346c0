"""How long does a folder of many light curves take? `python -m benchmarks.light_curves.mirror`

Makes a folder of small FITS files of TESS, hard links to 100 stars, and prints a markdown table:
the first opening of some of them; the second one of all, when nothing has changed, by an index
that is written as if all had been opened; and one with new files.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from backend.light_curves import mirror
from backend.light_curves.mirror import MirrorFile, refresh
from backend.light_curves.reader import CurveReader
from backend.light_curves.walk import walk
from tests.light_curves.files import tess

STARS = 100
# Files of one folder, as of one sector.
FOLDER_FILES = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--opened", type=int, default=2_000, help="of the first opening")
    parser.add_argument("--changed", type=int, default=100)
    asked = parser.parse_args()
    reader = CurveReader(memory_mb=2000, seconds=120)
    with tempfile.TemporaryDirectory() as name:
        root, index = Path(name) / "mirror", Path(name) / "index"
        print("| files | what | seconds | processor's |")
        print("|---|---|---|---|")
        make(root, asked.opened)
        first = seconds(lambda: refresh(root, index, reader))
        print(f"| {asked.opened:,} | first opening | {first} |")
        make(root, asked.files)
        take_for_indexed(root, index)
        size = index.stat().st_size / 1e6
        second = seconds(lambda: refresh(root, index, reader))
        print(f"| {asked.files:,} | second opening, an index of {size:.1f} MB | {second} |")
        change(root, asked.changed)
        third = seconds(lambda: refresh(root, index, reader))
        print(f"| {asked.files:,} | with {asked.changed:,} new files | {third} |")


def make(root: Path, count: int) -> None:
    """Fill a folder up to so many files."""
    stars = root.with_name("stars")
    stars.mkdir(exist_ok=True)
    for star in range(STARS):
        (stars / str(star)).write_bytes(tess(star=star + 1, points=50))
    for number in range(count):
        path = root / f"s{number // FOLDER_FILES:04d}" / f"{number:06d}_lc.fits"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.link(stars / str(number % STARS), path)


def change(root: Path, count: int) -> None:
    """Add files of stars that are new."""
    for number in range(count):
        (root / f"new-{number}.fits").write_bytes(tess(star=10_000 + number, points=50))


def take_for_indexed(root: Path, index: Path) -> None:
    """Write the index that opening each file would make."""
    files = [
        MirrorFile(
            name, size, changed, (str(1 + int(name[-14:-8]) % STARS),), "tess", "sector 2", ""
        )
        for name, size, changed in walk(root)
    ]
    mirror._write(index, root, files, mirror._now())


def seconds(action: Callable[[], object]) -> str:
    """How long something takes, by the clock and on processors, that of children too."""
    start, used = time.perf_counter(), processor_seconds()
    action()
    return f"{time.perf_counter() - start:.1f} | {processor_seconds() - used:.1f}"


def processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
