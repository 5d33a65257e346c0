"""Reads a curve in a network: folded at mid-transit, in windows of log phase, and as numbers."""

import itertools
import math

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from backend.transit.columns import FEATURES
from backend.transit.light_curve.curve import BINS
from backend.transit.light_curve.diagnostics import SECONDS_A_DAY
from backend.transit.networks import registry
from backend.transit.solar import SOLAR_RADIUS_CM, SOLAR_STEFF

# Phase windows of a folded curve: their centres are equally spaced in the logarithm of phase, so
# that a longer transit is a shifted one, and a convolution is invariant to shifts.
WINDOWS = 64

# Parts of the whole orbit, each the same number of its bins: 2001 = 87 * 23.
OVERVIEW_PARTS = 87

# The smallest dip, in units of the star's flux, that single precision resolves.
_SMALLEST_DIP = 1e-7

# A grazing transit's chord squared is small, and where the impact was lowered it is below 0.
_SMALLEST_CHORD = 1e-2

_SMALLEST_FEATURE = 1e-3
_LOG_TEN = math.log(10.0)
_LOG_FLUX_A_MAGNITUDE = 0.4 * _LOG_TEN

# a/R* = chord / (pi T/P), with T/P twice the bins of half a transit.
_LOG_HALF_WIDTH = math.log(BINS / (2 * math.pi))

# P = 2 pi sqrt(R*/g) (a/R*)^(3/2).
_LOG_PERIOD = math.log(2 * math.pi * math.sqrt(SOLAR_RADIUS_CM) / SECONDS_A_DAY)


def read_curve(curve: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Fold a curve at mid-transit and read it.

    Returns:
        (3,): natural logarithms of the deepest bin, in units of the star's flux, and of the sums
        of the dip and of its square over the bins of half an orbit, in units of the deepest bin;
        and (WINDOWS, 1): the dip in windows of log phase, in the same units.
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


def read_overview(curve: keras.KerasTensor) -> keras.KerasTensor:
    """The mean dip and the deepest one in equal parts of the orbit: (OVERVIEW_PARTS, 2)."""
    dip = 1.0 - curve
    width = BINS // OVERVIEW_PARTS
    parts = layers.AveragePooling1D(width)(dip), layers.MaxPooling1D(width)(dip)
    return ops.concatenate(parts, axis=-1)


def make_reading() -> keras.Model:
    """A graph of all that is read here, from `curve_input`, by name."""
    curve = keras.Input((BINS, 1), name=registry.CURVE_INPUT)
    summary, windows = read_curve(curve)
    return keras.Model(
        curve,
        {
            registry.CURVE_SUMMARY: summary,
            registry.CURVE_WINDOWS: windows,
            registry.CURVE_OVERVIEW: read_overview(curve),
        },
    )


def derive_numbers(summary: keras.KerasTensor, features: keras.KerasTensor) -> keras.KerasTensor:
    """Numbers derived from transit and star together, without the period.

    Args:
        summary: (3,), from `read_curve`.
        features: (6,), raw, NaN where unknown.

    Returns:
        (5,), NaN where a feature that is needed is unknown: natural logarithms of the planet's
        radius in solar radii, of the star's luminosity in solar luminosities, of the
        signal-to-noise ratio relative to the value expected from depth, width and magnitude (up to
        a constant), and of the period in days of a circular orbit by Kepler's third law; and the
        impact parameter of the planet's outer edge, stellar radii.

    Source: as `benchmarks.period` for the period, with sin x = x and the width at half depth for
        the duration.
    """
    impact, snr, steff, srad, slogg, tmag = (features[:, i : i + 1] for i in range(len(FEATURES)))
    depth, width = summary[:, :1], summary[:, 1:2]
    ratio = ops.exp(0.5 * depth)
    radius = 0.5 * depth + _log(srad)
    luminosity = 2.0 * _log(srad) + 4.0 * _log(steff / SOLAR_STEFF)
    noise = _log(snr) - depth - 0.5 * width + _LOG_FLUX_A_MAGNITUDE / 2 * tmag
    chord = ops.maximum(ops.square(1.0 + ratio) - ops.square(impact), _SMALLEST_CHORD)
    semi_major_axis = 0.5 * ops.log(chord) - width + _LOG_HALF_WIDTH
    period = 1.5 * semi_major_axis + 0.5 * _log(srad) - 0.5 * _LOG_TEN * slogg + _LOG_PERIOD
    return ops.concatenate([radius, luminosity, noise, period, impact + ratio], axis=-1)


def _log(positive: keras.KerasTensor) -> keras.KerasTensor:
    return ops.log(ops.maximum(positive, _SMALLEST_FEATURE))


def log_phase_windows() -> NDArray[np.float32]:
    """Weights that resample a folded curve to equal steps of the logarithm of phase.

    Returns:
        float32, (1001, WINDOWS): each column sums to 1 and is the mean of the bins (or their
        linear interpolation, where the windows are narrower than a bin) around its phase.
    """
    points = BINS // 2 + 1
    edges = _window_edges()
    steps = np.arange(points)
    weights = np.empty((points, WINDOWS))
    for window, (low, high) in enumerate(itertools.pairwise(edges)):
        half = max((high - low) / 2, 0.5)
        centre = min((low + high) / 2, points - 1.0)
        weights[:, window] = np.clip(
            np.minimum(steps + 0.5, centre + half) - np.maximum(steps - 0.5, centre - half), 0, 1
        )
    return (weights / weights.sum(axis=0)).astype(np.float32)


def window_widths() -> NDArray[np.float32]:
    """How many bins of a folded curve each window covers: float32, (WINDOWS,)."""
    return np.diff(_window_edges()).astype(np.float32)


def _window_edges() -> NDArray[np.float64]:
    return np.geomspace(0.5, BINS // 2 + 0.5, WINDOWS + 1)
