"""How fast, and in how much memory, is a catalogue read compared with plain pandas.read_csv?

    python -m benchmarks.catalog [--rows 1000000]

Each reader runs in its own process on the same simulated file; the best of three counts. All
times are processor time, without imports. The upload is the first one of a real server: all that
its process takes from the request to the answer, importing pandas too.
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
from tests.e2e.server import Client, Server
from tests.processes import peak_mb, processor_seconds

REPEATS = 3
MEGABYTE = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        reader, path = arguments.measure
        print(json.dumps(READERS[reader](Path(path))))
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


def measure(job: Callable[[], object]) -> dict[str, float]:
    """Seconds and memory of a job in this process."""
    before = peak_mb(os.getpid())
    start = time.process_time()
    job()
    seconds = time.process_time() - start
    peak = peak_mb(os.getpid())
    return {"seconds": seconds, "peak_mb": peak, "growth_mb": peak - before}


def _catalogue(path: Path) -> dict[str, float]:
    """Validate every row and write it to a file, as an upload does."""
    import pandas  # noqa: F401  reading imports it

    from backend.transit.catalog.reader import open_catalog

    def read() -> None:
        with open(path, "rb") as stream, open(path.with_suffix(".rows"), "wb") as table:
            for chunk in open_catalog(stream, label_required=True, with_records=False):
                table.write(chunk.rows.tobytes())

    return measure(read)


def _profile(path: Path) -> dict[str, float]:
    """Profile the memory-mapped table that `_catalogue` wrote."""
    from backend.transit.report.profile import profile

    table = np.memmap(path.with_suffix(".rows"), dtype=ROW_DTYPE, mode="r")
    return measure(lambda: profile(table, {}))


def _upload(path: Path) -> dict[str, float]:
    """Upload it to a server that has just started."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), EXOTRAIN_WARM_WORKERS="0")
        process = server.process.pid
        try:
            client = Client(server)
            key = client.workspace()
            before, peak_before = processor_seconds(process), peak_mb(process)
            client.upload(key, path)
            seconds, peak = processor_seconds(process) - before, peak_mb(process)
        finally:
            server.stop()
    return {"seconds": seconds, "peak_mb": peak, "growth_mb": peak - peak_before}


def _pandas(path: Path) -> dict[str, float]:
    """Read the whole table at once, without validation."""
    import pandas as pd

    return measure(lambda: pd.read_csv(path, comment="#"))


READERS = {
    "open_catalog": _catalogue,
    "profile": _profile,
    "upload to a server": _upload,
    "pandas.read_csv": _pandas,
}


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
