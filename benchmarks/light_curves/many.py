"""How long do many raw light curves take? `python -m benchmarks.light_curves.many [--stars 300]`

Real quarters of Kepler-227 and Kepler-11, about 65,000 points each, under as many names as asked
for, with all their planets. Prints a markdown table: the clock from a curve set and a table to the
file of views, by as many child processes as the server starts; and the same of a tenth of them.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.run import Inputs, ViewMaker
from tests.light_curves.preparing.made import curve_set, table
from tests.transit.photometry import real

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data")).resolve()
STARS = ("KIC_10797460", real.KEPLER_11)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stars", type=int, default=300)
    asked = parser.parse_args()
    print(f"| stars | rows | points | seconds, {os.cpu_count()} processors | a star |")
    print("|---|---|---|---|---|")
    for count in (max(1, asked.stars // 10), asked.stars):
        with tempfile.TemporaryDirectory() as name:
            inputs, points = make(Path(name), count)
            since = time.monotonic()
            facts = prepare(inputs, Path(name))
            seconds = time.monotonic() - since
        print(
            f"| {count} | {facts.rows_used} | {points:,} | {seconds:.0f} | {seconds / count:.2f} |",
            flush=True,
        )


def make(folder: Path, count: int) -> tuple[Inputs, int]:
    """A curve set and a table of so many stars; how many points the set has."""
    segments = {key: real.segments_of(ARCHIVE_DATA, key) for key in STARS}
    signals = {key: [*real.signals_of(ARCHIVE_DATA, key).values()] for key in STARS}
    kind = {str(star + 1): STARS[star % len(STARS)] for star in range(count)}
    packs = curve_set(folder / "set", {star: segments[key] for star, key in kind.items()})
    rows = [(star, signal) for star, key in kind.items() for signal in signals[key]]
    points = sum(len(each) for key in kind.values() for each in segments[key])
    return Inputs(*table(folder, rows), folder / "set", packs, "key"), points


def prepare(inputs: Inputs, folder: Path) -> Facts:
    """As the server does."""
    maker = ViewMaker(memory_mb=2000, seconds=300)
    return maker.make(inputs, folder / "views.npy", lambda number: folder / f"{number}.part")


if __name__ == "__main__":
    main()
