"""Labels that out-of-fold predictions contradict surely: confident learning with two classes.

Each class has its own threshold, the mean probability that the rows with its label give it: a class
that is hard to recognise needs less to be believed. A label is doubted if the other class is the
likelier one and reaches its threshold.

Source: Northcutt, Jiang & Chuang (2021), JAIR 70, 1373 (arXiv:1911.00068), equations 1 to 3 and the
    method "confusion with thresholds"; the details are those of cleanlab 2.9.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLASSES = 2

# A probability reaches a threshold that it misses by rounding alone.
_ROUNDING = 1e-6

Array = NDArray[np.float64]
Given = NDArray[np.integer]


class Doubts(NamedTuple):
    """What predictions say of the labels of n rows.

    Attributes:
        self_confidence: float64, (n,), the probability of the label that a row has.
        normalised_margin: float64, (n,), half of 1 + that less the probability of the other class;
            with two classes the same number.
        is_doubt: bool, (n,).
        thresholds: float64, (2,), by class; NaN where no row has its label.
        joint: int64, (2, 2), how many rows with the label of the first index count surely as the
            second: the confident joint. A row that reaches no threshold counts nowhere.
        estimated: float64, (2, 2), the same if all rows could be counted: each label's rows, dealt
            as its counted ones are.
    """

    self_confidence: Array
    normalised_margin: Array
    is_doubt: NDArray[np.bool_]
    thresholds: Array
    joint: NDArray[np.int64]
    estimated: Array


def find_doubts(given: Given, probabilities: Array) -> Doubts:
    """Find the labels that predictions contradict surely.

    Args:
        given: (n,), the labels, 0 or 1.
        probabilities: float64, (n, 2), of networks that saw nothing of the row; rows sum to 1.

    Returns:
        Where a class has no row, nothing is doubted: nothing is known of its threshold.
    """
    rows = np.arange(len(given))
    own, other = probabilities[rows, given], probabilities[rows, 1 - given]
    thresholds = np.array([_mean(own[given == each]) for each in range(CLASSES)])
    counted_as = _count(probabilities, thresholds)
    joint = np.zeros((CLASSES, CLASSES), np.int64)
    is_counted = counted_as >= 0
    np.add.at(joint, (given[is_counted], counted_as[is_counted]), 1)
    return Doubts(
        self_confidence=own,
        normalised_margin=(own - other + 1.0) / 2.0,
        is_doubt=(counted_as == 1 - given) & (other > own),
        thresholds=thresholds,
        joint=joint,
        estimated=_estimate(joint, np.bincount(given, minlength=CLASSES)),
    )


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else np.nan


def _count(probabilities: Array, thresholds: Array) -> NDArray[np.int64]:
    """The class that each row counts surely as: the likelier one that reaches its threshold; -1."""
    with np.errstate(invalid="ignore"):
        is_sure = probabilities >= thresholds - _ROUNDING  # never with NaN
    likelier = np.where(is_sure.all(axis=1), probabilities.argmax(axis=1), is_sure.argmax(axis=1))
    return np.where(is_sure.any(axis=1), likelier, -1)


def _estimate(joint: NDArray[np.int64], labelled: NDArray[np.int64]) -> Array:
    """All rows of a label, dealt as those of it that are counted; at least one counts as itself."""
    counted = joint.astype(np.float64)
    np.fill_diagonal(counted, np.maximum(counted.diagonal(), 1.0))
    estimated: Array = counted / counted.sum(axis=1, keepdims=True) * labelled[:, np.newaxis]
    return estimated
