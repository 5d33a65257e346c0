"""How fast, and in how much memory, is a catalogue read compared with plain pandas.read_csv?

    python -m benchmarks.catalog [--rows 1000000]

Each reader runs in its own process on the same simulated file; the best of three counts. All
times are processor time on one core.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from backend.transit.columns import ROW_DTYPE

REPEATS = 3
MEGABYTE = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        reader, path = arguments.measure
        print(json.dumps(measure(READERS[reader], Path(path))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.csv"
        print_table(path, make_catalogue(arguments.rows, path), arguments.rows)


def make_catalogue(rows: int, path: Path) -> float:
    """Write a simulated catalogue in a separate process; return its processor seconds."""
    start = os.times().children_user
    _run("flask", "--app", "backend", "simulate", f"--rows={rows}", "--seed=1", f"--output={path}")
    return os.times().children_user - start


def print_table(path: Path, seconds: float, rows: int) -> None:
    size = path.stat().st_size
    print(f"{rows:,} rows, {size / MEGABYTE:.0f} MB; simulated and written in {seconds:.1f} s\n")
    print("| reader | seconds | rows/s | MB/s | peak memory, MB | of it for the file, MB |")
    print("|---|---|---|---|---|---|")
    for name in READERS:
        runs = [
            json.loads(_run("benchmarks.catalog", "--measure", name, str(path)))
            for _ in range(REPEATS)
        ]
        best = min(runs, key=lambda run: run["seconds"])
        print(
            f"| {name} | {best['seconds']:.2f} | {rows / best['seconds']:,.0f} "
            f"| {size / MEGABYTE / best['seconds']:.1f} "
            f"| {best['peak_mb']:.0f} | {best['growth_mb']:.0f} |"
        )


def measure(read: Callable[[Path], Callable[[], object]], path: Path) -> dict[str, float]:
    """Seconds and memory of reading once, without the imports."""
    job = read(path)
    before = _peak_memory()
    start = time.process_time()
    job()
    seconds = time.process_time() - start
    peak = _peak_memory()
    return {
        "seconds": seconds,
        "peak_mb": peak / MEGABYTE,
        "growth_mb": (peak - before) / MEGABYTE,
    }


def _catalogue(path: Path) -> Callable[[], object]:
    """Validate every row and write it to a file, as an upload does."""
    from backend.transit.catalog.reader import open_catalog

    def read() -> None:
        with open(path, "rb") as stream, open(path.with_suffix(".rows"), "wb") as table:
            for chunk in open_catalog(stream, label_required=True, with_records=False):
                table.write(chunk.rows.tobytes())

    return read


def _profile(path: Path) -> Callable[[], object]:
    """Profile the memory-mapped table that `_catalogue` wrote."""
    from backend.transit.report.profile import profile

    table = np.memmap(path.with_suffix(".rows"), dtype=ROW_DTYPE, mode="r")
    return lambda: profile(table, {})


def _pandas(path: Path) -> Callable[[], object]:
    """Read the whole table at once, without validation."""
    import pandas as pd

    return lambda: pd.read_csv(path, comment="#")


READERS = {"open_catalog": _catalogue, "profile": _profile, "pandas.read_csv": _pandas}


def _peak_memory() -> int:
    """Peak memory of this process alone, in bytes; getrusage would include the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("Expected VmHWM in /proc/self/status: this benchmark needs Linux.")


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
