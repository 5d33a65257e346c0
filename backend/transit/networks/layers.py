"""The parts of the Keras networks: seeds, inputs, features that may be unknown, heads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from backend.transit.columns import FEATURES, LABELS
from backend.transit.light_curve.curve import BINS
from backend.transit.networks.inputs import CATALOGUE_COLUMNS
from backend.transit.networks.registry import (
    CATALOGUE_INPUT,
    CURVE_INPUT,
    EVIDENCE_INPUT,
    FEATURE_INPUT,
    LOCAL_INPUT,
    RELATION_INPUT,
)
from backend.transit.networks.scaling import QUANTILES, NumberScaling, quantile_knots
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import LOCAL_BINS

# The inputs of some training rows by name, to scale what is read from them.
Sample = dict[str, NDArray[np.float32]]

HEADS = 8
_UNITS = 192
_DROPOUT = 0.15

_EMBEDDING = 12

# Standard deviations: a number that is farther from the mean says no more.
_FARTHEST = 3.0


@dataclass(frozen=True)
class TwoGraphs:
    """One network as two graphs of the same layers and weights, with the same outputs.

    Attributes:
        model: from the network's inputs; the inner graph of what is saved.
        taught: the same with what only teaches it, the head of the kinds; `model` itself where it
            has none.
        make_learner: gives the graph from `registry.learner_inputs`, by name, which a session
            trains. Once it is made, Keras cannot save the model any more.
    """

    model: keras.Model
    taught: keras.Model
    make_learner: Callable[[], keras.Model]


class Seeds:
    """Gives each layer a seed of its own, so that nothing depends on global random state."""

    def __init__(self, seed: int, member: int = 0) -> None:
        self._random = np.random.default_rng([seed, 2, member] if member else [seed, 2])

    def __call__(self) -> int:
        """The next seed."""
        return int(self._random.integers(2**31 - 1))

    def glorot(self) -> keras.Initializer:
        """An initializer with the next seed."""
        return keras.initializers.GlorotUniform(seed=self())


def dense(units: int, seeds: Seeds) -> layers.Dense:
    """A dense layer with a rectifier, and the next seed."""
    return layers.Dense(units, activation="relu", kernel_initializer=seeds.glorot())


SHAPES: dict[str, tuple[int, ...]] = {
    CURVE_INPUT: (BINS, 1),
    FEATURE_INPUT: (len(FEATURES),),
    CATALOGUE_INPUT: (len(CATALOGUE_COLUMNS),),
    LOCAL_INPUT: (LOCAL_BINS, len(LOCAL_VIEWS)),
    EVIDENCE_INPUT: (len(EVIDENCE),),
}


def make_inputs(names: Iterable[str], relations: int = 0) -> dict[str, keras.KerasTensor]:
    """The inputs, float32, of the shapes in `SHAPES`, by name.

    Args:
        names: of the inputs.
        relations: how many numbers `relation_input` has.
    """
    shapes = {**SHAPES, RELATION_INPUT: (relations,)}
    return {name: keras.Input(shapes[name], name=name) for name in names}


def known_numbers(
    numbers: keras.KerasTensor, scaling: NumberScaling
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """arcsinh of k numbers, 0 where unknown, and 1 where known, else 0; each (k,).

    A number that no training row had counts as unknown: the network has learnt nothing about it.
    """
    missing = ops.isnan(numbers)
    steep = layers.Rescaling(scaling.steepness.tolist())(ops.where(missing, 0.0, numbers))
    known = layers.Rescaling(scaling.seen.tolist())(1.0 - ops.cast(missing, "float32"))
    return ops.arcsinh(steep), known


def embed_unknowns(
    numbers: keras.KerasTensor, scaling: NumberScaling, seeds: Seeds
) -> keras.KerasTensor:
    """A learnt vector for each number's value, and for its absence; all in one row."""
    value, known = known_numbers(numbers, scaling)
    known = ops.expand_dims(known, -1)
    encoded = ops.clip(_piecewise_linear(scaling.knots)(value), 0.0, 1.0)
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


def scale_unknowns(numbers: keras.KerasTensor, scaling: NumberScaling) -> keras.KerasTensor:
    """Each number in standard deviations from its mean, 0 where unknown, and 1 where known, else 0.

    For few rows: `embed_unknowns` can follow any curve, and so remembers single rows.

    Returns:
        (2 k,).
    """
    value, known = known_numbers(numbers, scaling)
    scale, offset = (1.0 / scaling.spread).tolist(), (-scaling.mean / scaling.spread).tolist()
    scaled = ops.clip(layers.Rescaling(scale, offset)(value), -_FARTHEST, _FARTHEST)
    return ops.concatenate([scaled * known, known], axis=-1)


def heads(
    joined: keras.KerasTensor,
    seeds: Seeds,
    units: Sequence[int] = (_UNITS, _UNITS),
    dropout: float = _DROPOUT,
) -> keras.KerasTensor:
    """Classifiers that share all but their first scaling and their last layer: (HEADS, 3).

    Each is trained on its own loss; their mean is more accurate and better calibrated than one
    classifier of their size (a batch ensemble, Gorishniy et al. 2024, arXiv:2410.24210, TabM-mini).

    Args:
        joined: (n,), what they decide by.
        seeds: of the initial weights and the dropout.
        units: of each of their hidden layers.
        dropout: after each of these.
    """
    width = joined.shape[-1]
    own_view = layers.EinsumDense("bji,vi->bvi", output_shape=(HEADS, width))
    x = own_view(ops.expand_dims(joined, 1))
    # Random signs make the heads differ from the start.
    signs = np.random.default_rng(seeds()).choice([-1.0, 1.0], size=(HEADS, width))
    own_view.set_weights([signs.astype(np.float32)])
    for width in units:
        x = layers.Dense(width, activation="relu", kernel_initializer=seeds.glorot())(x)
        x = layers.Dropout(dropout, seed=seeds())(x)
    logits = layers.EinsumDense(
        "bvi,vic->bvc",
        output_shape=(HEADS, len(LABELS)),
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
    """A fixed layer (n,) -> (n, QUANTILES); clipped to 0..1: how far through each interval.

    The encoding of Gorishniy et al. (2022), arXiv:2203.05556, section 3.2.
    """
    layer = layers.EinsumDense(
        "bn,nq->bnq", output_shape=(len(knots), QUANTILES), bias_axes="nq", trainable=False
    )
    layer.build((None, len(knots)))
    width = np.diff(knots, axis=1)
    layer.set_weights([1.0 / width, -knots[:, :-1] / width])
    return layer
