"""Predictions: one long-lived worker that keeps models loaded, and a thread that talks with it.

Requests wait in one queue and are answered in order. A caller with many rows sends `CHUNK`
at a time, so that a large batch never makes a single prediction wait for more than a chunk.
"""

import itertools
import logging
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from backend import wire
from backend.background.runners import import_jobs
from backend.background.worker_process import WorkerProcess
from backend.config import Settings
from backend.storage.layout import Storage
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE, Predictions
from backend.transit.rows import Rows

CHUNK = 512

# Importing TensorFlow and loading a model on a busy machine, and then some.
ANSWER_SECONDS = 120

_ATTEMPTS = 2

log = logging.getLogger(__name__)


class PredictionFailed(RuntimeError):
    """The predictor gave no answer; the message says why and what to do."""


class Backend(Protocol):
    """Where the models are loaded. All calls come from one thread."""

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        """Predict the request's rows: PREDICTION_DTYPE, (n,).

        Raises:
            PredictionFailed: the model cannot be used.
            WorkerDied: asking again may help.
        """

    def close(self) -> None:
        """Release the memory."""


class WorkerDied(RuntimeError):
    """The worker ended, or did not answer in time."""


@dataclass(frozen=True)
class _Order:
    request: wire.PredictionRequest
    answer: Future = field(default_factory=Future)


class Predictor:
    """Predicts rows with a workspace's model, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._backend: Backend
        if settings.runner == "thread":
            self._backend = _InThisProcess(settings)
        else:
            self._backend = _InWorker(settings)
        self._orders: queue.Queue[_Order | None] = queue.Queue()
        self._ids = itertools.count(1)
        self.is_model_loaded = False
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="predictor", daemon=True)

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def predict(self, model_file: str, sha256: str, rows: Rows, source: str) -> Predictions:
        """Predict at most `CHUNK` rows.

        Args:
            model_file: the model's name in the database.
            sha256: the expected hash of the file.
            rows: `ROW_DTYPE`, (n,).
            source: "exotrain", "koi" or "toi": the band of the limb darkening.

        Returns:
            `PREDICTION_DTYPE`, (n,).

        Raises:
            PredictionFailed: the model's file is damaged, or the predictor does not answer.
        """
        order = self._order(model_file, sha256, rows, source)
        try:
            return order.answer.result(timeout=ANSWER_SECONDS * _ATTEMPTS)
        except TimeoutError:
            raise PredictionFailed("The predictor is busy; try again in a minute.") from None

    def preload(self, model_file: str, sha256: str) -> None:
        """Load a model in the background, so that its first prediction is quick."""
        self._order(model_file, sha256, np.zeros(0, ROW_DTYPE), "exotrain")

    def close(self) -> None:
        """End the worker; requests that are still waiting get no answer."""
        self._is_closing = True
        self._orders.put(None)
        self._backend.close()

    def _order(self, model_file: str, sha256: str, rows: Rows, source: str) -> _Order:
        request = wire.PredictionRequest(
            id=next(self._ids),
            model_file=model_file,
            sha256=sha256,
            source=source,
            rows=rows.tobytes(),
        )
        order = _Order(request)
        self._orders.put(order)
        return order

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                order.answer.set_result(self._ask(order.request))
                self.is_model_loaded = True
            except Exception as error:
                order.answer.set_exception(error)

    def _ask(self, request: wire.PredictionRequest) -> Predictions:
        for attempt in range(1, _ATTEMPTS + 1):
            if self._is_closing:
                raise PredictionFailed("The server is stopping.")
            try:
                return self._backend.ask(request)
            except WorkerDied as error:
                self.is_model_loaded = False
                log.warning("the predictor's worker %s (attempt %d)", error, attempt)
        raise PredictionFailed(
            "The predictor failed twice on this request; the server's log has its last output."
        )


class _InWorker:
    """A child process that is restarted when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: WorkerProcess | None = None
        self._events: Iterator[wire.Event] = iter(())

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        try:
            worker = self._running_worker()
            overdue = threading.Timer(ANSWER_SECONDS, worker.kill)
            overdue.start()
        except (OSError, RuntimeError) as error:  # the machine has no process or thread left
            raise WorkerDied(f"could not be started: {error}") from error
        try:
            worker.send(request)  # waits while the pipe is full
            for event in self._events:
                match event:
                    case wire.PredictionAnswer(id=request.id):
                        return _one_a_row(request, event)
                    case wire.PredictionRefusal(id=request.id, error=reason):
                        raise PredictionFailed(reason)
        except wire.Malformed as error:
            worker.kill()
            worker.wait()
            raise WorkerDied(f"was killed. {error}") from error
        finally:
            overdue.cancel()
        raise WorkerDied(f"ended with code {worker.wait()}")

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill()

    def _running_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.is_alive:
            self._worker = WorkerProcess(self._settings.data_dir)
            self._events = self._worker.events()
            self._worker.send(wire.ServePredictions())
        return self._worker


class _InThisProcess:
    """Keras in the server, for hosts where processes cannot be started."""

    def __init__(self, settings: Settings) -> None:
        self._storage = Storage(settings.data_dir)
        self._models: Any = None

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        jobs = import_jobs()
        if self._models is None:
            self._models = jobs.LoadedModels(self._storage)
        try:
            rows = np.frombuffer(request.rows, ROW_DTYPE)
            return self._models.predict(request.model_file, request.sha256, rows, request.source)
        except Exception as error:
            log.exception("prediction with %s failed", request.model_file)
            raise PredictionFailed(jobs.in_words(error)) from error

    def close(self) -> None:
        self._models = None


def _one_a_row(request: wire.PredictionRequest, answer: wire.PredictionAnswer) -> Predictions:
    predictions = np.frombuffer(answer.predictions, PREDICTION_DTYPE)
    rows = len(request.rows) // ROW_DTYPE.itemsize
    if len(predictions) != rows:
        raise wire.Malformed(f"Expected {rows} predictions, received {len(predictions)}")
    return predictions
