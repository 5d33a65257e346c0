"""What the Keras networks are made of: seeds, inputs, features that may be unknown, voices."""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from .columns import FEATURES, LABELS
from .curves import BINS
from .networks import CURVE_INPUT, FEATURE_INPUT
from .scaling import QUANTILES, Scaling, quantile_knots

VOICES = 8
_UNITS = 96
_DROPOUT = 0.1

_EMBEDDING = 12


class Seeds:
    """Gives each layer a seed of its own, so that nothing depends on global random state."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng([seed, 2])

    def __call__(self) -> int:
        """The next seed."""
        return int(self._random.integers(2**31 - 1))

    def glorot(self) -> keras.Initializer:
        """An initializer with the next seed."""
        return keras.initializers.GlorotUniform(seed=self())


def make_inputs() -> dict[str, keras.KerasTensor]:
    """curve_input float32 (2001, 1) and feat_input float32 (6,), by name."""
    return {
        CURVE_INPUT: keras.Input((BINS, 1), name=CURVE_INPUT),
        FEATURE_INPUT: keras.Input((len(FEATURES),), name=FEATURE_INPUT),
    }


def known_features(
    features: keras.KerasTensor, scaling: Scaling
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """arcsinh of the features, that of 0 where unknown, and 1 or 0 for known; each (6,).

    A feature that no training row had counts as unknown: nothing was learnt of it.
    """
    missing = ops.isnan(features)
    value = ops.arcsinh(ops.where(missing, 0.0, features))
    known = layers.Rescaling(scaling.feature_seen.tolist())(1.0 - ops.cast(missing, "float32"))
    return value, known


def embed_features(
    features: keras.KerasTensor, scaling: Scaling, seeds: Seeds
) -> keras.KerasTensor:
    """A learnt vector for each feature's value, and for its absence; all in one row."""
    value, known = known_features(features, scaling)
    known = ops.expand_dims(known, -1)
    encoded = ops.clip(_piecewise_linear(scaling.feature_knots)(value), 0.0, 1.0)
    return _embed(ops.concatenate([encoded * known, 1.0 - known], axis=-1), seeds)


def embed_numbers(
    numbers: keras.KerasTensor, measured: NDArray[np.float64], seeds: Seeds
) -> keras.KerasTensor:
    """A learnt vector for each of some numbers that are always known; all in one row.

    Args:
        numbers: (n,).
        measured: float64, (rows, n), what they are on training rows.
        seeds: of the initial weights.
    """
    knots = np.stack([quantile_knots(column) for column in measured.T])
    return _embed(ops.clip(_piecewise_linear(knots)(numbers), 0.0, 1.0), seeds)


def voices(joined: keras.KerasTensor, seeds: Seeds) -> keras.KerasTensor:
    """Many classifiers, each with a first and a last layer of its own: (VOICES, 3).

    They share the layer between, and are trained each on its own loss; their mean is better and
    better calibrated than one of their size (Gorishniy et al. 2024, arXiv:2410.24210).
    """
    # As wide as all voices together, but each unit is started as one of a single voice's.
    own = keras.initializers.VarianceScaling(1.0, "fan_in", "uniform", seed=seeds())
    x = layers.Dense(VOICES * _UNITS, activation="relu", kernel_initializer=own)(joined)
    x = layers.Dropout(_DROPOUT, seed=seeds())(layers.Reshape((VOICES, _UNITS))(x))
    x = layers.Dense(_UNITS, activation="relu", kernel_initializer=seeds.glorot())(x)
    x = layers.Dropout(_DROPOUT, seed=seeds())(x)
    logits = layers.EinsumDense(
        "bvi,vic->bvc",
        output_shape=(VOICES, len(LABELS)),
        bias_axes="vc",
        kernel_initializer=seeds.glorot(),
    )(x)
    return layers.Softmax()(logits)


def _embed(encoded: keras.KerasTensor, seeds: Seeds) -> keras.KerasTensor:
    count = encoded.shape[1]
    embedding = layers.EinsumDense(
        "bnq,nqd->bnd",
        output_shape=(count, _EMBEDDING),
        bias_axes="nd",
        activation="relu",
        kernel_initializer=keras.initializers.RandomUniform(-0.2, 0.2, seed=seeds()),
    )
    return layers.Flatten()(embedding(encoded))


def _piecewise_linear(knots: NDArray[np.float64]) -> layers.EinsumDense:
    """A fixed layer (n,) -> (n, QUANTILES); clipped to 0..1 it says how far through each interval.

    The encoding of Gorishniy et al. (2022), arXiv:2203.05556, section 3.2.
    """
    layer = layers.EinsumDense(
        "bn,nq->bnq", output_shape=(len(knots), QUANTILES), bias_axes="nq", trainable=False
    )
    layer.build((None, len(knots)))
    width = np.diff(knots, axis=1)
    layer.set_weights([1.0 / width, -knots[:, :-1] / width])
    return layer
