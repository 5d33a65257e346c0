"""The scaling of inputs and outputs, measured on the training rows; pure NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import FEATURES, RELATION_COLUMNS
from backend.transit.networks.inputs import CATALOGUE_COLUMNS
from backend.transit.photometry.evidence import EVIDENCE

QUANTILES = 24

# An arcsinh is a logarithm only above 1, and these numbers lie below it, some far.
_STEEPNESS = {
    **{"density_ratio": 1e2, "relative_duration": 1e4},
    **{"match_depth_ratio": 1e5, "period_err": 1e8, "epoch_err": 1e4, "duration_err": 1e3},
    **{"depth_err": 1e3, "impact_err": 1e2, "steff_err": 1e3, "srad_err": 1e2, "slogg_err": 1e2},
    **{"depth_ratio": 10.0, "duration_ratio": 10.0, "transit_shift": 30.0, "ingress_share": 10.0},
    **{"ingress_share_error": 10.0, "odd_even_difference": 30.0, "depth_scatter": 10.0},
    **{"dip_phase": 10.0, "season_correlation": 10.0},
}

_EMPTY_RANGE = 1e-6

# In units of the largest value: a smaller spread is that of rounding.
_ROUNDING = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NumberScaling:
    """How k numbers that may be unknown are spread over the training rows.

    Attributes:
        steepness: float64, (k,); everything below is of arcsinh(steepness * number).
        mean: float64, (k,); 0 for a number that no row has.
        spread: float64, (k,), standard deviation; 1 where all are equal.
        seen: float64, (k,), 1 for a number that some training row has, else 0.
        knots: float64, (k, QUANTILES + 1), quantiles, strictly increasing.
    """

    steepness: Array
    mean: Array
    spread: Array
    seen: Array
    knots: Array


@dataclass(frozen=True)
class Scaling:
    """Numbers learnt from the training rows alone.

    Attributes:
        features: of `feat_input`.
        catalogue: of `catalogue_input`; None for a network without it.
        relations: of `relation_input`; None for a network without it.
        log_period: mean and standard deviation of ln(period / days).
        log_depth: mean and standard deviation of ln(depth / ppm).
        evidence: of `evidence_input`; None for a network without it.
    """

    features: NumberScaling
    catalogue: NumberScaling | None
    relations: NumberScaling | None
    log_period: tuple[float, float]
    log_depth: tuple[float, float]
    evidence: NumberScaling | None = None


def learn_scaling(
    rows: NDArray[np.void],
    catalogue: NDArray[np.float32] | None = None,
    relations: NDArray[np.float32] | None = None,
    evidence: NDArray[np.float32] | None = None,
) -> Scaling:
    """Measure the training rows.

    Args:
        rows: ROW_DTYPE, (n,); the training split and nothing else.
        catalogue: float32, (n, 8), their `catalogue_input`, for a network that has it.
        relations: float32, (n, k), their `relation_input`, the same.
        evidence: float32, (n, 24), their `evidence_input`, the same; all NaN in a row without a
            light curve.
    """
    return Scaling(
        features=scale_numbers([rows[name] for name in FEATURES], np.ones(len(FEATURES))),
        catalogue=None if catalogue is None else _scale(catalogue, CATALOGUE_COLUMNS),
        relations=None if relations is None else _scale(relations, RELATION_COLUMNS),
        log_period=_mean_and_spread(np.log(rows["period"])),
        log_depth=_mean_and_spread(np.log(rows["depth"])),
        evidence=None if evidence is None else _scale(evidence, EVIDENCE),
    )


def quantile_knots(values: Array) -> Array:
    """The knots of the piecewise-linear embedding of a number.

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


def _scale(numbers: NDArray[np.float32], names: Sequence[str]) -> NumberScaling:
    """Of columns with the first of these names."""
    steepness = np.array([_STEEPNESS.get(name, 1.0) for name in names[: numbers.shape[1]]])
    return scale_numbers(list(numbers.T.astype(np.float64)), steepness)


def scale_numbers(columns: Sequence[Array], steepness: Array) -> NumberScaling:
    """Measure numbers of training rows.

    Args:
        columns: k times float64, (n,), NaN where unknown.
        steepness: float64, (k,), what each is multiplied with before its arcsinh is taken.
    """
    # arcsinh is a logarithm for large values (snr and srad span decades) and harmless at zero
    # and below it, where impact, slogg and the grazing margin can lie.
    values = [
        np.arcsinh(factor * column[np.isfinite(column)])
        for factor, column in zip(steepness, columns, strict=True)
    ]
    return NumberScaling(
        steepness=steepness,
        mean=np.array([x.mean() if len(x) else 0.0 for x in values]),
        spread=np.array([_spread(x) for x in values]),
        seen=np.array([float(len(x) > 0) for x in values]),
        knots=np.stack([quantile_knots(x) for x in values]),
    )


def _mean_and_spread(values: Array) -> tuple[float, float]:
    return float(values.mean()), _spread(values)


def _spread(values: Array) -> float:
    if not len(values):
        return 1.0
    spread, largest = float(values.std()), float(np.abs(values).max())
    # Equal values differ from their mean by rounding: to divide by that makes a loss of 10^14.
    return spread if spread > _ROUNDING * largest else 1.0
