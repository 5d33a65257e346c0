"""How long do predictions and the start of a session take, compared with an earlier release?

    python -m benchmarks.predictions --reference PATH [--rounds 5]

PATH is a checkout of the earlier release. Both run real servers, in turn, on the KOI table; prints
markdown tables. Other work makes a machine slower for minutes, so what can be compared is the
ratio of two figures of one line.
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

import numpy as np

from backend.config import REPOSITORY
from backend.transit.catalog.reader import open_catalog
from tests.e2e.server import Client, Server, small_catalogue
from tests.processes import processor_seconds

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
TABLE = ARCHIVE_DATA / "koi_cumulative.csv"

NETWORKS = ("transit_cnn", "transit_cnn_catalogue")

# One request takes about 20 ms: enough of them for the processor's clock, which ticks every 10 ms.
REQUESTS = 100

CANDIDATE = {
    "period": 9.488036,
    "duration": 2.9575,
    "depth": 615.8,
    "impact": 0.146,
    "snr": 35.8,
    "steff": 5455.0,
    "srad": 0.927,
    "slogg": 4.467,
    "tmag": 15.347,
}

# Milliseconds: on the clock, and of the processor.
Measured = tuple[float, float]


class ReleaseServer(Server):
    """A server of the release in `repository`."""

    def __init__(self, data_dir: Path, repository: Path) -> None:
        self.repository = repository
        super().__init__(data_dir, EXOTRAIN_WARM_WORKERS="0")


class Side:
    """A server of one release with a model of each network, trained for one epoch.

    What the models have learnt does not matter here: a small simulated catalogue will do.
    """

    def __init__(self, repository: Path, folder: Path) -> None:
        self.repository = repository
        self.folder = folder
        folder.mkdir()
        self.server = ReleaseServer(folder, repository)
        self.client = Client(self.server)
        self.key = self.client.workspace()
        dataset = self.client.upload(self.key, small_catalogue(folder))
        self.models = {
            network: self.client.complete(self.key, dataset["id"], network=network, epochs=1)[
                "model_id"
            ]
            for network in NETWORKS
        }

    def predict_one(self, network: str) -> Measured:
        """Milliseconds a request: the median on the clock, the mean of the processor."""
        body = {"workspace_key": self.key, "model_id": self.models[network], **CANDIDATE}
        self.client.post("/api/predict", json=body)
        seconds = []
        busy = self.processor_seconds()
        for _ in range(REQUESTS):
            start = time.perf_counter()
            self.client.post("/api/predict", json=body)
            seconds.append(time.perf_counter() - start)
        busy = self.processor_seconds() - busy
        return 1e3 * statistics.median(seconds), 1e3 * busy / REQUESTS

    def predict_table(self, network: str) -> Measured:
        """Milliseconds for all rows of the KOI table."""
        fields = {"workspace_key": self.key, "model_id": str(self.models[network])}
        busy, start = self.processor_seconds(), time.perf_counter()
        with open(TABLE, "rb") as file:
            answer = self.client.post(
                "/api/predict/batch", None, data=fields, files={"file": (TABLE.name, file)}
            )
        seconds = time.perf_counter() - start
        answer.raise_for_status()
        return 1e3 * seconds, 1e3 * (self.processor_seconds() - busy)

    def prepare(self, network: str) -> Measured:
        """Processor milliseconds to prepare a session; the clock adds nothing."""
        script = REPOSITORY / "benchmarks" / "preparation.py"
        table = self.folder.parent / "koi.npy"
        printed = subprocess.run(
            [sys.executable, str(script), str(table), network],
            env={**os.environ, "PYTHONPATH": str(self.repository)},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        seconds = float(printed)
        return 1e3 * seconds, 1e3 * seconds

    def predicted_period(self, network: str) -> float:
        """The model's period, to check that both sides were asked the same."""
        body = {"workspace_key": self.key, "model_id": self.models[network], **CANDIDATE}
        return self.client.post("/api/predict", json=body)["predictions"][0]["period"]

    def processor_seconds(self) -> float:
        """Processor time of the server and its workers so far."""
        processes = [self.server.process.pid, *self.server.children()]
        return sum(map(processor_seconds, processes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, required=True, help="checkout of the release")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    arguments = parser.parse_args()
    if not TABLE.exists():
        sys.exit(f"No {TABLE.name} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "koi.npy", read_table())
        sides: list[Side] = []
        try:
            for name, repository in (("before", arguments.reference), ("after", REPOSITORY)):
                sides.append(Side(repository.resolve(), Path(folder) / name))
            print_tables(sides, arguments.rounds)
        finally:
            for side in sides:
                side.server.stop()


def read_table() -> np.ndarray:
    """The labelled rows of the KOI table: ROW_DTYPE, (n,)."""
    with open(TABLE, "rb") as stream:
        return np.concatenate([chunk.rows for chunk in open_catalog(stream, label_required=True)])


def print_tables(sides: list[Side], rounds: int) -> None:
    kinds: dict[str, Callable[[Side, str], Measured]] = {
        "a single prediction": Side.predict_one,
        "the KOI table as a batch": Side.predict_table,
        "preparing a KOI training": Side.prepare,
    }
    found: dict[tuple[str, str], list[list[Measured]]] = defaultdict(list)
    for _ in range(rounds):
        for kind, measure in kinds.items():
            for network in NETWORKS:
                found[kind, network].append([measure(side, network) for side in sides])
    print("| milliseconds | before | after | ratio | processor before | after | ratio |")
    print("|---|---|---|---|---|---|---|")
    for (kind, network), pairs in found.items():
        before, after = np.median(np.array(pairs), axis=0)
        cells = [
            cell
            for old, new in zip(before, after, strict=True)
            for cell in (f"{old:,.1f}", f"{new:,.1f}", f"{new / old:.2f}")
        ]
        print(f"| {kind}, {network} | {' | '.join(cells)} |")
    periods = {network: [side.predicted_period(network) for side in sides] for network in NETWORKS}
    print(f"\nPredicted periods, before and after: {json.dumps(periods)}")


if __name__ == "__main__":
    main()
