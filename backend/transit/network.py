"""The Keras networks: an inner graph that is trained on logarithms, an outer one that is saved.

    curve_input (2001, 1) ── dip, folded ── windows in log phase ── Conv1D ... ──┐
                                   └─ log of peak, area, mean ── embedding ──────┼── voices ── label
    feat_input (6,) ── arcsinh, known? ── piecewise-linear embedding ────────────┤
                                                                                 └── dense ── period_out
                                                                                          └── depth_out

The inner graph gives each voice's probabilities, ln(period / days) and ln(depth / ppm); the outer
one the voices' mean, days and ppm. Both are made of plain Keras layers and operations only, so
that plain Keras loads the saved file with safe mode on.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from . import networks
from .columns import FEATURES, LABELS
from .scaling import QUANTILES, Scaling, quantile_knots

CURVE_POINTS = 2001

# Phase windows of a folded curve: their centres are equally spaced in the logarithm of phase, so
# that a longer transit is a shifted one, which is what a convolution understands.
WINDOWS = 64

VOICES = 16

_WIDTHS = (96, 96)

# Below this, in units of the star's flux, single precision has nothing left to say.
_SMALLEST_DIP = 1e-7

_LONGEST_LOG = float(np.log(1e7))


class _Seeds:
    """Gives each layer a seed of its own, so that nothing depends on global random state."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng([seed, 2])

    def __call__(self) -> int:
        return int(self._random.integers(2**31 - 1))

    def glorot(self) -> keras.Initializer:
        return keras.initializers.GlorotUniform(seed=self())


def build(name: str, scaling: Scaling, sample: NDArray[np.float32], seed: int) -> keras.Model:
    """Builds the inner graph of a network.

    Args:
        name: a key of `networks.NETWORKS`.
        scaling: learnt from the training rows.
        sample: float32, (n, 2001), curves of training rows, to scale what is read from a curve.
        seed: of the initial weights and the dropout.

    Returns:
        A model from {curve_input (2001, 1), feat_input (6,)} to {label (voices, 3),
        period_out (1,) ln(days), depth_out (1,) ln(ppm)}.
    """
    return _BUILDERS[name](scaling, sample, _Seeds(seed))


def publish(members: Sequence[keras.Model]) -> keras.Model:
    """Wraps trained inner graphs into the model that is saved.

    Returns:
        An uncompiled model from curve_input float32 (2001, 1) and feat_input float32 (6,), raw,
        NaN where unknown, to [label (3,) probabilities, period_out (1,) days, depth_out (1,)
        ppm], the means over voices and members.
    """
    inputs = _inputs()
    labels, periods, depths = [], [], []
    for member in members:
        outputs = member(inputs)
        labels.append(ops.mean(outputs[networks.LABEL_OUTPUT], axis=1))
        periods.append(outputs[networks.PERIOD_OUTPUT])
        depths.append(outputs[networks.DEPTH_OUTPUT])
    return keras.Model(
        list(inputs.values()),
        [
            layers.Identity(name=networks.LABEL_OUTPUT)(_mean(labels)),
            layers.Identity(name=networks.PERIOD_OUTPUT)(_physical(_mean(periods))),
            layers.Identity(name=networks.DEPTH_OUTPUT)(_physical(_mean(depths))),
        ],
        name="exoplanet_model",
    )


