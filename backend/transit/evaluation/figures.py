"""Figures of merit of predictions, on rows that the network has never seen; no Keras here.

A number that is not finite, or undefined (the recall of a class without rows), is None.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from backend.transit.columns import LABELS
from backend.transit.evaluation.bootstrap import (
    RECALL_PRECISION,
    LabelDraws,
    draw_labels,
    error_intervals,
    intervals_of,
    kept_intervals,
)
from backend.transit.evaluation.calibration import CURVE_POINTS, coverage_curve, equal_mass_bins
from backend.transit.evaluation.ranking import planet_score

_CODES = list(range(len(LABELS)))

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


def evaluate(
    true: Labels,
    probabilities: Array,
    period: tuple[Array, Array],
    depth: tuple[Array, Array],
    stars: NDArray[np.intp] | None = None,
    seed: int = 0,
    draws: LabelDraws | None = None,
) -> dict[str, Any]:
    """Every figure of an evaluation but the baseline's.

    Args:
        true: int, (n,), n > 0, label codes.
        probabilities: float, (n, 3), rows summing to 1, in the order of `LABELS`.
        period: true and predicted, each float64 (n,), days.
        depth: true and predicted, each float64 (n,), ppm.
        stars: intp, (n,), equal for rows of one star; None: every row is a star of its own.
        seed: of the bootstrap.
        draws: of these labels, if they are known.

    Returns:
        JSON-able: the figures of `evaluate_labels`, the curves' points, the reliability, coverage
        against precision, and the errors of period and depth; `intervals` of all figures.
    """
    labels = evaluate_labels(true, probabilities, stars, seed, draws)
    errors = {"period": period, "depth": depth}
    intervals = {name: error_intervals(*pair, stars, seed) for name, pair in errors.items()}
    return {
        **labels,
        "intervals": {**labels["intervals"], **intervals},
        "coverage": coverage_curve(true, probabilities),
        "reliability": {"bins": reliability_bins(true, probabilities)},
        "roc": {name: _roc_points(*one) for name, one in _one_vs_rest(true, probabilities)},
        "precision_recall": {
            name: _precision_recall_points(*one) for name, one in _one_vs_rest(true, probabilities)
        },
        "period": regression_errors(*period),
        "depth": regression_errors(*depth),
    }


def evaluate_labels(
    true: Labels,
    probabilities: Array,
    stars: NDArray[np.intp] | None = None,
    seed: int = 0,
    draws: LabelDraws | None = None,
) -> dict[str, Any]:
    """The figures of a classification; the predicted class has the highest probability.

    Args:
        true: int, (n,), n > 0, label codes.
        probabilities: float, (n, 3), rows summing to 1.
        stars, seed, draws: as for `evaluate`.

    Returns:
        n_test, accuracy, macro_f1, log_loss, roc_auc and average_precision (each by class name,
        and "macro"), per_class, confusion_matrix (rows true, columns predicted), ece,
        recall_at_precision; intervals, those of `bootstrap.intervals_of`.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    predicted = probabilities.argmax(axis=1)
    if draws is None:
        draws = draw_labels(true, probabilities, stars, seed)
    return {
        "n_test": len(true),
        **brief(true, probabilities),
        "roc_auc": _by_class(true, probabilities, metrics.roc_auc_score),
        "average_precision": _by_class(true, probabilities, metrics.average_precision_score),
        "per_class": _per_class(true, predicted),
        "confusion_matrix": metrics.confusion_matrix(true, predicted, labels=_CODES).tolist(),
        "ece": expected_calibration_error(true, probabilities),
        "recall_at_precision": recall_at_precision(true, probabilities),
        "intervals": intervals_of(draws),
    }


def brief(true: Labels, probabilities: Array) -> dict[str, float | None]:
    """The three headline figures: accuracy, macro_f1, log_loss."""
    probabilities = np.asarray(probabilities, dtype=np.float64)
    predicted = probabilities.argmax(axis=1)
    return {
        "accuracy": _number(metrics.accuracy_score(true, predicted)),
        "macro_f1": macro_f1(true, predicted),
        "log_loss": _number(metrics.log_loss(true, probabilities, labels=_CODES)),
    }


def recall_at_precision(true: Labels, probabilities: Array) -> dict[str, float | None]:
    """The share of planets in a list of which 99% are planets.

    Of the rows that are CONFIRMED or FALSE POSITIVE, by p(CONFIRMED) over the sum of both: the
    largest share of the confirmed ones that a threshold selects with that precision.

    Returns:
        `precision`, 0.99; `recall` and `threshold`, None where no threshold reaches it or one of
        the classes has no row.
    """
    undefined = {"precision": RECALL_PRECISION, "recall": None, "threshold": None}
    confirmed, false_positive = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")
    rows = np.isin(true, (confirmed, false_positive))
    is_planet = true[rows] == confirmed
    if is_planet.all() or not is_planet.any():
        return undefined
    score = planet_score(np.asarray(probabilities, np.float64)[rows])
    precision, recall, threshold = metrics.precision_recall_curve(is_planet, score)
    reached = np.flatnonzero((precision[:-1] >= RECALL_PRECISION) & (recall[:-1] > 0))
    if not len(reached):
        return undefined
    first = reached[0]
    return {
        "precision": RECALL_PRECISION,
        "recall": float(recall[first]),
        "threshold": float(threshold[first]),
    }


