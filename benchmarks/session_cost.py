"""One session in this process, or the same as a plain Keras script: what it costs, as JSON.

    python benchmarks/session_cost.py session|plain TABLE EPOCHS

`training_cost` runs it with each checkout's code.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

# Seconds on the clock, and of the processor.
Seconds = tuple[float, float]


def main() -> None:
    what, table, epochs = sys.argv[1:]
    measure = {"session": measure_session, "plain": measure_plain}[what]
    print(json.dumps(measure(Path(table), int(epochs))))


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
    from backend.training import fit, keras_setup
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
        2e-3, weight_decay=fit.WEIGHT_DECAY, global_clipnorm=fit.GRADIENT_NORM
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
    main()
