"""Predictions: one long-lived worker that keeps models loaded, and a thread that talks with it.

Requests wait in a bounded queue in which users take turns (`prediction_queue`). A caller with many
rows sends `CHUNK` at a time, so that a large batch never makes a single prediction wait for more
than a chunk. No caller waits for longer than WAIT_SECONDS, whatever the worker does.
"""

import itertools
import logging
import threading

import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.background.prediction_queue import Order, PredictionQueue, QueueFull
from backend.background.prediction_worker import (
    Backend,
    InThisProcess,
    InWorker,
    ModelUnusable,
    PredictionFailed,
    WorkerDied,
)
from backend.config import Settings
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import Predictions
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Rows

__all__ = ["CHUNK", "ModelUnusable", "PredictionFailed", "Predictor", "QueueFull"]

CHUNK = 512

# Enough for a worker that hangs to be found and replaced, and for the new one to answer.
WAIT_SECONDS = 120.0

_ATTEMPTS = 2

log = logging.getLogger(__name__)


class Predictor:
    """Predicts rows with a workspace's model, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._backend: Backend
        if settings.runner == "thread":
            self._backend = InThisProcess(settings)
        else:
            self._backend = InWorker(settings)
        self._orders = PredictionQueue()
        self._ids = itertools.count(1)
        self.is_model_loaded = False
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="predictor", daemon=True)

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def predict(
        self,
        model_file: str,
        sha256: str,
        rows: Rows,
        source: str,
        user_id: int = 0,
        *,
        is_continued: bool = False,
        neighbours_sha256: str | None = None,
        relations: NDArray[np.float64] | None = None,
        views: ViewRows | None = None,
    ) -> Predictions:
        """Predict at most `CHUNK` rows.

        Args:
            model_file: the model's name in the database.
            sha256: the expected hash of the file.
            rows: `ROW_DTYPE`, (n,).
            source: "exotrain", "koi", "k2" or "toi": the band of the limb darkening.
            user_id: who asks; users take turns.
            is_continued: these rows are not the first of their request, which is not refused now.
            neighbours_sha256: the expected hash of the training rows beside the model; None: it
                has none.
            relations: float64, (n, 14), in the order of RELATION_COLUMNS; None: unknown.
            views: VIEW_ROW_DTYPE, (m,), of the rows with a light curve, `row` ascending from 0 to
                n - 1; None: none has one.

        Returns:
            `PREDICTION_DTYPE`, (n,).

        Raises:
            QueueFull: too many predictions wait already.
            ModelUnusable: the model's file is damaged or missing.
            PredictionFailed: the predictor does not answer.
        """
        order = self._order(
            model_file, sha256, rows, source, user_id, neighbours_sha256, relations, views
        )
        self._orders.add(order, is_continued=is_continued)
        if self._is_closing:  # `close` may have emptied the queue before
            raise _stopping()
        try:
            return order.answer.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            raise PredictionFailed(
                f"The predictor gave no answer within {WAIT_SECONDS:g} s: it may be starting, or "
                "busy with other requests. Try again in a minute."
            ) from None
        finally:
            if not order.answer.done():
                self._orders.withdraw(order)

    def preload(self, model_file: str, sha256: str, neighbours_sha256: str | None = None) -> None:
        """Load a model when nobody waits, so that its first prediction is quick."""
        nothing = np.zeros(0, ROW_DTYPE)
        order = self._order(model_file, sha256, nothing, "exotrain", 0, neighbours_sha256)
        self._orders.add_preload(order)

    def close(self) -> None:
        """End the worker; requests that are still waiting fail."""
        self._is_closing = True
        for order in self._orders.close():
            order.answer.set_exception(_stopping())
        self._backend.close()

    def _order(
        self,
        model_file: str,
        sha256: str,
        rows: Rows,
        source: str,
        user_id: int,
        neighbours_sha256: str | None,
        relations: NDArray[np.float64] | None = None,
        views: ViewRows | None = None,
    ) -> Order:
        request = wire.PredictionRequest(
            id=next(self._ids),
            model_file=model_file,
            sha256=sha256,
            source=source,
            rows=rows.tobytes(),
            neighbours_sha256=neighbours_sha256,
            relations=None if relations is None else relations.tobytes(),
            views=None if views is None else views.tobytes(),
        )
        return Order(request, user_id)

    def _run(self) -> None:
        while (order := self._orders.next()) is not None:
            try:
                order.answer.set_result(self._ask(order))
                self.is_model_loaded = True
            except Exception as error:
                order.answer.set_exception(error)

    def _ask(self, order: Order) -> Predictions:
        for attempt in range(1, _ATTEMPTS + 1):
            if self._is_closing:
                raise _stopping()
            if not order.is_wanted:
                break
            try:
                return self._backend.ask(order.request)
            except WorkerDied as error:
                self.is_model_loaded = False
                log.warning("the predictor's worker %s (attempt %d)", error, attempt)
        raise PredictionFailed(
            "The predictor failed twice on this request; the server's log has its last output. "
            "Try again in a minute."
        )


def _stopping() -> PredictionFailed:
    return PredictionFailed("The server is stopping.")
