"""Where the predictor's models are loaded: a child process, or this one.

A child that hangs is found by the clock: importing TensorFlow, loading a model and answering have
limits of their own, each far above what it takes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from backend import wire
from backend.background.worker_process import WorkerProcess
from backend.background.workers.thread_runner import import_jobs
from backend.config import Settings
from backend.storage.layout import Storage
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE, Predictions
from backend.worker.memory import MODELS_KEPT_LOADED

# On an idle machine a start takes 4 s, loading a model 1 s, a chunk 0.1 s; on one with eight times
# as much work as cores, a start takes more than a minute.
START_SECONDS = 120.0
LOAD_SECONDS = 60.0
ANSWER_SECONDS = 8.0

# A machine on which answers are slow as a rule gets this many times the rule.
_TIMES_USUAL = 20

log = logging.getLogger(__name__)


class PredictionFailed(RuntimeError):
    """The predictor gave no answer; the message says why and what to do."""


class ModelUnusable(PredictionFailed):
    """The model's file is damaged or missing; the message says what to do."""


class WorkerDied(RuntimeError):
    """The worker ended, or did not answer in time."""


# By the reason of a refusal.
_FAILURES = {"failed": PredictionFailed, "model_corrupt": ModelUnusable}


class Backend(Protocol):
    """Where the models are loaded. All calls but `close` come from one thread."""

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        """Predict the request's rows: PREDICTION_DTYPE, (n,).

        Raises:
            ModelUnusable: the model's file is damaged or missing.
            PredictionFailed: the model gives no usable answer.
            WorkerDied: asking again may help.
        """

    def close(self) -> None:
        """Release the memory."""


class InWorker:
    """A child process that is replaced when it dies or hangs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: WorkerProcess | None = None
        self._events: Iterator[wire.Event] = iter(())
        self._is_closed = False
        self._is_ended = False
        self._is_ready = False
        self._loaded: list[str] = []  # sha256 of the models in it, the most recently used last
        self._usual_seconds = 0.0  # of an answer, when nothing had to be loaded

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        try:
            worker = self._running_worker()
            limit = _Limit(worker.kill)
            limit.set(self._seconds_for(request))
        except (OSError, RuntimeError, MemoryError) as error:  # the machine has none left
            raise WorkerDied(f"could not be started: {error}") from error
        try:
            worker.send(request)  # waits while the pipe is full
            for event in self._events:
                match event:
                    case wire.Ready():
                        self._is_ready = True
                        limit.set(self._seconds_for(request))
                    case wire.PredictionAnswer(id=request.id):
                        self._note(request, limit.seconds_since_set)
                        return _one_a_row(request, event)
                    case wire.PredictionRefusal(id=request.id, error=words, reason=reason):
                        raise _FAILURES[reason](words)
        except (wire.Malformed, OSError) as error:  # OSError: of a pipe
            self._end(worker)
            raise WorkerDied(f"was killed. {error}") from error
        finally:
            limit.cancel()
        code = self._end(worker)  # it may have closed its pipe and live on
        why = f"did not answer within {limit.seconds:g} s and" if limit.is_over else "has"
        raise WorkerDied(f"{why} ended with code {code}")

    def close(self) -> None:
        self._is_closed = True
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait_briefly()

    def _end(self, worker: WorkerProcess) -> int | None:
        worker.kill()
        self._is_ended = True  # even where the system does not let go of it
        return worker.wait()

    def _running_worker(self) -> WorkerProcess:
        if self._worker is None or self._is_ended or not self._worker.is_alive:
            if self._worker is not None and not self._is_ended:  # it died while nobody asked
                self._end(self._worker)
            self._is_ready = self._is_ended = False
            self._loaded = []
            self._worker = WorkerProcess(self._settings.data_dir, threads=self._settings.threads)
            self._events = self._worker.events()
            self._worker.send(wire.ServePredictions())
            if self._is_closed:  # by another thread, which may not have seen this worker
                self._worker.kill()
        return self._worker

    def _seconds_for(self, request: wire.PredictionRequest) -> float:
        """How long the worker may take for the next step: to start, or to answer."""
        if not self._is_ready:
            return START_SECONDS
        answering = max(ANSWER_SECONDS, _TIMES_USUAL * self._usual_seconds)
        return answering if request.sha256 in self._loaded else LOAD_SECONDS + answering

    def _note(self, request: wire.PredictionRequest, seconds: float) -> None:
        if request.sha256 in self._loaded:
            self._usual_seconds = max(0.9 * self._usual_seconds, seconds)
            self._loaded.remove(request.sha256)
        self._loaded = [*self._loaded, request.sha256][-MODELS_KEPT_LOADED:]


class InThisProcess:
    """Keras in the server, for hosts where processes cannot be started."""

    def __init__(self, settings: Settings) -> None:
        self._storage = Storage(settings.data_dir)
        self._models: Any = None

    def ask(self, request: wire.PredictionRequest) -> Predictions:
        jobs = import_jobs()
        if self._models is None:
            self._models = jobs.LoadedModels(self._storage)
        try:
            return self._models.answer(request)
        except Exception as error:
            log.exception("prediction with %s failed", request.model_file)
            raise _FAILURES[jobs.refusal_reason(error)](jobs.in_words(error)) from error

    def close(self) -> None:
        self._models = None


class _Limit:
    """Calls a function when time is over; can be set again."""

    def __init__(self, when_over: Callable[[], None]) -> None:
        self.seconds = 0.0
        self.is_over = False
        self._when_over = when_over
        self._since = 0.0
        self._timer: threading.Timer | None = None

    @property
    def seconds_since_set(self) -> float:
        return time.monotonic() - self._since

    def set(self, seconds: float) -> None:
        self.cancel()
        self.seconds, self._since = seconds, time.monotonic()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        self._when_over()


def _one_a_row(request: wire.PredictionRequest, answer: wire.PredictionAnswer) -> Predictions:
    predictions = np.frombuffer(answer.predictions, PREDICTION_DTYPE)
    rows = len(request.rows) // ROW_DTYPE.itemsize
    if len(predictions) != rows:
        raise wire.Malformed(f"Expected {rows} predictions, received {len(predictions)}")
    return predictions
