"""How fast is a Ray cluster of this machine beside child processes of the server?

    python -m benchmarks.servers.cluster [--rounds 3] [--epochs 15]

Two servers run: one has sessions trained by child processes, two at a time, the other by a cluster
of two nodes with one core each. Every worker has one thread. Only one of them is asked at a time,
by turns, and the ratios are of the medians. Prints a markdown table.
"""

import argparse
import contextlib
import csv
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.config import REPOSITORY
from backend.demo.client import Api
from backend.demo.cluster.machines import Machines

KOI = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data")) / "koi_cumulative.csv"

SESSIONS = 4
FOLDS = 5
BATCH_ROWS = 100_000
NETWORKS_OF_LARGE_MODEL = 5

# Both servers have a worker that waits by then.
_WARM_SECONDS = 30.0
_POLL_SECONDS = 0.1
_ENDED = ("completed", "failed", "cancelled")


class Server:
    """One server, with the KOI table in it."""

    def __init__(self, api: Api, name: str) -> None:
        self.api, self.name = api, name
        self.key = api.post("/api/workspaces", name="benchmark")["workspace"]["key"]
        upload = "/api/training/upload-dataset"
        self.dataset = api.upload(upload, KOI, workspace_key=self.key)["dataset"]["id"]

    def sessions(self, count: int, **settings: object) -> float:
        """Train so many sessions; the seconds from the first start to the last end."""
        began = time.monotonic()
        started = [
            self.api.post(
                "/api/training/start",
                workspace_key=self.key,
                dataset_id=self.dataset,
                seed=seed,
                **settings,
            )["session"]["id"]
            for seed in range(count)
        ]
        for each in started:
            self._wait(f"/api/training/session/{each}", "session")
        return time.monotonic() - began

    def study(self, **settings: object) -> float:
        """Train a study of folds; its seconds."""
        began = time.monotonic()
        study = self.api.post(
            "/api/training/studies",
            workspace_key=self.key,
            dataset_id=self.dataset,
            kind="folds",
            folds=FOLDS,
            **settings,
        )["study"]["id"]
        self._wait(f"/api/training/studies/{study}", "study")
        return time.monotonic() - began

    def batch(self, table: Path, model: int) -> float:
        """Predict a table in the background; its seconds."""
        began = time.monotonic()
        batch = self.api.upload(
            "/api/predict/batches", table, workspace_key=self.key, model_id=str(model)
        )["batch"]["id"]
        self._wait(f"/api/predict/batches/{batch}", "batch")
        return time.monotonic() - began

    def newest_model(self) -> int:
        """The id of the model that was trained last."""
        found = self.api.get(f"/api/models?workspace_key={self.key}")["models"]
        return int(max(each["id"] for each in found))

    def _wait(self, path: str, what: str) -> None:
        while True:
            found = self.api.get(path)[what]
            if found["status"] in _ENDED:
                break
            time.sleep(_POLL_SECONDS)
        if found["status"] != "completed":
            sys.exit(f"{self.name}: {path} ended as {found['status']}: {found.get('error')}")


@contextlib.contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """A server with child processes, and one with a cluster."""
    machines = Machines()
    try:
        machines.start_head()
        for name in ("node 1", "node 2"):
            machines.start_node(name)
        there = machines.start_server()
        here = machines.start_server_without_cluster(trainings=2)
        machines.wait_for_cpus(2)
        yield Server(here, "child processes"), Server(there, "cluster")
    finally:
        machines.stop()
        machines.remove_folder()


def compare(
    question: str, rounds: int, here: Callable[[], float], there: Callable[[], float], *, rate: bool
) -> None:
    """Measure both by turns; print a line of the table."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        seconds[0].append(here())
        seconds[1].append(there())
    local, cluster = (statistics.median(each) for each in seconds)
    ratio = local / cluster if rate else cluster / local
    shown = "; ".join(", ".join(f"{each:.1f}" for each in measured) for measured in seconds)
    kind = "rate" if rate else "time"
    print(
        f"| {question} | {local:.1f} | {cluster:.1f} | {kind} {ratio:.2f} | {shown} |", flush=True
    )


def large_table(folder: Path) -> Path:
    """The KOI table again and again, as large as the question says."""
    with open(KOI, encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    header, rows = lines[0], lines[1:]
    path = folder / "large.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(header)
        for i in range(BATCH_ROWS):
            file.write(rows[i % len(rows)])
    with open(path, encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == BATCH_ROWS + 1
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3, help="of each question")
    parser.add_argument("--epochs", type=int, default=15, help="of a session")
    asked = parser.parse_args()
    if not KOI.exists():
        sys.exit(f"No {KOI.name} in {KOI.parent}: set EXOTRAIN_ARCHIVE_DATA.")
    settings = {"epochs": asked.epochs, "patience": asked.epochs}
    with servers() as (here, there):
        print(f"{REPOSITORY.name}: {os.cpu_count()} cores, {asked.epochs} epochs a session\n")
        print("| question | child processes, s | cluster, s | ratio | each round |")
        print("|---|---|---|---|---|")
        for server in (here, there):
            server.sessions(1, **settings | {"epochs": 1})
        time.sleep(_WARM_SECONDS)

        def both(
            question: str, measure: Callable[[Server], float], rounds: int, *, rate: bool
        ) -> None:
            compare(question, rounds, lambda: measure(here), lambda: measure(there), rate=rate)

        both("a KOI session", lambda each: each.sessions(1, **settings), asked.rounds, rate=False)
        both(
            f"{SESSIONS} KOI sessions, two at a time",
            lambda each: each.sessions(SESSIONS, **settings),
            max(1, asked.rounds - 1),
            rate=True,
        )
        both(
            f"a study of {FOLDS} folds, two at a time",
            lambda each: each.study(**settings),
            max(1, asked.rounds - 1),
            rate=True,
        )
        table = large_table(Path(os.environ.get("TMPDIR", "/tmp")))
        try:
            for networks in (1, NETWORKS_OF_LARGE_MODEL):
                for server in (here, there):
                    server.sessions(1, **settings | {"epochs": 1, "ensemble": networks})
                both(
                    f"{BATCH_ROWS:,} rows as a batch, a model of {networks}",
                    lambda each: each.batch(table, each.newest_model()),
                    max(1, asked.rounds - 1),
                    rate=True,
                )
        finally:
            table.unlink()


if __name__ == "__main__":
    main()
