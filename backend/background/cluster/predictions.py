"""Has the rows of catalogues predicted on the nodes of a cluster, many parts at the same time."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.background.cluster.needs import Place
from backend.background.prediction_worker import ModelUnusable, PredictionFailed
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE, Predictions
from backend.transit.photometry.view_rows import ViewRows, views_between
from backend.transit.rows import Rows

# Rows of one request; two seconds or so of one core.
PART = 2048

# Rows of a chunk of a catalogue, as it is read.
_CHUNK_ROWS = 16_384

# Fewer are predicted on the server's machine: a person may wait for them.
LEAST_ROWS = 1024

# A part that is not answered by then is predicted by the server's own worker.
WAIT_SECONDS = 300.0

_ATTEMPTS = 2

# While sessions wait for places that predictions take, rows are predicted on the server's machine.
_YIELD_SECONDS = 10.0

log = logging.getLogger(__name__)


class Lost(RuntimeError):
    """The node or the cluster is gone; the message says how it was noticed."""


class ClusterPredictions:
    """Parts on their way to the nodes and back.

    Args:
        threads: of TensorFlow, and processors that a part reserves.
        send: gives a command to the bridge; False: there is none.
        place_for: whether the cluster has a place.
        most_at_once: how many parts it can have at the same time.
    """

    def __init__(
        self,
        threads: int,
        send: Callable[[wire.Predict], bool],
        place_for: Callable[[wire.Needs], Place],
        most_at_once: Callable[[wire.Needs], int],
    ) -> None:
        self._threads = threads
        self._send = send
        self._place_for = place_for
        self._most_at_once = most_at_once
        self._needs = wire.Needs(cpus=threads, gpus=0, memory_mb=None)
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._asked: dict[int, tuple[Future[Predictions], int]] = {}
        self._yield_until = 0.0

    def predict(
        self,
        model_file: str,
        sha256: str,
        rows: Rows,
        source: str,
        *,
        neighbours_sha256: str | None = None,
        relations: NDArray[np.float64] | None = None,
        views: ViewRows | None = None,
    ) -> Predictions | None:
        """Predict rows, if the cluster has a place now.

        Args:
            model_file: the model's name in the database.
            sha256, neighbours_sha256: the expected hashes of its file and of the training rows
                beside it; None: it has none.
            rows: ROW_DTYPE, (n,).
            source: "exotrain", "koi", "k2" or "toi": the band of the limb darkening.
            relations: float64, (n, 14), in the order of RELATION_COLUMNS; None: unknown.
            views: VIEW_ROW_DTYPE, (m,), of the rows with a light curve, `row` ascending from 0 to
                n - 1; None: none has one.

        Returns:
            PREDICTION_DTYPE, (n,); None: they are better predicted on the server's machine.

        Raises:
            ModelUnusable: the model's file is damaged or missing.
            PredictionFailed: the model gives no usable answer.
        """
        if len(rows) < LEAST_ROWS or not self._has_place():
            return None

        def ask(part: slice) -> Future[Predictions]:
            return self._ask(
                wire.PredictionRequest(
                    id=next(self._ids),
                    model_file=model_file,
                    sha256=sha256,
                    source=source,
                    rows=rows[part].tobytes(),
                    neighbours_sha256=neighbours_sha256,
                    relations=None if relations is None else relations[part].tobytes(),
                    views=None
                    if views is None
                    else views_between(views, part.start, part.stop).tobytes(),
                )
            )

        parts = [slice(start, start + PART) for start in range(0, len(rows), PART)]
        first = [ask(part) for part in parts]
        found = np.empty(len(rows), PREDICTION_DTYPE)
        try:
            for part, asked in zip(parts, first, strict=True):
                found[part] = self._result(asked, part, ask)
        except (Lost, TimeoutError) as error:
            log.warning("%d rows are predicted on this machine: %s", len(rows), error)
            return None
        return found

    def parallel(self) -> int:
        """How many chunks of a catalogue keep the cluster busy."""
        return -(-self._most_at_once(self._needs) * PART // _CHUNK_ROWS) + 1

    def hear(self, event: wire.PredictionAnswer | wire.PredictionRefusal | wire.Lost) -> None:
        """What the bridge says of a part."""
        with self._lock:
            asked, rows = self._asked.pop(event.id, (None, 0))
        if asked is None:
            return  # nobody waits for it any longer
        match event:
            case wire.PredictionAnswer():
                found = np.frombuffer(event.predictions, PREDICTION_DTYPE)
                if len(found) == rows:
                    asked.set_result(found)
                else:
                    asked.set_exception(Lost(f"expected {rows} predictions, received {len(found)}"))
            case wire.PredictionRefusal():
                kinds = {"failed": PredictionFailed, "model_corrupt": ModelUnusable}
                asked.set_exception(kinds[event.reason](event.error))
            case wire.Lost():
                asked.set_exception(Lost(event.message))

    def lose_all(self, message: str) -> None:
        """The bridge is gone."""
        with self._lock:
            asked, self._asked = list(self._asked.values()), {}
        for each, _ in asked:
            each.set_exception(Lost(message))

    def give_way(self) -> None:
        """A session has no place while rows are predicted: none are for a while."""
        if self._asked:
            self._yield_until = time.monotonic() + _YIELD_SECONDS

    def _has_place(self) -> bool:
        if time.monotonic() < self._yield_until:
            return False
        return bool(self._asked) or self._place_for(self._needs) == "now"

    def _ask(self, request: wire.PredictionRequest) -> Future[Predictions]:
        asked: Future[Predictions] = Future()
        with self._lock:
            self._asked[request.id] = asked, len(request.rows) // ROW_DTYPE.itemsize
        if not self._send(wire.Predict(request=request, cpus=self._threads)):
            with self._lock:
                is_ours = self._asked.pop(request.id, None) is not None
            if is_ours:  # else `lose_all` has said so
                asked.set_exception(Lost("the cluster cannot be reached"))
        return asked

    def _result(
        self, asked: Future[Predictions], part: slice, ask: Callable[[slice], Future[Predictions]]
    ) -> Predictions:
        for _ in range(_ATTEMPTS - 1):
            try:
                return asked.result(WAIT_SECONDS)
            except Lost as error:
                log.warning("rows %d to %d are sent again: %s", part.start, part.stop, error)
                asked = ask(part)
        return asked.result(WAIT_SECONDS)
