"""The callbacks of a session, one job each."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from backend import wire
from backend.training.checkpoint import Checkpoint, restore_variables, save_checkpoint
from backend.training.spec import Cancelled, Diverged
from backend.training.weight_average import WeightAverage

Logs = dict[str, Any] | None
Emit = Callable[[wire.SessionEvent], None]
ShouldStop = Callable[[], wire.RequestedEnd | None]

# The label's log loss of the heads' mean on the validation stars: early stopping and the learning
# rate follow it.
MONITOR = "val_label_loss"

BATCH_EVENT_SECONDS = 0.5

# The metrics of an epoch; each also with the prefix val_.
_METRICS = ("accuracy", "loss", "label_loss", "period_mae", "depth_mae")


class ObeyRequests(keras.callbacks.Callback):
    """Ends the session when asked to.

    Args:
        should_stop: gives "stop" (end after this epoch), "cancel" (end now) or None.

    Raises:
        Cancelled: from within the epoch.
    """

    def __init__(self, should_stop: ShouldStop) -> None:
        super().__init__()
        self._should_stop = should_stop
        self._is_last_epoch = False

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._ask()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._ask()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self._is_last_epoch:
            self.model.stop_training = True

    def _ask(self) -> None:
        request = self._should_stop()
        if request == "cancel":
            raise Cancelled
        self._is_last_epoch |= request == "stop"


class StopWhenDiverged(keras.callbacks.Callback):
    """Ends the session at the first loss that is not a finite number.

    Raises:
        Diverged: naming the epoch and the learning rate.
    """

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._check("loss", logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._check("val_loss", logs)

    def _check(self, name: str, logs: Logs) -> None:
        loss = (logs or {})[name]
        if not math.isfinite(loss):
            rate = float(self.model.optimizer.learning_rate.numpy())
            raise Diverged(
                f"The {name} became {loss} in epoch {self._epoch + 1} at a learning rate of "
                f"{rate:g}. A smaller learning_rate usually helps."
            )


class AfterFirstBatch(keras.callbacks.Callback):
    """Calls a function once the first batch of the session is learnt."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function: Callable[[], None] | None = function

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._function is not None:
            self._function()
            self._function = None


class ReportProgress(keras.callbacks.Callback):
    """Emits `batch` and `epoch` events.

    Args:
        emit: takes the events.
        batches: in an epoch.
    """

    def __init__(self, emit: Emit, batches: int) -> None:
        super().__init__()
        self._emit = emit
        self.batches = batches
        self._epoch = 0
        self._started = 0.0
        self._first_batch = 0.0
        self._reported = 0.0
        self._learning_rate = 0.0
        self.epochs: dict[int, wire.EpochMetrics] = {}

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1
        self._started = time.monotonic()
        self._learning_rate = float(self.model.optimizer.learning_rate.numpy())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        now = time.monotonic()
        if batch == 0:
            self._first_batch = now
        if now - self._reported >= BATCH_EVENT_SECONDS:
            self._reported = now
            self._emit(wire.Batch(epoch=self._epoch, batches_done=batch + 1, batches=self.batches))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        metrics = wire.EpochMetrics(
            **_measured(logs or {}),
            learning_rate=self._learning_rate,
            epoch_seconds=round(self._seconds(), 3),
        )
        self.epochs[self._epoch] = metrics
        self._emit(wire.Epoch(epoch=self._epoch, metrics=metrics))

    def _seconds(self) -> float:
        """How long the epoch took, without what the first batch spends on tracing the graph."""
        rest = time.monotonic() - self._first_batch
        first = self._first_batch - self._started
        usual = rest / (self.batches - 1) if self.batches > 1 else first
        return rest + min(first, usual)


class KeepCheckpoint(keras.callbacks.Callback):
    """Saves the state after every epoch, and starts from a saved one.

    Put it last: it saves what the other callbacks have made of the epoch.

    Args:
        path: the checkpoint's file.
        fingerprint: of the spec and the data; see `Checkpoint`.
        stopping, plateau, progress: the callbacks whose state goes along.
        average: of the weights; at the end of an epoch the model holds it.
        resume_from: what to start from, or None.
    """

    def __init__(
        self,
        path: Path,
        fingerprint: str,
        stopping: keras.callbacks.EarlyStopping,
        plateau: keras.callbacks.ReduceLROnPlateau,
        progress: ReportProgress,
        average: WeightAverage,
        resume_from: Checkpoint | None,
    ) -> None:
        super().__init__()
        self._path = path
        self._fingerprint = fingerprint
        self._stopping = stopping
        self._plateau = plateau
        self._progress = progress
        self._average = average
        self._resume_from = resume_from

    def on_train_begin(self, logs: Logs = None) -> None:
        if self._resume_from is None:
            return
        restore_variables(self.model, self._resume_from)
        self._average.restore(self._resume_from.learning)
        saved = self._resume_from.callbacks
        _restore(self._stopping, saved["stopping"])
        _restore(self._plateau, saved["plateau"])
        self._stopping.best_weights = self._resume_from.best_weights
        self._progress.epochs = self._resume_from.epochs()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        save_checkpoint(
            self._path,
            Checkpoint(
                fingerprint=self._fingerprint,
                epochs_finished=epoch + 1,
                variables=_values(self.model.variables),
                learning=self._average.learning(),
                optimizer=_values(self.model.optimizer.variables),
                best_weights=self._stopping.best_weights,
                callbacks={
                    "stopping": _state(self._stopping, "wait", "best", "best_epoch"),
                    "plateau": _state(self._plateau, "wait", "best", "cooldown_counter"),
                    "epochs": {
                        str(epoch): metrics.model_dump()
                        for epoch, metrics in self._progress.epochs.items()
                    },
                },
                is_finished=bool(self.model.stop_training) or epoch + 1 == self.params["epochs"],
            ),
        )


def _measured(logs: dict[str, Any]) -> dict[str, float | None]:
    return {
        prefix + name: _finite(logs.get(prefix + name))
        for name in _METRICS
        for prefix in ("", "val_")
    }


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _state(callback: Any, *names: str) -> dict[str, Any]:
    return {
        name: None if getattr(callback, name) is None else float(getattr(callback, name))
        for name in names
    }


def _restore(callback: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        is_count = value is not None and name != "best"
        setattr(callback, name, int(value) if is_count else value)


def _values(variables: list[Any]) -> list[np.ndarray]:
    return [np.asarray(variable.numpy()) for variable in variables]
