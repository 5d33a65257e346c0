"""How long do clients wait, alone and in a crowd, compared with an earlier release?

    python -m benchmarks.load --reference PATH [--rounds 5] [--seconds 20] [--sessions 100]

PATH is a checkout of the earlier release. Real servers of both run in turn on the same tables;
prints one markdown table. Other work makes a machine slower for minutes, so what can be compared is
the ratio of two figures of one line. `--sessions` also trains so many sessions one after the other
and looks at what they leave in the server; it takes long.
"""

import argparse
import json
import math
import signal
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY
from benchmarks.caller import Caller
from benchmarks.predictions import CANDIDATE, TABLE, ReleaseServer
from tests.e2e.server import Client, small_catalogue
from tests.processes import resident_mb

REQUESTS = 200
LONG_SESSION_EPOCHS = 1000
MANY_SESSIONS = 10_000
POLLED_EPOCHS = 30
PREDICTIONS = 100

METRICS = {
    "accuracy": 0.7714285714285715,
    "val_accuracy": 0.5454545454545454,
    "loss": 0.6147348290398007,
    "val_loss": 0.8879464756358754,
    "label_loss": 0.5614944662366594,
    "val_label_loss": 0.8527493910356001,
    "period_mae": 27.457407960437592,
    "val_period_mae": 19.86524824662642,
    "depth_mae": 156.01862836565292,
    "val_depth_mae": 92.75049937855114,
    "learning_rate": 0.0020000000949949026,
    "epoch_seconds": 0.295,
}


class Side:
    """A server of one release with a model, long lists and a long session."""

    def __init__(self, repository: Path, folder: Path) -> None:
        folder.mkdir()
        self.server = ReleaseServer(folder, repository)
        self.client = Client(self.server)
        self.catalogue = small_catalogue(folder)
        self.key = self.client.workspace()
        self.dataset = self.client.upload(self.key, self.catalogue)["id"]
        self.session = self.client.complete(self.key, self.dataset, epochs=1)["id"]
        self.many, self.few = (self.client.workspace(name) for name in ("many", "few"))
        self.server.stop()
        self.long = self._fill()
        self.server.start()
        self.caller = Caller(self.server.address)

    def _fill(self) -> int:
        """Write sessions and epochs into the stopped server's database; the long session's id.

        In plain SQL: each release has tables of its own.
        """
        with closing(sqlite3.connect(self.server.data_dir / "exotrain.db")) as connection:
            connection.row_factory = sqlite3.Row
            session = dict(_one(connection, "training_sessions", id=self.session))
            model = dict(_one(connection, "models", session_id=self.session))
            last = self.session
            for name, count in (("many", MANY_SESSIONS), ("few", 1), ("test", 1)):
                home = {"workspace_id": _one(connection, "workspaces", name=name)["id"]}
                ids = range(last + 1, last + 1 + count)
                sessions = [{**session, **home, "id": each, "dataset_id": None} for each in ids]
                models = [
                    {**model, **home, "id": each, "session_id": each, "file": f"{each}.keras"}
                    for each in ids
                ]
                _insert(connection, "training_sessions", sessions)
                _insert(connection, "models", models)
                last = ids[-1]
            metrics = json.dumps(METRICS)
            for each, epochs in ((self.session, POLLED_EPOCHS), (last, LONG_SESSION_EPOCHS)):
                connection.execute("DELETE FROM epochs WHERE session_id = ?", (each,))
                numbers = range(1, epochs + 1)
                rows = [{"session_id": each, "epoch": n, "metrics": metrics} for n in numbers]
                _insert(connection, "epochs", rows)
                connection.execute(
                    "UPDATE training_sessions SET epochs = ?, epochs_completed = ? WHERE id = ?",
                    (epochs, epochs, each),
                )
            connection.commit()
        return last

    def median_of(self, call: Callable[[], Any], requests: int = REQUESTS) -> float:
        """The median time of a request in milliseconds."""
        call()
        seconds = []
        for _ in range(requests):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        return 1e3 * statistics.median(seconds)

    def path(self, session: int) -> str:
        return f"/api/training/session/{session}"

    def get_session(self) -> float:
        return self.median_of(lambda: self.caller.get(self.path(self.session)))

    def get_unchanged_session(self) -> float:
        etag = self.caller.get(self.path(self.session)).headers["ETag"]
        known = {"If-None-Match": etag}
        return self.median_of(lambda: self.caller.get(self.path(self.session), **known))

    def predict_one(self) -> float:
        body = {"workspace_key": self.key, **CANDIDATE}
        return self.median_of(lambda: self.caller.post("/api/predict", body), PREDICTIONS)

    def predict_table(self) -> float:
        start = time.perf_counter()
        with open(TABLE, "rb") as file:
            files, fields = {"file": (TABLE.name, file)}, {"workspace_key": self.key}
            self.client.post("/api/predict/batch", None, data=fields, files=files)
        return 1e3 * (time.perf_counter() - start)

    def list_page(self, key: str, limit: int) -> float:
        path = f"/api/training/sessions?workspace_key={key}&limit={limit}"
        return self.median_of(lambda: self.caller.get(path))

    def list_fifty_of_many(self) -> float:
        return self.list_page(self.many, 50)

    def list_one_of_many(self) -> float:
        return self.list_page(self.many, 1)

    def list_the_only_one(self) -> float:
        return self.list_page(self.few, 50)

    def get_long_session(self) -> float:
        return self.median_of(lambda: self.caller.get(self.path(self.long)), 30)

    def get_new_epoch(self) -> float:
        path = f"{self.path(self.long)}?after_epoch={LONG_SESSION_EPOCHS - 1}"
        return self.median_of(lambda: self.caller.get(path))

    def poll(self, pollers: int, seconds: float) -> float:
        """The 99th percentile of clients that each ask once a second, in milliseconds.

        A request's time counts from when it was due: a server that falls behind is not excused.
        """
        start = time.perf_counter() + 0.5
        waited: list[float] = []

        def follow(number: int) -> None:
            caller = Caller(self.server.address)
            for turn in range(math.ceil(seconds)):
                due = start + turn + number / pollers
                threading.Event().wait(max(0.0, due - time.perf_counter()))
                caller.get(self.path(self.session))
                waited.append(time.perf_counter() - due)
            caller.close()

        threads = [threading.Thread(target=follow, args=(each,)) for each in range(pollers)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return 1e3 * statistics.quantiles(waited, n=100)[-1]

    def stop(self) -> None:
        self.caller.close()
        self.server.stop()


def _one(connection: sqlite3.Connection, table: str, **where: Any) -> sqlite3.Row:
    (name,) = where
    query = f"SELECT * FROM {table} WHERE {name} = ? ORDER BY rowid"
    return connection.execute(query, (where[name],)).fetchone()


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    places = ", ".join(f":{name}" for name in names)
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows)