def kept_share(
    true: Labels, probabilities: Array, threshold: float | None
) -> dict[str, float | None]:
    """How many predictions are above a threshold, and how many of these are right.

    Returns:
        `coverage`, None without a threshold; `precision`, None where nothing is above it.
    """
    if threshold is None:
        return {"coverage": None, "precision": None}
    kept = probabilities.max(axis=1) >= threshold
    right = probabilities[kept].argmax(axis=1) == true[kept]
    return {
        "coverage": _number(kept.mean()) if len(kept) else None,
        "precision": _number(right.mean()) if len(right) else None,
    }


def abstention(
    true: Labels,
    probabilities: Array,
    threshold: float | None,
    precision: float,
    stars: NDArray[np.intp] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """The effect, on these stars, of a threshold that was chosen on others.

    Args:
        true, probabilities, stars, seed: as for `evaluate`.
        threshold: None keeps nothing.
        precision: that it was chosen for.

    Returns:
        `threshold` and `precision` as given; `coverage`, the share of the rows that are kept;
        `kept_precision`, the share of those classified correctly, None where nothing is kept;
        `intervals` of the last two.
    """
    top = np.asarray(probabilities, np.float64).max(axis=1)
    kept = top >= (np.inf if threshold is None else threshold)
    right = np.asarray(probabilities).argmax(axis=1) == true
    return {
        "threshold": threshold,
        "precision": precision,
        "coverage": float(kept.mean()),
        "kept_precision": float(right[kept].mean()) if kept.any() else None,
        "intervals": kept_intervals(right, kept, stars, seed),
    }


def macro_f1(true: Labels, predicted: Labels) -> float | None:
    """The mean of the F1 of the classes that occur among the true labels."""
    present = np.unique(true)
    score = metrics.f1_score(true, predicted, labels=present, average="macro", zero_division=0)
    return _number(score)


def reliability_bins(true: Labels, probabilities: Array) -> list[dict[str, Any]]:
    """Accuracy against confidence, in bins of equal mass.

    Returns:
        At most 15 bins by increasing confidence: `{count, confidence, accuracy, low, high}`.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == true
    return [
        {
            "count": len(part),
            "confidence": float(confidence[part].mean()),
            "accuracy": float(right[part].mean()),
            "low": float(confidence[part].min()),
            "high": float(confidence[part].max()),
        }
        for part in equal_mass_bins(confidence)
    ]


def expected_calibration_error(true: Labels, probabilities: Array) -> float:
    """The mean gap between confidence and accuracy over the bins of `reliability_bins`.

    Source: Guo et al. (2017), arXiv:1706.04599, equation 3, with bins of equal mass.
    """
    bins = reliability_bins(true, probabilities)
    gaps = [each["count"] * abs(each["confidence"] - each["accuracy"]) for each in bins]
    return sum(gaps) / len(true)


def regression_errors(true: Array, predicted: Array) -> dict[str, float | None]:
    """Mean absolute error, in the unit of the values, and median relative error."""
    error = np.abs(np.asarray(predicted, dtype=np.float64) - true)
    return {
        "mae": _number(error.mean()),
        "median_relative_error": _number(np.median(error / true)),
    }


def _per_class(true: Labels, predicted: Labels) -> dict[str, dict[str, Any]]:
    scores = metrics.precision_recall_fscore_support(
        true, predicted, labels=_CODES, zero_division=np.nan
    )
    return {
        name: {
            "precision": _number(scores[0][code]),
            "recall": _number(scores[1][code]),
            "f1": _number(scores[2][code]),
            "support": int(scores[3][code]),
        }
        for code, name in enumerate(LABELS)
    }


def _by_class(true: Labels, probabilities: Array, score: Any) -> dict[str, float | None]:
    """A one-vs-rest score of each class, and the mean of those that are defined."""
    scores = {name: score(*one) for name, one in _one_vs_rest(true, probabilities)}
    macro = float(np.mean(list(scores.values()))) if scores else None
    return {**{name: _number(scores.get(name)) for name in LABELS}, "macro": _number(macro)}


def _one_vs_rest(true: Labels, probabilities: Array) -> list[tuple[str, tuple[Labels, Array]]]:
    """Class name, (is it this class, its probability); only where some rows are and some not."""
    return [
        (name, (true == code, probabilities[:, code]))
        for code, name in enumerate(LABELS)
        if 0 < np.count_nonzero(true == code) < len(true)
    ]


def _roc_points(is_class: Labels, probability: Array) -> dict[str, list[float]]:
    false_positives, true_positives, _ = metrics.roc_curve(is_class, probability)
    keep = _thinned(len(false_positives))
    return {"fpr": false_positives[keep].tolist(), "tpr": true_positives[keep].tolist()}


def _precision_recall_points(is_class: Labels, probability: Array) -> dict[str, list[float]]:
    precision, recall, _ = metrics.precision_recall_curve(is_class, probability)
    keep = _thinned(len(precision))
    return {"recall": recall[keep].tolist(), "precision": precision[keep].tolist()}


def _thinned(points: int) -> NDArray[np.intp]:
    """The points of a curve to keep: at most 200, including the first and the last."""
    return np.unique(np.linspace(0, points - 1, min(points, CURVE_POINTS)).astype(np.intp))


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
