"""A worker's jobs without TensorFlow: the events and files of a session, in a second.

It stands in for `backend.worker.jobs`. What it learns is a chain of hashes, which only the spec
and the number of epochs decide: a session that was interrupted must end with the same model.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backend import wire
from backend.storage.atomic import sha256_of, write_atomically
from backend.storage.layout import Storage
from backend.training.spec import Cancelled
from backend.training.split import split_by_star
from backend.transit.catalog.reader import band
from backend.transit.columns import ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.neighbours import NEIGHBOURS, keep_neighbours, no_neighbours
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.related import keep_known

_BATCHES = 2
_PAUSE_SECONDS = 0.02

# A model of some size takes some time to be written and copied.
_REPEATS = 4_000

# The name of a model that is no better than guessing.
WORSE_NAME = "guessing"

# From a candidate to each of its neighbours; twice the distance at which a place is sparse.
FAR = 3.0

log = logging.getLogger("worker")

Emit = Callable[[wire.SessionEvent], None]
ShouldStop = Callable[[], wire.RequestedEnd | None]


def prepare_while_waiting(_is_waiting: Callable[[], bool]) -> None:
    """There is nothing to prepare."""


def train_session(
    job: wire.Train, storage: Storage, emit: Emit, should_stop: ShouldStop, _prepared: Any = None
) -> None:
    """Train one session; the last event is Saved, Cancelled or Failed."""
    try:
        _train(job, storage, emit, should_stop)
    except Cancelled:
        emit(wire.Cancelled())
    except Exception as error:
        log.exception("session %s failed", job.session_id)
        emit(wire.Failed(reason="crashed", message=wire.encodable(repr(error))))


def answer_predictions(
    storage: Storage,
    next_request: Callable[[], wire.PredictionRequest],
    answer: Callable[[wire.PredictionAnswer | wire.PredictionRefusal], None],
) -> None:
    """Answer requests with what needs no network, if the model's file is the one that was saved."""
    while True:
        request = next_request()
        path = storage.model(request.model_file)
        found = sha256_of(path) if path.exists() else None
        if found != request.sha256:
            message = f"expected {request.sha256}, found {found}"
            answer(wire.PredictionRefusal(id=request.id, error=message, reason="model_corrupt"))
            continue
        rows = np.frombuffer(request.rows, ROW_DTYPE)
        predicted = np.empty(len(rows), PREDICTION_DTYPE)
        predicted["probabilities"] = (0.5, 0.3, 0.2)
        predicted["period"], predicted["depth_ppm"] = rows["period"], rows["depth"]
        predicted["geometry"] = transit_geometry(rows, band(request.source)).to_records()
        predicted["nearest"] = no_neighbours(len(rows))
        if request.neighbours_sha256 is not None:
            predicted["nearest"] = _first_ones(storage.model_neighbours(request.model_file))
        answer(wire.PredictionAnswer(id=request.id, predictions=predicted.tobytes()))


def _first_ones(path: Path) -> np.ndarray:
    """The first training rows in place of the nearest; they are far away."""
    nearest, kept = no_neighbours(1)[0], np.load(path)[:NEIGHBOURS]
    for name in ("row", "line", "star", "label", "period", "depth"):
        nearest[name][: len(kept)] = kept[name]
    nearest["distance"][: len(kept)] = FAR
    return nearest


def model_of(spec: wire.Spec, epochs: int) -> bytes:
    """The model that a spec gives after so many epochs."""
    state = hashlib.sha256(spec.model_dump_json().encode()).hexdigest()
    for epoch in range(1, epochs + 1):
        state = _next_state(state, epoch)
    return _content(state, epochs)


def epochs_of(content: bytes) -> int:
    """How many epochs a model has learnt for."""
    return int(content.partition(b" ")[0])


def _next_state(state: str, epoch: int) -> str:
    return hashlib.sha256(f"{state} {epoch}".encode()).hexdigest()


def _content(state: str, epochs: int) -> bytes:
    return f"{epochs} {state * _REPEATS}".encode()


