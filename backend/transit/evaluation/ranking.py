"""Rows in the order of a score: ranking figures of many weightings of the same rows at once."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.rows import Index

# The precision at which the recall of planets is reported.
RECALL_PRECISION = 0.99

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


class Ranking:
    """Rows in the order of a score, equal scores together, for weighted ranking figures.

    Args:
        is_class: bool, (n,).
        score: float64, (n,), higher for more likely.
        rows: intp, (n,), which rows of the weights these are; None for all.
    """

    def __init__(
        self, is_class: NDArray[np.bool_], score: Array, rows: Index | None = None
    ) -> None:
        order = np.argsort(-score, kind="stable")
        self._rows = order if rows is None else rows[order]
        self._is_class = is_class[order].astype(np.float64)
        self._ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True)[: len(order)])

    def measure(self, weights: Array) -> tuple[Array, Array]:
        """Area under the ROC curve and average precision: float64, (draws,) each, NaN if undefined.

        As scikit-learn's roc_auc_score and average_precision_score with sample_weight.
        """
        hits, misses = self._cumulated(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = hits / hits[:, -1:]
            fall_out = misses / misses[:, -1:]
            precision = hits / (hits + misses)
            first = np.zeros((len(weights), 1))
            steps = np.diff(recall, axis=1, prepend=first)
            widths = np.diff(fall_out, axis=1, prepend=first)
            area = (widths * (recall - steps / 2)).sum(axis=1)
            # A precision of no row at all comes only with a step of no recall.
            average = (steps * np.nan_to_num(precision)).sum(axis=1)
        return area, average

    def recall_at(self, precision: float, weights: Array) -> Array:
        """The largest recall whose precision is at least this: float64, (draws,); 0 if none is."""
        if not len(self._rows):
            return np.full(len(weights), np.nan)
        hits, misses = self._cumulated(weights)
        reached = (hits >= precision * (hits + misses)) & (hits > 0)
        with np.errstate(invalid="ignore"):
            return np.where(reached, hits, 0.0).max(axis=1) / hits[:, -1]

    def _cumulated(self, weights: Array) -> tuple[Array, Array]:
        ordered = weights[:, self._rows]
        total = np.cumsum(ordered, axis=1)[:, self._ends]
        hits = np.cumsum(ordered * self._is_class, axis=1)[:, self._ends]
        return hits, total - hits


def planet_ranking(true: Labels, probabilities: Array) -> Ranking:
    """CONFIRMED against FALSE POSITIVE, the rows that are one of them, by their odds."""
    confirmed, false_positive = (LABELS.index(name) for name in ("CONFIRMED", "FALSE POSITIVE"))
    rows = np.flatnonzero(np.isin(true, (confirmed, false_positive)))
    return Ranking(true[rows] == confirmed, planet_score(probabilities[rows]), rows)


def planet_score(probabilities: Array) -> Array:
    """p(CONFIRMED) / [p(CONFIRMED) + p(FALSE POSITIVE)]: float64, (n,); 0.5 where both are 0."""
    confirmed, false_positive = (
        probabilities[:, LABELS.index(name)] for name in ("CONFIRMED", "FALSE POSITIVE")
    )
    both = confirmed + false_positive
    return np.divide(confirmed, both, out=np.full(len(both), 0.5), where=both > 0)
