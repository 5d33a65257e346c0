"""A running average of a network's weights: what is validated and saved."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

# The average is over about the last ninth of the steps so far, and at most 1 / (1 - LONGEST) steps:
# it forgets the random start within the first epoch, so that each epoch can be validated with it.
_SHARE = 9.0
LONGEST = 0.99


class WeightAverage:
    """Averages the trainable weights of a model over the last steps.

    At a high learning rate the weights scatter around a minimum; their average is closer to it than
    any single step (Polyak & Juditsky 1992, SIAM J. Control Optim. 30, 838). The model holds either
    the learning weights or, between `show` and `hide`, their average.

    Args:
        model: has an optimizer, which counts the steps.
    """

    def __init__(self, model: keras.Model) -> None:
        self._weights = model.trainable_variables
        self._iterations = model.optimizer.iterations
        self._average = [tf.Variable(weight.numpy(), trainable=False) for weight in self._weights]
        self._learning: list[NDArray[np.float32]] | None = None

    @tf.function(autograph=False)
    def update(self) -> None:
        """Update the average after a step."""
        steps = tf.cast(self._iterations.value, tf.float32)
        decay = tf.minimum(LONGEST, steps / (_SHARE + steps))
        for average, weight in zip(self._average, self._weights, strict=True):
            average.assign(decay * average + (1.0 - decay) * weight.value)

    def restart(self) -> None:
        """Forget the steps so far: the average begins at the model's weights."""
        self._learning = None
        for average, weight in zip(self._average, self._weights, strict=True):
            average.assign(weight.value)

    def show(self) -> None:
        """Put the average into the model."""
        self._learning = [weight.numpy() for weight in self._weights]
        for average, weight in zip(self._average, self._weights, strict=True):
            weight.assign(average)

    def hide(self) -> None:
        """Put the learning weights back, if the average is shown."""
        if self._learning is not None:
            for weight, value in zip(self._weights, self._learning, strict=True):
                weight.assign(value)
        self._learning = None

    def learning(self) -> list[NDArray[np.float32]]:
        """The learning weights, while the average is shown."""
        assert self._learning is not None
        return self._learning

    def restore(self, learning: list[NDArray[np.float32]]) -> None:
        """Continue from a model that holds the average, and from the learning weights."""
        self._learning = learning
        for average, weight in zip(self._average, self._weights, strict=True):
            average.assign(weight.value)
