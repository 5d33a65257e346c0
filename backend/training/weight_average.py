"""A running average of a network's weights, which is what is validated and kept."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

# The average is over about this share of the steps so far, and at most 1 / (1 - LONGEST) steps.
_SHARE = 9.0
LONGEST = 0.99


class WeightAverage:
    """Averages the trainable weights of a model over the last steps.

    A network that learns at a high rate wanders around a good place; the average is nearer to it
    than any step (Polyak & Juditsky 1992, SIAM J. Control Optim. 30, 838). The model holds either
    the weights that learn or, between `show` and `hide`, their average.

    Args:
        model: has an optimizer, whose count of steps is used.
    """

    def __init__(self, model: keras.Model) -> None:
        self._weights = model.trainable_variables
        self._iterations = model.optimizer.iterations
        self._average = [tf.Variable(weight.numpy(), trainable=False) for weight in self._weights]
        self._learning: list[NDArray[np.float32]] | None = None

    @tf.function
    def update(self) -> None:
        """Takes the weights after a step into the average."""
        steps = tf.cast(self._iterations.value, tf.float32)
        decay = tf.minimum(LONGEST, steps / (_SHARE + steps))
        for average, weight in zip(self._average, self._weights, strict=True):
            average.assign(decay * average + (1.0 - decay) * weight.value)

    def show(self) -> None:
        """Puts the average into the model."""
        self._learning = [weight.numpy() for weight in self._weights]
        for average, weight in zip(self._average, self._weights, strict=True):
            weight.assign(average)

    def hide(self) -> None:
        """Puts the weights that learn back, if the average is shown."""
        if self._learning is not None:
            for weight, value in zip(self._weights, self._learning, strict=True):
                weight.assign(value)
        self._learning = None

    def learning(self) -> list[NDArray[np.float32]]:
        """While the average is shown: the weights that learn."""
        assert self._learning is not None
        return self._learning

    def restore(self, learning: list[NDArray[np.float32]]) -> None:
        """Goes on from a model that holds the average, and the weights that learn."""
        self._learning = learning
        for average, weight in zip(self._average, self._weights, strict=True):
            average.assign(weight.value)