QUESTIONS: dict[str, Callable[[Side], float]] = {
    "one `GET session`, p50": Side.get_session,
    "the same with `If-None-Match`": Side.get_unchanged_session,
    "one prediction, p50": Side.predict_one,
    "the KOI table as a batch": Side.predict_table,
    "list of 50, workspace of 10,000 sessions": Side.list_fifty_of_many,
    "list of 1, workspace of 10,000 sessions": Side.list_one_of_many,
    "list, workspace of 1 session": Side.list_the_only_one,
    "session of 1,000 epochs": Side.get_long_session,
    "its last epoch, by `after_epoch`": Side.get_new_epoch,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, required=True, help="checkout of the release")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--seconds", type=int, default=20, help="how long clients poll")
    parser.add_argument("--sessions", type=int, default=0, help="trained one after the other")
    arguments = parser.parse_args()
    if not TABLE.exists():
        sys.exit(f"No {TABLE.name}: set EXOTRAIN_ARCHIVE_DATA to its folder.")
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(1))  # the servers end too
    sides: list[Side] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name, repository in (("before", arguments.reference), ("after", REPOSITORY)):
                sides.append(Side(repository.resolve(), Path(folder) / name))
            print_table(sides, arguments)
        finally:
            for side in sides:
                side.stop()


def print_table(sides: list[Side], arguments: argparse.Namespace) -> None:
    print("| milliseconds | reference | this code | ratio |\n|---|---|---|---|")
    for question, measure in QUESTIONS.items():
        rounds = [[measure(side) for side in sides] for _ in range(arguments.rounds)]
        print_row(question, *(statistics.median(each) for each in zip(*rounds, strict=True)))
    for pollers in (20, 200):
        found = [side.poll(pollers, arguments.seconds) for side in sides]
        print_row(f"{pollers} pollers at one request a second, p99", *found)
    if arguments.sessions:
        before, after = (left_by_sessions(side, arguments.sessions) for side in sides)
        for what in before:
            print_row(
                f"{arguments.sessions} sessions one after the other: {what}",
                before[what],
                after[what],
            )


def print_row(question: str, before: float, after: float) -> None:
    ratio = f"{after / before:.2f}" if before else ""
    print(f"| {question} | {before:,.1f} | {after:,.1f} | {ratio} |", flush=True)


def left_by_sessions(side: Side, count: int) -> dict[str, float]:
    """What sessions trained one after the other leave in the server."""
    for _ in range(3):  # what grows only once is no leak
        side.client.complete(side.key, side.dataset, epochs=1)
    before = resources(side.server.process.pid)
    for _ in range(count):
        side.client.complete(side.key, side.dataset, epochs=1)
    after = resources(side.server.process.pid)
    left = {f"more {what}": after[what] - before[what] for what in before}
    # One predicts; no worker is kept warm.
    return {**left, "processes": float(len(side.server.children()))}


def resources(process_id: int) -> dict[str, float]:
    """Resident memory and open files of a process; Linux only."""
    files = list(Path(f"/proc/{process_id}/fd").iterdir())
    return {"MB": resident_mb(process_id), "open files": float(len(files))}


if __name__ == "__main__":
    main()
