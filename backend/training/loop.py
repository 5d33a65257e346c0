"""Epochs and batches: the loop that `keras.Model.fit` would run, with batches made one ahead.

`fit` takes Python batches only through `tf.data`, which here cost more than the learning itself.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from backend.training.examples.batches import Batch
from backend.training.steps import Steps


def fit(
    steps: Steps,
    training: Iterator[Batch],
    batches: int,
    validation: Callable[[], Iterator[Batch]],
    epochs: range,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Train a model until its epochs are over or a callback sets `model.stop_training`.

    At the end of an epoch the model holds the average of its weights.

    Args:
        steps: of the model, with the values of this session.
        training: batches, epoch after epoch.
        batches: in an epoch.
        validation: gives the validation batches, each time anew.
        epochs: their numbers, from 0.
        callbacks: get the means over the epoch so far, the validation's as val_….
    """
    model, average = steps.model, steps.average
    callback_list = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs.stop)
    model.stop_training = False
    callback_list.on_train_begin()
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as maker:
        ahead = _one_ahead(training, maker)
        for epoch in epochs:
            callback_list.on_epoch_begin(epoch)
            average.hide()
            means = _Means()
            for number in range(batches):
                means.add(steps.train(*next(ahead)))
                callback_list.on_train_batch_end(number, means.values())
            average.show()
            tested = _Means()
            for number, batch in enumerate(validation()):
                tested.add(steps.test(*batch))
                callback_list.on_test_batch_end(number, tested.values())
            callback_list.on_epoch_end(epoch, {**means.values(), **tested.values("val_")})
            if model.stop_training:
                break
    callback_list.on_train_end()


class _Means:
    """Means of measurements over the rows seen, each as much as it weighs."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._rows = 0.0

    def add(self, sums: dict[str, Any]) -> None:
        self._rows += float(sums["rows"])
        for name, value in sums.items():
            if name != "rows":
                self._sums[name] = self._sums.get(name, 0.0) + float(value)

    def values(self, prefix: str = "") -> dict[str, float]:
        return {prefix + name: value / self._rows for name, value in self._sums.items()}


def _one_ahead(batches: Iterator[Batch], maker: ThreadPoolExecutor) -> Iterator[Batch]:
    """The same batches, the next one being made while one is used."""
    following = maker.submit(next, batches)
    while True:
        batch = following.result()
        following = maker.submit(next, batches)
        yield batch
