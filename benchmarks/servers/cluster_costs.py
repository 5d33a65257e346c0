"""What a session on a Ray cluster costs the server's machine, and what they exchange.

    python -m benchmarks.servers.cluster_costs

A head, two nodes and a server run on this machine, as `make demo-cluster` has them. The table that
it prints is in docs/BENCHMARKS.md, with what follows for a thousand sessions.
"""

import os
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backend import wire
from backend.cluster.messages import FileBegins, Piece, Reported
from backend.cluster.parcels import PIECE_BYTES
from backend.demo.client import Api
from backend.demo.cluster.machines import Machines
from backend.storage.layout import Storage
from backend.transit.columns import ROW_DTYPE
from backend.transit.simulation.catalogue import simulate, write_csv
from tests.processes import processes_of, processor_seconds

ROWS = 1000
EPOCHS = 40
SESSIONS = 2

LARGE_ROWS = 1_000_000
STORE_BYTES = 400_000_000

MESSAGES = 3000
MESSAGE_BYTES = 200

ASKED_SECONDS = 10
ASKERS = 2

IDLE_SECONDS = 20

# What stands in the command lines of processes on the server's machine.
PARTS = {
    "backend/app.py": "server",
    "-m backend.cluster": "bridge",
    "ray::Desk": "desk",
    "gcs_server": "Ray's head (GCS)",
}


def main() -> None:
    machines = Machines(STORE_BYTES)
    try:
        machines.start_head()
        for name in ("node 1", "node 2"):
            machines.start_node(name)
        os.environ.update(machines.authentication)
        print("| what | measured |\n|---|---|", flush=True)
        for what, value in (*cost_of_sessions(machines), *cost_of_ray(machines)):
            print(f"| {what} | {value} |", flush=True)
    finally:
        machines.stop()
        machines.remove_folder()


def cost_of_sessions(machines: Machines) -> Iterator[tuple[str, str]]:
    """Sessions through the whole server: processor time by process, and commits."""
    api = machines.start_server()
    machines.wait_for_cpus(2)
    key = api.post("/api/workspaces", name="costs")["workspace"]["key"]
    path = Path(tempfile.mkdtemp()) / "table.csv"
    with open(path, "w") as file:
        write_csv(simulate(ROWS, 1), 1, file)
    dataset = api.upload("/api/training/upload-dataset", path, workspace_key=key)["dataset"]
    spec = {"workspace_key": key, "dataset_id": dataset["id"], "patience": 1000}
    train(api, 2, spec)  # the nodes are warm, and have the table

    used, began = processors(machines), time.monotonic()
    time.sleep(IDLE_SECONDS)
    idle = {
        name: (seconds - used[name]) / (time.monotonic() - began)
        for name, seconds in processors(machines).items()
    }
    for name, seconds in idle.items():
        yield f"{name}, idle", f"{1000 * seconds:.0f} ms of the processor per second"

    used, began, commits = processors(machines), time.monotonic(), commits_of(machines)
    ids = train(api, EPOCHS, spec)
    seconds = time.monotonic() - began
    epochs = EPOCHS * SESSIONS
    for name, now in processors(machines).items():
        each = 1000 * (now - used[name] - idle[name] * seconds) / epochs
        yield f"{name}, above that", f"{max(each, 0):.1f} ms of the processor per session and epoch"
    each = (commits_of(machines) - commits) / epochs
    yield "commits of the database", f"{each:.1f} per session and epoch"
    yield "epoch", f"{SESSIONS * seconds / epochs:.2f} s with start and end, {ROWS} rows"
    session = api.get(f"/api/training/session/{ids[0]}")["session"]
    yield from sizes(session, machines)


def train(api: Api, epochs: int, spec: dict[str, Any]) -> list[int]:
    """Train sessions side by side to their end; their ids."""
    ids = [
        api.post("/api/training/start", epochs=epochs, seed=seed, **spec)["session"]["id"]
        for seed in range(SESSIONS)
    ]
    for each in ids:
        while True:
            session = api.get(f"/api/training/session/{each}?after_epoch={epochs}")["session"]
            if session["status"] not in ("pending", "training"):
                assert session["status"] == "completed", session["error"]
                break
            time.sleep(2)
    return ids


def processors(machines: Machines) -> dict[str, float]:
    """Processor seconds so far of what runs on the server's machine, by what it is."""
    found = dict.fromkeys(PARTS.values(), 0.0)
    for process_id, line in processes_of(machines.folder).items():
        for part, name in PARTS.items():
            if part in line:
                found[name] += processor_seconds(process_id)
    return found


def commits_of(machines: Machines) -> int:
    """How many transactions have changed the database, modulo 2^32: SQLite counts them.

    Source: https://www.sqlite.org/walformat.html, the counter iChange of the index's header.
    """
    with open(machines.folder / "data" / "exotrain.db-shm", "rb") as file:
        return int(struct.unpack_from("<I", file.read(16), 8)[0])


