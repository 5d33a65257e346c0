"""What a network must know of its training rows to scale its inputs and outputs; pure NumPy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import FEATURES

QUANTILES = 24

_EMPTY_RANGE = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """Numbers learnt from the training rows alone.

    Attributes:
        feature_mean: float64, (6,), of arcsinh(feature); 0 for a feature that no row has.
        feature_spread: float64, (6,), the standard deviation of the same; 1 where it is 0.
        feature_seen: float64, (6,), 1 for a feature that some training row has, else 0.
        feature_knots: float64, (6, QUANTILES + 1), quantiles of the same, strictly increasing.
        log_period: mean and standard deviation of ln(period / days).
        log_depth: mean and standard deviation of ln(depth / ppm).
    """

    feature_mean: Array
    feature_spread: Array
    feature_seen: Array
    feature_knots: Array
    log_period: tuple[float, float]
    log_depth: tuple[float, float]


def learn_scaling(rows: NDArray[np.void]) -> Scaling:
    """Measures the training rows.

    Args:
        rows: ROW_DTYPE, (n,); the training split and nothing else.
    """
    # arcsinh is a logarithm for large values (snr and srad span decades) and harmless at zero
    # and below it, where impact and slogg can lie.
    values = [np.arcsinh(rows[name][np.isfinite(rows[name])]) for name in FEATURES]
    return Scaling(
        feature_mean=np.array([x.mean() if len(x) else 0.0 for x in values]),
        feature_spread=np.array([_spread(x) for x in values]),
        feature_seen=np.array([float(len(x) > 0) for x in values]),
        feature_knots=np.stack([quantile_knots(x) for x in values]),
        log_period=_mean_and_spread(np.log(rows["period"])),
        log_depth=_mean_and_spread(np.log(rows["depth"])),
    )


def quantile_knots(values: Array) -> Array:
    """Where a piecewise-linear embedding of a number bends.

    Args:
        values: float64, (n,), all finite; may be empty.

    Returns:
        float64, (QUANTILES + 1,), strictly increasing, from the smallest to the largest value;
        repeated quantiles (a value that many rows share) are spread between their neighbours.
    """
    if not len(values):
        return np.linspace(0.0, 1.0, QUANTILES + 1)
    knots = np.unique(np.quantile(values, np.linspace(0.0, 1.0, QUANTILES + 1)))
    width = max(knots[-1] - knots[0], _EMPTY_RANGE)
    knots = knots[np.concatenate([[True], np.diff(knots) > _EMPTY_RANGE * width])]
    if len(knots) < 2:
        return knots[0] + np.linspace(-0.5, 0.5, QUANTILES + 1) * width
    places = np.linspace(0.0, len(knots) - 1.0, QUANTILES + 1)
    return np.interp(places, np.arange(len(knots)), knots)


def _mean_and_spread(values: Array) -> tuple[float, float]:
    return float(values.mean()), _spread(values)


def _spread(values: Array) -> float:
    spread = float(values.std()) if len(values) else 0.0
    return spread if spread > 0 else 1.0
