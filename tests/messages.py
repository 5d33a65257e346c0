"""Messages between server and worker, for tests that need some."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE

# What a session in these tests has saved.
MODEL = b"model"

FIGURES = ("accuracy", "loss", "label_loss", "period_mae", "depth_mae")

SPEC: dict[str, Any] = {
    "version": 2,
    "model_name": "m",
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 0.002,
    "validation_split": 0.15,
    "test_split": 0.15,
    "patience": 10,
    "seed": 1,
    "network": "transit_cnn",
    "ensemble": 1,
    "dataset_sha256": "d",
    "dataset_name": "d.csv",
    "source": "koi",
}

# Verdicts of a model that is better than guessing, and of one that is not.
BETTER: dict[str, Any] = {
    "beats_guessing": True,
    "log_loss": 0.5,
    "guessing_log_loss": 1.05,
    "part": "test",
    "rows": 100,
}
WORSE: dict[str, Any] = {**BETTER, "beats_guessing": False, "log_loss": 1.1}


def job(**fields: Any) -> wire.Train:
    """A session to train."""
    defaults: dict[str, Any] = {
        "session_id": 1,
        "start": 1,
        "workspace_id": 1,
        "keep": False,
        "memory_mb": None,
    }
    defaults |= {"model_file": "1/m.keras", "spec": wire.Spec(**SPEC)}
    return wire.Train(**defaults | fields)


def metrics(accuracy: float | None = 0.5) -> wire.EpochMetrics:
    """Of an epoch; but for the accuracy all are 1."""
    values: dict[str, Any] = {prefix + name: 1.0 for prefix in ("", "val_") for name in FIGURES}
    values |= {"learning_rate": 0.002, "epoch_seconds": 1.0, "accuracy": accuracy}
    return wire.EpochMetrics(**values)


def epoch(number: int, accuracy: float | None = 0.5) -> wire.Epoch:
    """The end of an epoch."""
    return wire.Epoch(epoch=number, metrics=metrics(accuracy))


def started(**fields: Any) -> wire.Started:
    """The start of the first epoch."""
    defaults: dict[str, Any] = {"rows": 9, "train": 6, "validation": 2, "test": 1}
    defaults |= {"parameters": 5, "batches": 4, "resumed_from_epoch": 0, "history": ()}
    return wire.Started(**defaults | fields)


def saved(**manifest: Any) -> wire.Saved:
    """The end of a session whose model's file is MODEL."""
    sha256 = hashlib.sha256(MODEL).hexdigest()
    manifest = manifest or {"m": 1}
    return wire.Saved(sha256=sha256, manifest=manifest, best_epoch=1, metrics=metrics(1.0))


def failed() -> wire.Failed:
    """A session whose dataset could not serve it."""
    return wire.Failed(reason="data", message="no")


def request(**fields: Any) -> wire.PredictionRequest:
    """A request to predict nothing, of a model without training rows."""
    defaults: dict[str, Any] = {"id": 1, "model_file": "m", "sha256": "s", "source": "koi"}
    defaults |= {"rows": b"", "neighbours_sha256": None, "relations": None}
    return wire.PredictionRequest(**defaults | fields)


def rows(**columns: float) -> bytes:
    """Two packed rows."""
    return _packed(ROW_DTYPE, columns)


def views(*places: int) -> NDArray[np.void]:
    """Records of views of these rows, each with numbers of its own."""
    records = np.zeros(len(places), VIEW_ROW_DTYPE)
    records["row"] = places
    for name in ("global_view", "local_views", "evidence"):
        numbers = np.random.default_rng(len(name)).normal(1, 1e-3, records[name].shape)
        records[name] = numbers
    return records


def predictions(**columns: float) -> bytes:
    """Two packed predictions."""
    return _packed(PREDICTION_DTYPE, columns)


def _packed(dtype: np.dtype, columns: dict[str, float]) -> bytes:
    records = np.zeros(2, dtype)
    for name, value in columns.items():
        records[name] = value
    return records.tobytes()