def sizes(session: dict[str, Any], machines: Machines) -> Iterator[tuple[str, str]]:
    """What a node sends of a session, counted on the way out of its code."""
    from backend.cluster.node.folder import NodeFolder
    from backend.cluster.node.session import Session

    os.environ["EXOTRAIN_NODE_DIR"] = str(machines.folder / "costs")
    server = Storage(machines.folder / "data")
    job = wire.Train(
        session_id=session["id"],
        start=99,
        workspace_id=session["workspace_id"],
        model_file=f"{session['workspace_id']}/costs.keras",
        memory_mb=None,
        spec=wire.Spec(**session["spec"]),
        keep=False,
    )
    place = job.workspace_id, job.spec.dataset_sha256

    def bring(data: Path) -> None:
        for find in ("table", "evidence"):
            source, target = (getattr(each, find)(*place) for each in (server, Storage(data)))
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.exists():
                target.write_bytes(source.read_bytes())

    needs = wire.Needs(cpus=1, gpus=0, memory_mb=None)
    run = Session(job, needs, NodeFolder("costs"), lambda: "go on")
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    file = ""
    for message in run.run(bring):
        if isinstance(message, FileBegins):
            file = "checkpoint" if message.path.endswith(".ckpt") else "model"
            count[file] += 1
            size[file] += message.size
        elif isinstance(message, Reported):
            count["event"] += 1
            size["event"] += len(message.line)
        elif not isinstance(message, Piece):
            count["line of the log"] += 1
    for name in ("event", "checkpoint"):
        yield (
            f"{name}s",
            f"{count[name] / EPOCHS:.1f} per epoch, {size[name] / count[name]:,.0f} bytes each",
        )
    yield "files of the model", f"{count['model']} at the end, {size['model']:,} bytes together"


def cost_of_ray(machines: Machines) -> Iterator[tuple[str, str]]:
    """What Ray itself takes: messages, a table on its way, questions to the desk."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from backend.cluster.bridge import _connect, _open_desk

    _connect(machines.address)
    node = next(each["NodeID"] for each in ray.nodes() if each["Resources"].get("CPU"))
    there = {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}
    yield from cost_of_messages(ray, there)
    yield from cost_of_a_table(ray, there)
    yield from cost_of_questions(ray, there, _open_desk())
    ray.shutdown()


def cost_of_messages(ray: Any, there: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A stream of small messages, and one of a checkpoint's size, as the bridge takes them."""

    def stream(count: int, size: int) -> Iterator[list[bytes]]:
        for _ in range(count):
            yield [b"x" * size]

    remote = ray.remote(num_returns="streaming", max_retries=0)(stream).options(
        **there, _generator_backpressure_num_objects=16
    )
    for count, size in ((100, MESSAGE_BYTES), (MESSAGES, MESSAGE_BYTES), (100, PIECE_BYTES // 8)):
        began, used = time.monotonic(), time.process_time()
        for reference in remote.remote(count, size):
            ray.get(reference)
        seconds, own = time.monotonic() - began, time.process_time() - used
        if count == 100 and size == MESSAGE_BYTES:
            continue  # the process on the node begins
        yield (
            f"a message of {size:,} bytes",
            f"{1000 * own / count:.2f} ms of the bridge, {count / seconds:.0f} a second",
        )


def cost_of_a_table(ray: Any, there: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A table of a million rows: into the store, to a node, and to its disk."""
    rows = np.random.default_rng(1).bytes(LARGE_ROWS * ROW_DTYPE.itemsize)
    began = time.monotonic()
    pieces = [
        ray.put(np.frombuffer(rows[at : at + PIECE_BYTES], np.uint8))
        for at in range(0, len(rows), PIECE_BYTES)
    ]
    put = time.monotonic() - began

    def fetch(pieces: list[Any]) -> float:
        began = time.monotonic()
        with tempfile.TemporaryFile() as file:
            for piece in pieces:
                file.write(memoryview(ray.get(piece)).cast("B"))
        return time.monotonic() - began

    seconds = ray.get(ray.remote(fetch).options(**there).remote(pieces))
    megabytes = len(rows) / 1e6
    yield f"a table of 10^6 rows ({megabytes:.0f} MB) into the object store", f"{put:.2f} s"
    yield "from there to a node and its disk", f"{seconds:.2f} s"


def cost_of_questions(ray: Any, there: dict[str, Any], desk: Any) -> Iterator[tuple[str, str]]:
    """How many nodes' questions the desk answers."""

    def ask(desk: Any, seconds: float) -> int:
        answered, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            answered += len(ray.get([desk.answer.remote(1, 1) for _ in range(50)]))
        return answered

    remote = ray.remote(ask).options(**there)
    answered = sum(ray.get([remote.remote(desk, ASKED_SECONDS) for _ in range(ASKERS)]))
    yield "questions that the desk answers", f"{answered / ASKED_SECONDS:.0f} a second"


if __name__ == "__main__":
    main()
