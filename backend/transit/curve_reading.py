"""How a network reads a curve: folded at mid-transit, in windows of log phase, and as numbers."""

import itertools

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from .curves import BINS

# Phase windows of a folded curve: their centres are equally spaced in the logarithm of phase, so
# that a longer transit is a shifted one, which is what a convolution understands.
WINDOWS = 64

# Below this, in units of the star's flux, single precision has nothing left to say.
_SMALLEST_DIP = 1e-7


def read_curve(curve: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Folds a curve at mid-transit and reads it.

    Returns:
        (3,): natural logarithms of the deepest bin, of the area and of the mean square of the
        dip, all in units of the star's flux; and (WINDOWS, 1): the dip in windows of log phase,
        in units of its deepest bin.
    """
    dip = 1.0 - curve
    folded = 0.5 * (dip + ops.flip(dip, axis=1))[:, BINS // 2 :, 0]
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
    points = BINS // 2 + 1
    edges = np.geomspace(0.5, points - 0.5, WINDOWS + 1)
    steps = np.arange(points)
    weights = np.empty((points, WINDOWS))
    for window, (low, high) in enumerate(itertools.pairwise(edges)):
        half = max((high - low) / 2, 0.5)
        centre = min((low + high) / 2, points - 1.0)
        weights[:, window] = np.clip(
            np.minimum(steps + 0.5, centre + half) - np.maximum(steps - 0.5, centre - half), 0, 1
        )
    return (weights / weights.sum(axis=0)).astype(np.float32)
