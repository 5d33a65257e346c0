"""Calibrated probabilities, and the threshold below which one is uncertain; no Keras here."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

# A temperature outside this range says more about odd validation rows than about the network.
TEMPERATURES = (0.2, 5.0)

# Standard deviation of the normal prior of ln(temperature), whose mean is 0. A thousand rows
# outweigh it; with ten, which fit any temperature, it holds the temperature near 1.
PRIOR_SPREAD = 0.5

# A threshold must keep at least this many rows: the best ten of a thousand are always correct.
MIN_KEPT = 20

CURVE_POINTS = 200

CALIBRATION_BINS = 15

# Of a probability, before its logarithm is taken.
SMALLEST = 1e-30


def fit_temperature(true: Labels, probabilities: Array) -> float:
    """The temperature at which the log loss is lowest, held near 1 where the rows are few.

    Args:
        true: int, (n,), label codes of validation rows.
        probabilities: float, (n, 3), as the network gives them.

    Returns:
        From 0.2 to 5; above 1 the network was overconfident. 1 where there are no rows.

    Source: Guo et al. (2017), arXiv:1706.04599, section 4.2, with a normal prior of the logarithm.
    """
    from scipy.optimize import minimize_scalar  # not in a server, which compares sessions

    if not len(true):
        return 1.0
    rows = np.arange(len(true))

    def loss(logarithm: float) -> float:
        found = apply_temperature(probabilities, float(np.exp(logarithm)))
        prior = 0.5 * (logarithm / PRIOR_SPREAD) ** 2
        return prior - float(np.log(np.maximum(found[rows, true], SMALLEST)).sum())

    best = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(best.x))


def apply_temperature(probabilities: Array, temperature: float) -> Array:
    """softmax(ln(p) / temperature): float64, (n, 3)."""
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def choose_threshold(true: Labels, probabilities: Array, precision: float = 0.9) -> float | None:
    """The lowest top probability that keeps predictions of the wanted precision.

    Args:
        true: int, (n,), label codes of validation rows.
        probabilities: float, (n, 3), calibrated.
        precision: the wanted share of correct predictions among the kept rows.

    Returns:
        A prediction is kept when its top probability reaches this; None where no threshold that
        keeps 20 rows reaches the precision: then none is kept.
    """
    confidence, kept, right = _by_confidence(true, probabilities)
    reached = (kept >= MIN_KEPT) & (right >= precision * kept)
    if not reached.any():
        return None
    return float(confidence[np.flatnonzero(reached)[-1]])


def coverage_curve(true: Labels, probabilities: Array) -> dict[str, list[float]]:
    """Coverage and precision against the threshold; at most 200 points.

    Returns:
        threshold, falling; coverage, the share of rows whose top probability reaches it;
        precision, the share of those that are correct.
    """
    confidence, kept, right = _by_confidence(true, probabilities)
    points = np.linspace(0, len(kept) - 1, min(len(kept), CURVE_POINTS)).astype(np.intp)
    keep = np.unique(points)
    return {
        "threshold": confidence[keep].tolist(),
        "coverage": (kept[keep] / len(true)).tolist(),
        "precision": (right[keep] / kept[keep]).tolist(),
    }


def equal_mass_bins(confidence: Array) -> list[NDArray[np.intp]]:
    """The rows of each bin, by increasing confidence: at most 15 bins of about equal numbers.

    Rows of equal confidence are never parted: their order means nothing, and a part of them would
    tell of calibration what chance has put there.
    """
    order = np.argsort(confidence, kind="stable")
    edges = np.append(np.flatnonzero(np.diff(confidence[order])) + 1, len(order))
    bins = min(CALIBRATION_BINS, len(order))
    sizes = [len(part) for part in np.array_split(order, bins)]
    cuts = np.cumsum(sizes)
    behind = np.searchsorted(edges, cuts)
    before = np.where(behind > 0, edges[behind - 1], 0)
    nearest = np.where(cuts - before < edges[behind] - cuts, before, edges[behind])
    return [part for part in np.split(order, np.unique(nearest)) if len(part)]


def _by_confidence(
    true: Labels, probabilities: Array
) -> tuple[Array, NDArray[np.intp], NDArray[np.intp]]:
    """Distinct top probabilities, falling; how many rows reach them; how many are correct."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    confidence = confidence[order]
    right = np.cumsum((probabilities.argmax(axis=1) == true)[order])
    is_last = np.append(np.diff(confidence) != 0, True)[: len(confidence)]
    last = np.flatnonzero(is_last)
    return confidence[last].astype(np.float64), last + 1, right[last]
