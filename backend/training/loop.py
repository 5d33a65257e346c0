"""Epochs and batches: the loop that `keras.Model.fit` would run, with batches made one ahead.

`fit` takes Python batches only through `tf.data`, which here cost more than the learning itself;
and one traced step for every batch size keeps the start short.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import tensorflow as tf

from backend.training.batches import Batch
from backend.training.weight_average import WeightAverage
from backend.transit.networks import registry

Measure = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
Step = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]

_TARGETS = {
    registry.LABEL_OUTPUT: tf.TensorSpec((None, 1), tf.int32),
    registry.PERIOD_OUTPUT: tf.TensorSpec((None, 1), tf.float32),
    registry.DEPTH_OUTPUT: tf.TensorSpec((None, 1), tf.float32),
}


def fit(
    model: keras.Model,
    measure: Measure,
    training: Iterator[Batch],
    batches: int,
    validation: Callable[[], Iterator[Batch]],
    epochs: range,
    average: WeightAverage,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Train a model until its epochs are over or a callback sets `model.stop_training`.

    Args:
        model: has an optimizer.
        measure: from targets and outputs to {name: float32 (n,)}, including "loss".
        training: batches, epoch after epoch.
        batches: in an epoch.
        validation: gives the validation batches, each time anew.
        epochs: their numbers, from 0.
        average: of the model's weights; at the end of an epoch the model holds it.
        callbacks: get the means over the epoch so far, the validation's as val_….
    """
    train_step, test_step = _train_step(model, measure), _test_step(model, measure)
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
                means.add(train_step(*next(ahead)))
                average.update()
                callback_list.on_train_batch_end(number, means.values())
            average.show()
            tested = _Means()
            for number, batch in enumerate(validation()):
                tested.add(test_step(*batch))
                callback_list.on_test_batch_end(number, tested.values())
            callback_list.on_epoch_end(epoch, {**means.values(), **tested.values("val_")})
            if model.stop_training:
                break
    callback_list.on_train_end()


class _Means:
    """Means of measurements over the rows seen."""

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


def _train_step(model: keras.Model, measure: Measure) -> Step:
    model.optimizer.build(model.trainable_variables)

    @tf.function(input_signature=(_input_types(model), _TARGETS))
    def step(inputs: dict[str, Any], targets: dict[str, Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            measured = measure(targets, model(inputs, training=True))
            loss = tf.reduce_mean(measured["loss"])
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        return _sums(measured)

    return step


def _test_step(model: keras.Model, measure: Measure) -> Step:
    @tf.function(input_signature=(_input_types(model), _TARGETS))
    def step(inputs: dict[str, Any], targets: dict[str, Any]) -> dict[str, Any]:
        return _sums(measure(targets, model(inputs, training=False)))

    return step


def _input_types(model: keras.Model) -> dict[str, tf.TensorSpec]:
    """Any number of rows of each input: one trace for every batch size."""
    return {name: tf.TensorSpec(each.shape, tf.float32) for name, each in model.input.items()}


def _sums(measured: dict[str, Any]) -> dict[str, Any]:
    sums = {name: tf.reduce_sum(values) for name, values in measured.items()}
    return {**sums, "rows": tf.shape(measured["loss"])[0]}


def _one_ahead(batches: Iterator[Batch], maker: ThreadPoolExecutor) -> Iterator[Batch]:
    """The same batches, the next one being made while one is used."""
    following = maker.submit(next, batches)
    while True:
        batch = following.result()
        following = maker.submit(next, batches)
        yield batch
