"""What does a session cost beside the learning itself, compared with another checkout?

    python -m benchmarks.training_cost --reference PATH [--rounds 3] [--large 1000000]

PATH is a checkout to compare with; both are measured in turn, in the same run. Other work makes a
machine slower for minutes, so what can be compared are the ratios of a line, first of all those of
processor time. Prints one markdown table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.processes import processor_seconds

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
TABLE = ARCHIVE_DATA / "koi_cumulative.csv"

EPOCHS = 5
SMALL_ROWS = 10_000

# A waiting worker is ready when it has used no processor time for so long.
_IDLE_SECONDS = 4.0

# Run as a file: what it imports is the checkout's.
_PROCESS = Path(__file__).with_name("session_cost.py")

# Seconds on the clock, and of the processor.
Seconds = tuple[float, float]
Figures = dict[str, Seconds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=1_000_000, help="0: leave the large table out")
    parser.add_argument("--skip-servers", action="store_true", help="leave out the warm sessions")
    arguments = parser.parse_args()
    from backend.config import REPOSITORY

    sides = {"this code": REPOSITORY, "reference": arguments.reference.resolve()}
    measured: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        koi, small, large = make_tables(folder, arguments.large)
        for _ in range(arguments.rounds):
            for side, checkout in sides.items():
                figures: dict[str, Any] = {}
                if not arguments.skip_servers:
                    figures |= served_session(checkout, folder)
                figures |= session_figures(measure(checkout, "session", koi))
                for line, value in figures.items():
                    measured[line][side].append(value)
            plain = measure(REPOSITORY, "plain", koi)
            measured["session"]["plain"].append(tuple(plain["session"]))
        if arguments.large:
            for side, checkout in sides.items():
                figures = large_figures(measure(checkout, "session", small, 2), checkout, large)
                for line, value in figures.items():
                    measured[line][side].append(value)
    print_table(measured, list(sides))


def make_tables(folder: Path, large: int) -> tuple[Path, Path, Path]:
    """The accepted rows of the KOI table, and of two simulated ones."""
    from backend.transit.catalog.reader import open_catalog
    from backend.transit.simulation.catalogue import simulate

    with open(TABLE, "rb") as stream:
        rows = [chunk.rows for chunk in open_catalog(stream, label_required=True)]
    paths = tuple(folder / f"{name}.npy" for name in ("koi", "small", "large"))
    tables = (np.concatenate(rows), simulate(SMALL_ROWS, 1), simulate(max(large, 1), 1))
    for path, table in zip(paths, tables, strict=True):
        np.save(path, table)
    return paths[0], paths[1], paths[2]


def served_session(checkout: Path, folder: Path) -> Figures:
    """Start to first batch, and last epoch to completed, of a warm worker, as a client sees it."""
    from tests.e2e.server import Client, Server

    class Checkout(Server):
        repository = checkout

    with tempfile.TemporaryDirectory(dir=folder) as data_dir:
        server = Checkout(Path(data_dir))
        try:
            client = Client(server)
            key = client.workspace()
            dataset = client.upload(key, TABLE)
            worker = wait_until_idle(server)
            session = client.train(key, dataset["id"], epochs=EPOCHS, seed=1)
            begun = time.perf_counter(), seconds_used(worker)
            path = f"/api/training/session/{session}"

            def wait_for(condition: Callable[[dict[str, Any]], bool]) -> Seconds:
                while not condition(client.get(path)["session"]):
                    time.sleep(0.02)
                return time.perf_counter(), seconds_used(worker)

            first = wait_for(lambda session: session["batches_done"] > 0)
            last = wait_for(lambda session: session["epochs_completed"] == EPOCHS)
            completed = wait_for(lambda session: session["status"] == "completed")
        finally:
            server.stop()
    return {"first batch": between(begun, first), "completed": between(last, completed)}


def wait_until_idle(server: Any) -> int:
    """Wait until the waiting worker is ready; its process id."""
    while True:
        before = {child: seconds_used(child) for child in server.children()}
        time.sleep(_IDLE_SECONDS)
        after = {child: seconds_used(child) for child in server.children()}
        if before and before == after:
            (worker,) = before
            return worker


def seconds_used(process_id: int) -> float:
    """The processor time of a process; 0 once it has ended."""
    try:
        return processor_seconds(process_id)
    except OSError:
        return 0.0


def between(one: Seconds, other: Seconds) -> Seconds:
    """Processor time NaN where the process had ended."""
    processor = other[1] - one[1] if other[1] else float("nan")
    return other[0] - one[0], processor


def measure(checkout: Path, what: str, table: Path, epochs: int = EPOCHS) -> dict[str, Any]:
    """What `session_cost` measures in a process of a checkout."""
    answer = subprocess.run(
        [sys.executable, _PROCESS, what, str(table), str(epochs)],
        env={**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        check=True,
        cwd=checkout,
    )
    return json.loads(answer.stdout.splitlines()[-1])


def session_figures(found: dict[str, Any]) -> Figures:
    epochs = np.diff(np.array(found["epochs"]), axis=0)
    return {"session": tuple(found["session"]), "epoch": tuple(np.median(epochs, axis=0))}


def large_figures(small: dict[str, Any], checkout: Path, large: Path) -> dict[str, Any]:
    """The rate and the memory of the large table relative to the small one."""
    found = measure(checkout, "session", large, 2)
    rates = [
        each["rows"] / (np.array(each["epochs"][-1]) - np.array(each["epochs"][-2]))
        for each in (found, small)
    ]
    return {
        "rate": tuple(rates[0] / rates[1]),
        "memory": (found["peak_mb"] - small["peak_mb"],),
    }


def print_table(measured: dict[str, dict[str, list[Any]]], sides: list[str]) -> None:
    titles = {
        "first batch": "start to the first batch, KOI, warm worker",
        "completed": "last epoch to completed, KOI",
        "epoch": "an epoch of transit_cnn, KOI",
        "session": f"a session of {EPOCHS} epochs, KOI, cold, imports done",
    }
    this, reference = sides
    print(f"| seconds: clock, processor | {this} | {reference} | ratio | bar |")
    print("|---|---|---|---|---|")
    bars = {"first batch": 0.5, "completed": 0.42, "epoch": 0.56}
    for line, title in titles.items():
        if line in measured:
            one, other = (middle(measured[line][side]) for side in sides)
            ratio = cells(one / other)
            print(f"| {title} | {cells(one)} | {cells(other)} | {ratio} | {bars.get(line, '')} |")
    one, other = middle(measured["session"][this]), middle(measured["session"]["plain"])
    print(
        f"| the same against a plain Keras script | {cells(one)} | {cells(other)} | "
        f"{cells(one / other)} | 1.10 |"
    )
    for line, title, bar in (
        ("rate", "rows a second of the large table against 10,000 rows", "0.9"),
        ("memory", "memory of the large table above that of 10,000 rows, MB", "300"),
    ):
        if line in measured:
            one, other = (middle(measured[line][side]) for side in sides)
            print(f"| {title} | {cells(one)} | {cells(other)} | | {bar} |")


def middle(values: list[Any]) -> np.ndarray:
    return np.array([statistics.median(each) for each in zip(*values, strict=True)])


def cells(values: np.ndarray) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    main()