def _train(job: wire.Train, storage: Storage, emit: Emit, should_stop: ShouldStop) -> None:
    spec = job.spec

    def pause(seconds: float) -> None:
        time.sleep(seconds)
        if should_stop() == "cancel":
            raise Cancelled

    table = np.load(storage.table(job.workspace_id, spec.dataset_sha256), mmap_mode="r")
    split = split_by_star(table, spec.validation_split, spec.test_split, spec.seed)
    pause(_PAUSE_SECONDS)
    checkpoint = storage.checkpoint(job.session_id, job.start)
    epochs, state = _read(checkpoint, spec)
    emit(
        wire.Started(
            rows=len(table),
            train=len(split.train),
            validation=len(split.validation),
            test=len(split.test),
            parameters=1,
            batches=_BATCHES,
            resumed_from_epoch=epochs,
            history=tuple(
                wire.Epoch(epoch=each, metrics=_metrics(each)) for each in range(1, epochs + 1)
            ),
        )
    )
    taken: list[bytearray] = []  # a session that needs more with each epoch
    while epochs < spec.epochs and not (epochs and should_stop() == "stop"):
        taken.append(bytearray(int(os.environ.get("LIGHT_EPOCH_MB", "0")) << 20))
        for batch in range(1, _BATCHES + 1):
            pause(_epoch_seconds() / _BATCHES)
            emit(wire.Batch(epoch=epochs + 1, batches_done=batch, batches=_BATCHES))
        epochs += 1
        state = _next_state(state, epochs)
        emit(wire.Epoch(epoch=epochs, metrics=_metrics(epochs)))
        _write(checkpoint, json.dumps({"epochs": epochs, "state": state}).encode())
    emit(wire.Stage(stage="evaluating"))
    pause(_PAUSE_SECONDS)
    emit(wire.Evaluated(evaluation=None))
    pause(_PAUSE_SECONDS)
    content, kept = _content(state, epochs), keep_neighbours(table, split.train, spec.seed)
    known = keep_known(table, no_evidence(len(table)), spec.seed)
    _save(storage.model(job.model_file), spec, content, kept, known, split.test, emit, epochs)


def _save(
    path: Path,
    spec: wire.Spec,
    content: bytes,
    kept: np.ndarray,
    known: np.ndarray,
    test: np.ndarray,
    emit: Emit,
    epochs: int,
) -> None:
    """The five files, in the order of `training.results.save`, then the event."""
    neighbours, related = _as_file(kept), _as_file(known)
    manifest = {
        "model_name": spec.model_name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "file_size": len(content),
        "spec": spec.model_dump(),
        "training_ranges": {},
        "neighbours": {
            "sha256": hashlib.sha256(neighbours).hexdigest(),
            "rows": len(kept),
            "training_rows": len(kept),
            "sparse_above": FAR / 2,
        },
        "related": {
            "sha256": hashlib.sha256(related).hexdigest(),
            "rows": len(known),
            "table_rows": len(known),
            "known": 0,
            "accuracy": {"with": None, "without": None},
        },
        "metrics": _metrics(epochs).model_dump(),
        "evaluation": None,
        "verdict": {
            "beats_guessing": spec.model_name != WORSE_NAME,
            "log_loss": 1.2 if spec.model_name == WORSE_NAME else 0.5,
            "guessing_log_loss": 1.1,
            "part": "test" if len(test) else "validation",
            "rows": len(test),
        },
        "dataset_name": spec.dataset_name,
        "dataset_sha256": spec.dataset_sha256,
        "simulated": spec.simulated,
    }
    _write(path.with_suffix(".neighbours.npy"), neighbours)
    _write(path.with_suffix(".related.npy"), related)
    _write(path.with_suffix(".test.npy"), _as_file(test))
    _write(path.with_suffix(".json"), json.dumps(manifest).encode())
    _write(path, content)
    emit(
        wire.Saved(
            sha256=hashlib.sha256(content).hexdigest(),
            manifest=manifest,
            best_epoch=epochs,
            metrics=_metrics(epochs),
        )
    )


def _as_file(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _read(checkpoint: Path, spec: wire.Spec) -> tuple[int, str]:
    """The finished epochs and the state after them."""
    with contextlib.suppress(FileNotFoundError):
        stored = json.loads(checkpoint.read_bytes())
        return stored["epochs"], stored["state"]
    return 0, hashlib.sha256(spec.model_dump_json().encode()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda file: file.write(content))


def _metrics(epoch: int) -> wire.EpochMetrics:
    figures = dict.fromkeys(wire.EpochMetrics.model_fields, 1 / epoch)
    return wire.EpochMetrics(**figures)


def _epoch_seconds() -> float:
    return float(os.environ.get("LIGHT_EPOCH_SECONDS", "0.1"))