def count_parameters(model: keras.Model) -> int:
    """How many numbers a model learns."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _inputs() -> dict[str, keras.KerasTensor]:
    return {
        networks.CURVE_INPUT: keras.Input((CURVE_POINTS, 1), name=networks.CURVE_INPUT),
        networks.FEATURE_INPUT: keras.Input((len(FEATURES),), name=networks.FEATURE_INPUT),
    }


def _mean(tensors: list[keras.KerasTensor]) -> keras.KerasTensor:
    return tensors[0] if len(tensors) == 1 else layers.Average()(tensors)


def _physical(logarithm: keras.KerasTensor) -> keras.KerasTensor:
    return ops.exp(ops.clip(logarithm, -_LONGEST_LOG, _LONGEST_LOG))


def _build_transit_cnn(scaling: Scaling, sample: NDArray[np.float32], seeds: _Seeds) -> keras.Model:
    inputs = _inputs()
    reading = _curve_reading(inputs[networks.CURVE_INPUT])
    summary, shape = reading
    summary_of = keras.Model(inputs[networks.CURVE_INPUT], summary)
    measured = np.asarray(summary_of.predict(sample[:, :, None], verbose=0), dtype=np.float64)

    numbers = ops.concatenate(
        [
            _embed_summary(summary, measured, seeds),
            _embed_features(inputs[networks.FEATURE_INPUT], scaling, seeds),
        ],
        axis=-1,
    )
    curve = _convolve(shape, seeds)
    joined = ops.concatenate([curve, numbers], axis=-1)
    label = _voices(joined, seeds)
    period, depth = _regressions(joined, summary, scaling, measured, seeds)
    return keras.Model(
        inputs,
        {
            networks.LABEL_OUTPUT: label,
            networks.PERIOD_OUTPUT: period,
            networks.DEPTH_OUTPUT: depth,
        },
        name="transit_cnn",
    )


def _curve_reading(curve: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Folds a curve at mid-transit and reads it.

    Returns:
        (3,): natural logarithms of the deepest bin, of the area and of the mean square of the
        dip, all in units of the star's flux; and (WINDOWS, 1): the dip in windows of log phase,
        in units of its deepest bin.
    """
    dip = 1.0 - curve
    folded = 0.5 * (dip + ops.flip(dip, axis=1))[:, CURVE_POINTS // 2 :, 0]
    windows = layers.Dense(WINDOWS, use_bias=False, trainable=False, name="log_phase_windows")
    in_windows = windows(folded)
    windows.set_weights([log_phase_windows()])
    peak = ops.maximum(ops.max(folded, axis=1, keepdims=True), _SMALLEST_DIP)
    shape = folded / peak
    area = ops.sum(shape, axis=1, keepdims=True)
    square = ops.sum(ops.square(shape), axis=1, keepdims=True)
    summary = ops.concatenate(
        [ops.log(peak), ops.log(ops.maximum(area, 1e-3)), ops.log(ops.maximum(square, 1e-3))],
        axis=-1,
    )
    return summary, ops.expand_dims(in_windows / peak, -1)


def log_phase_windows() -> NDArray[np.float32]:
    """Weights that resample a folded curve to equal steps of the logarithm of phase.

    Returns:
        float32, (1001, WINDOWS): each column sums to 1 and is the mean of the bins (or their
        linear interpolation, where the windows are narrower than a bin) around its phase.
    """
    points = CURVE_POINTS // 2 + 1
    edges = np.geomspace(0.5, points - 0.5, WINDOWS + 1)
    steps = np.arange(points)
    weights = np.empty((points, WINDOWS))
    for window, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        half = max((high - low) / 2, 0.5)
        centre = min((low + high) / 2, points - 1.0)
        weights[:, window] = np.clip(
            np.minimum(steps + 0.5, centre + half) - np.maximum(steps - 0.5, centre - half), 0, 1
        )
    return (weights / weights.sum(axis=0)).astype(np.float32)


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


_EMBEDDING = 12


def _embed(encoded: keras.KerasTensor, seeds: _Seeds) -> keras.KerasTensor:
    count = encoded.shape[1]
    embedding = layers.EinsumDense(
        "bnq,nqd->bnd",
        output_shape=(count, _EMBEDDING),
        bias_axes="nd",
        activation="relu",
        kernel_initializer=keras.initializers.RandomUniform(-0.2, 0.2, seed=seeds()),
    )
    return layers.Flatten()(embedding(encoded))


def _embed_summary(
    summary: keras.KerasTensor, measured: NDArray[np.float64], seeds: _Seeds
) -> keras.KerasTensor:
    knots = np.stack([quantile_knots(column) for column in measured.T])
    return _embed(ops.clip(_piecewise_linear(knots)(summary), 0.0, 1.0), seeds)


def _embed_features(
    features: keras.KerasTensor, scaling: Scaling, seeds: _Seeds
) -> keras.KerasTensor:
    value, known = _known_features(features, scaling)
    known = ops.expand_dims(known, -1)
    encoded = ops.clip(_piecewise_linear(scaling.feature_knots)(value), 0.0, 1.0)
    return _embed(ops.concatenate([encoded * known, 1.0 - known], axis=-1), seeds)


def _known_features(
    features: keras.KerasTensor, scaling: Scaling
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """arcsinh of the features, 0 where unknown, and 1 or 0 for known.

    A feature that no training row had counts as unknown: nothing was learnt of it.
    """
    missing = ops.isnan(features)
    value = ops.arcsinh(ops.where(missing, 0.0, features))
    known = layers.Rescaling(scaling.feature_seen.tolist())(1.0 - ops.cast(missing, "float32"))
    return value, known


def _convolve(shape: keras.KerasTensor, seeds: _Seeds) -> keras.KerasTensor:
    x = shape
    for filters in (16, 24, 32):
        x = layers.Conv1D(
            filters,
            5,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=seeds.glorot(),
        )(x)
    x = layers.Flatten()(x)
    return layers.Dense(32, activation="relu", kernel_initializer=seeds.glorot())(x)


def _voices(joined: keras.KerasTensor, seeds: _Seeds) -> keras.KerasTensor:
    """Many classifiers that share their weights but for scales and biases: (VOICES, 3).

    Batch ensembling as in Gorishniy et al. (2024), arXiv:2410.24210.
    """
    x = layers.RepeatVector(VOICES)(joined)
    signs = np.random.default_rng(seeds()).choice([-1.0, 1.0], (VOICES, joined.shape[-1]))
    scale = layers.EinsumDense("bvi,vi->bvi", output_shape=(VOICES, joined.shape[-1]))
    scale.build((None, VOICES, joined.shape[-1]))
    scale.set_weights([signs])
    x = scale(x)
    for units in _WIDTHS:
        x = layers.Dense(units, use_bias=False, kernel_initializer=seeds.glorot())(x)
        x = layers.EinsumDense(
            "bvo,vo->bvo", output_shape=(VOICES, units), bias_axes="vo", kernel_initializer="ones"
        )(x)
        x = layers.Activation("relu")(x)
        x = layers.Dropout(0.1, seed=seeds())(x)
    logits = layers.EinsumDense(
        "bvi,vic->bvc",
        output_shape=(VOICES, len(LABELS)),
        bias_axes="vc",
        kernel_initializer=seeds.glorot(),
    )(x)
    return layers.Softmax()(logits)


def _regressions(
    joined: keras.KerasTensor,
    summary: keras.KerasTensor,
    scaling: Scaling,
    measured: NDArray[np.float64],
    seeds: _Seeds,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """ln(period / days) and ln(depth / ppm); the depth corrects what the curve's peak shows."""
    mean, spread = measured.mean(axis=0), np.maximum(measured.std(axis=0), 1e-6)
    standardised = layers.Rescaling((1 / spread).tolist(), (-mean / spread).tolist())(summary)
    x = ops.concatenate([joined, standardised], axis=-1)
    x = layers.Dense(64, activation="relu", kernel_initializer=seeds.glorot())(x)
    x = layers.Dense(32, activation="relu", kernel_initializer=seeds.glorot())(x)
    period = layers.Dense(1, kernel_initializer=seeds.glorot())(x)
    centre, scale = scaling.log_period
    correction = layers.Dense(1, kernel_initializer="zeros")(x)
    return (
        layers.Rescaling(scale, centre)(period),
        summary[:, :1] + float(np.log(1e6)) + correction,
    )


def _build_seed_cnn(scaling: Scaling, sample: NDArray[np.float32], seeds: _Seeds) -> keras.Model:
    inputs = _inputs()
    spread = max(float(sample.std()), 1e-6)
    x = layers.Rescaling(1 / spread, -float(sample.mean()) / spread)(inputs[networks.CURVE_INPUT])
    for filters in (32, 64, 128):
        x = layers.Conv1D(filters, 5, activation="relu", kernel_initializer=seeds.glorot())(x)
        x = layers.MaxPooling1D(2)(x)
    x = layers.GlobalAveragePooling1D()(x)
    value, known = _known_features(inputs[networks.FEATURE_INPUT], scaling)
    inverse = 1 / scaling.feature_spread
    f = layers.Rescaling(inverse.tolist(), (-scaling.feature_mean * inverse).tolist())(value)
    f = f * known
    for units in (64, 32):
        f = layers.Dense(units, activation="relu", kernel_initializer=seeds.glorot())(f)
    x = ops.concatenate([x, f], axis=-1)
    for units, rate in ((128, 0.3), (64, 0.4)):
        x = layers.Dense(units, activation="relu", kernel_initializer=seeds.glorot())(x)
        x = layers.Dropout(rate, seed=seeds())(x)
    label = layers.Dense(len(LABELS), activation="softmax", kernel_initializer=seeds.glorot())(x)
    regressions = [
        layers.Rescaling(scale, centre)(layers.Dense(1, kernel_initializer=seeds.glorot())(x))
        for centre, scale in (scaling.log_period, scaling.log_depth)
    ]
    return keras.Model(
        inputs,
        {
            networks.LABEL_OUTPUT: ops.expand_dims(label, 1),
            networks.PERIOD_OUTPUT: regressions[0],
            networks.DEPTH_OUTPUT: regressions[1],
        },
        name="seed_cnn",
    )


_BUILDERS: dict[str, Callable[[Scaling, NDArray[np.float32], _Seeds], keras.Model]] = {
    "transit_cnn": _build_transit_cnn,
    "seed_cnn": _build_seed_cnn,
}
