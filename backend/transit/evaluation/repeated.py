"""Several predictions of the same rows, by networks that differ in their seed: their mean figures.

How far the seeds are from each other, how far the folds are, and how well so many groups of rows
can measure at all are three things; each is told by a number of its own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.transit.evaluation.bootstrap import (
    LabelDraws,
    centred_interval,
    percentile_interval,
)
from backend.transit.evaluation.paired import MORE_IS_BETTER, figure

# The figures that are compared.
FIGURES = tuple(MORE_IS_BETTER)


def mean_intervals(predictions: Sequence[LabelDraws]) -> dict[str, list[float] | None]:
    """95% intervals, over the groups of rows, of the mean figures of several predictions.

    Args:
        predictions: of the same rows, groups and seed: each is measured on the same draws.

    Returns:
        [low, high] by figure, or None where the draws do not define it.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    found: dict[str, list[float] | None] = {}
    for name in FIGURES:
        drawn = np.mean([figure(each.drawn, name) for each in predictions], axis=0)
        of_all = float(np.mean([figure(each.of_all, name)[0] for each in predictions]))
        found[name] = (
            centred_interval(of_all, drawn) if name == "ece" else percentile_interval(drawn)
        )
    return found


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean; None if one of them is not known, or there is none."""
    known = _known(values)
    return None if known is None or not len(known) else float(known.mean())


def spread_of(values: Sequence[float | None]) -> float | None:
    """The standard deviation; None if one of them is not known, or there are fewer than two."""
    known = _known(values)
    return None if known is None or len(known) < 2 else float(known.std(ddof=1))


def _known(values: Sequence[float | None]) -> NDArray[np.float64] | None:
    if any(each is None for each in values):
        return None
    found = np.array(values, np.float64)
    return found if np.isfinite(found).all() else None
