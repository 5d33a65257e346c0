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

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
TABLE = ARCHIVE_DATA / "koi_cumulative.csv"

EPOCHS = 5
SMALL_ROWS = 10_000

# A waiting worker is ready when it has used no processor time for so long.
_IDLE_SECONDS = 4.0

_TICKS = os.sysconf("SC_CLK_TCK")

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
            begun = time.perf_counter(), processor_seconds(worker)
            path = f"/api/training/session/{session}"

            def wait_for(condition: Callable[[dict[str, Any]], bool]) -> Seconds:
                while not condition(client.get(path)["session"]):
                    time.sleep(0.02)
                return time.perf_counter(), processor_seconds(worker)

            first = wait_for(lambda session: session["batches_done"] > 0)
            last = wait_for(lambda session: session["epochs_completed"] == EPOCHS)
            completed = wait_for(lambda session: session["status"] == "completed")
        finally:
            server.stop()
    return {"first batch": between(begun, first), "completed": between(last, completed)}


def wait_until_idle(server: Any) -> int:
    """Wait until the waiting worker is ready; its process id."""
    while True:
        before = {child: processor_seconds(child) for child in server.children()}
        time.sleep(_IDLE_SECONDS)
        after = {child: processor_seconds(child) for child in server.children()}
        if before and before == after:
            (worker,) = before
            return worker


def processor_seconds(process_id: int) -> float:
    """The processor time of a process; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def between(one: Seconds, other: Seconds) -> Seconds:
    """Processor time NaN where the process had ended."""
    processor = other[1] - one[1] if other[1] else float("nan")
    return other[0] - one[0], processor


def measure(checkout: Path, what: str, table: Path, epochs: int = EPOCHS) -> dict[str, Any]:
    """What `measure_session` or `measure_plain` gives in a process of a checkout."""
    answer = subprocess.run(
        [sys.executable, __file__, what, str(table), str(epochs)],
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


def measure_session(table: Path, epochs: int) -> dict[str, Any]:
    """One session in this process, once Keras is imported."""
    from backend import wire
    from backend.training import train

    moments: list[Seconds] = []
    rows = 0

    def emit(event: Any) -> None:
        nonlocal rows
        if isinstance(event, wire.Started):
            rows = event.train
        if isinstance(event, wire.Epoch):
            moments.append(now())

    folder = Path(tempfile.mkdtemp(dir=table.parent))
    spec = train.TrainingSpec(
        session_id=1,
        table=table,
        source="koi",
        dataset_sha256="",
        model_name="benchmark",
        model_path=folder / "benchmark.keras",
        checkpoint=folder / "benchmark.ckpt",
        epochs=epochs,
        seed=1,
        curve_memory_mb=2000,  # as of a worker
    )
    begun = now()
    train.train(spec, emit, lambda: None)
    return {
        "session": np.subtract(now(), begun).tolist(),
        "epochs": moments,
        "rows": rows,
        "peak_mb": peak_mb(),
    }


def measure_plain(table: Path, epochs: int) -> dict[str, Any]:
    """The same graph, rows and epochs as a script with `Model.fit` would train them."""
    from backend.training import keras_setup, train
    from backend.training.split import split_by_star

    import keras  # isort: skip

    from backend.transit.light_curve.orbit import transit_geometry
    from backend.transit.networks import losses
    from backend.transit.networks.build import build, publish
    from backend.transit.networks.curve_reading import make_reading
    from backend.transit.networks.inputs import network_inputs
    from backend.transit.networks.scaling import learn_scaling

    keras_setup.prepare_tensorflow()
    begun = now()
    rows = np.load(table)
    split = split_by_star(rows, 0.15, 0.15, 1)

    def data(chosen: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        part = rows[chosen]
        geometry = transit_geometry(part, "kepler")
        inputs = network_inputs(part, geometry, "kepler", ("curve_input", "feat_input"))
        targets = {
            "label": part["label"].astype(np.int32)[:, None],
            "period_out": np.log(part["period"]).astype(np.float32)[:, None],
            "depth_out": np.log(part["depth"]).astype(np.float32)[:, None],
        }
        return inputs, targets

    training, validation, test = data(split.train), data(split.validation), data(split.test)
    scaling = learn_scaling(rows[split.train])
    sample = {name: values[:4096] for name, values in training[0].items()}
    sample |= make_reading().predict_on_batch(sample["curve_input"])
    model = build("transit_cnn", scaling, sample, 1).model
    optimizer = keras.optimizers.AdamW(
        2e-3, weight_decay=train.WEIGHT_DECAY, global_clipnorm=train.GRADIENT_NORM
    )
    period, depth = scaling.log_period[1], scaling.log_depth[1]
    model.compile(
        optimizer,
        loss={
            "label": lambda true, heads: losses.heads_loss(true[:, 0], heads, 0.02),
            "period_out": lambda true, found: losses.huber(true, found, period),
            "depth_out": lambda true, found: losses.huber(true, found, depth),
        },
        loss_weights={"label": 1.0, "period_out": 0.1, "depth_out": 0.1},
    )
    keras.utils.set_random_seed(1)
    model.fit(*training, batch_size=128, epochs=epochs, validation_data=validation, verbose=0)
    model.predict(test[0], batch_size=512, verbose=0)
    published = publish(model)
    with tempfile.TemporaryDirectory() as folder:
        published.save(Path(folder) / "plain.keras")
    return {"session": np.subtract(now(), begun).tolist(), "peak_mb": peak_mb()}


def now() -> Seconds:
    return time.perf_counter(), time.process_time()


def peak_mb() -> float:
    """Peak resident memory of this process; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("session", "plain"):
        measured_here = measure_session if sys.argv[1] == "session" else measure_plain
        print(json.dumps(measured_here(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
