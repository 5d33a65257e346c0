"""Predicts rows on a node, by a worker that stays for the next rows."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from backend import wire
from backend.background.prediction_worker import (
    InWorker,
    ModelUnusable,
    PredictionFailed,
    WorkerDied,
)
from backend.cluster.node.folder import NodeFolder
from backend.config import Settings
from backend.transit.columns import RELATION_COLUMNS, ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE, Predictions
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, views_between
from backend.transit.rows import Rows

# As on the server's own machine: another number of rows at once changes the last digits.
CHUNK = 512

# A worker that waits takes a gigabyte.
IDLE_SECONDS = 120.0

_ATTEMPTS = 2


class Predictor:
    """The worker of a process on a node, and the models that it has."""

    def __init__(self, folder: NodeFolder, threads: int) -> None:
        self._folder = folder
        self.data: Path = folder.make_data_folder()
        settings = replace(Settings(), data_dir=self.data, threads=threads)
        self._worker = InWorker(settings)
        self._lock = threading.Lock()
        self._used = time.monotonic()
        self.is_ended = False
        try:
            threading.Thread(target=self._end_when_idle, name="idle", daemon=True).start()
        except BaseException:
            folder.remove_data_folder(self.data)
            raise

    def answer(self, request: wire.PredictionRequest) -> wire.PredictionAnswer:
        """Predict the rows of a request, in chunks.

        Raises:
            ModelUnusable: the model's file is damaged or missing.
            PredictionFailed: the model gives no usable answer.
            WorkerDied: again and again.
        """
        with self._lock:
            rows = np.frombuffer(request.rows, ROW_DTYPE)
            found = np.empty(len(rows), PREDICTION_DTYPE)
            for start in range(0, len(rows), CHUNK):
                part = slice(start, start + CHUNK)
                found[part] = self._ask(_part_of(request, rows, part))
                self._used = time.monotonic()
        return wire.PredictionAnswer(id=request.id, predictions=found.tobytes())

    def is_kept(self) -> bool:
        """Whether it is still there; then it stays for a while."""
        with self._lock:
            self._used = time.monotonic()
            return not self.is_ended

    def _ask(self, request: wire.PredictionRequest) -> Predictions:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._worker.ask(request)
            except WorkerDied:
                continue
        return self._worker.ask(request)

    def _end_when_idle(self) -> None:
        while True:
            time.sleep(IDLE_SECONDS / 10)
            with self._lock:
                if time.monotonic() - self._used > IDLE_SECONDS:
                    self.is_ended = True
                    self._worker.close()
                    self._folder.remove_data_folder(self.data)
                    return


_predictor: Predictor | None = None


def predictor(folder: NodeFolder, threads: int) -> Predictor:
    """The one of this process; Ray runs one task at a time in it."""
    global _predictor
    if _predictor is None or not _predictor.is_kept():
        _predictor = Predictor(folder, threads)
    return _predictor


def refused(request: wire.PredictionRequest, error: Exception) -> wire.PredictionRefusal:
    """What the server is told of a request that could not be answered."""
    reason: Literal["failed", "model_corrupt"] = (
        "model_corrupt" if isinstance(error, ModelUnusable) else "failed"
    )
    words = str(error) if isinstance(error, PredictionFailed) else f"The worker {error}."
    return wire.PredictionRefusal(id=request.id, error=wire.encodable(words), reason=reason)


def _part_of(request: wire.PredictionRequest, rows: Rows, part: slice) -> wire.PredictionRequest:
    relations = None
    if request.relations is not None:
        values = np.frombuffer(request.relations).reshape(-1, len(RELATION_COLUMNS))
        relations = values[part].tobytes()
    views = None
    if request.views is not None:
        records = np.frombuffer(request.views, VIEW_ROW_DTYPE)
        views = views_between(records, part.start, part.stop).tobytes()
    told = {"rows": rows[part].tobytes(), "relations": relations, "views": views}
    return request.model_copy(update=told)
