"""Two sets of predictions of the same rows, each by several networks that differ in their seed.

Which labels count is the caller's choice: both sides are measured against the same ones.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.evaluation.bootstrap import Array, Labels, draw_labels
from backend.transit.evaluation.paired import (
    MORE_IS_BETTER,
    difference_of,
    figure,
    headline,
)
from backend.transit.evaluation.repeated import mean_of, spread_of
from backend.transit.rows import Index

# Whether one side is better than the other at all is told by this figure.
DECISIVE = "log_loss"


class Measured(NamedTuple):
    """What several predictions of the same rows are worth.

    Attributes:
        seeds: how many.
        headline: the figures of each on all rows, by name.
        drawn: float64, (draws,), the mean over the seeds of a figure on each draw, by name.
        predicted: int8, (n,), the label of the highest mean probability.
    """

    seeds: int
    headline: list[dict[str, float | None]]
    drawn: dict[str, Array]
    predicted: NDArray[np.int8]


def measure_side(
    true: Labels, by_seed: Iterable[Array], groups: Index | None, seed: int = 0
) -> Measured:
    """Measure the predictions of one side, one seed after the other.

    Args:
        true: int, (n,), n > 0, the label codes that count.
        by_seed: float64, (n, 3), of each seed; only one of them is in memory at once.
        groups: intp, (n,), equal for rows of one group; None: every row is one of its own.
        seed: of the draws; both sides need the same.
    """
    values, sums = [], np.zeros((len(true), len(LABELS)))
    drawn: dict[str, list[Array]] = {name: [] for name in MORE_IS_BETTER}
    for probabilities in by_seed:
        draws = draw_labels(true, probabilities, groups, seed)
        values.append(headline(draws))
        for name, found in drawn.items():
            found.append(figure(draws.drawn, name))
        sums += probabilities
    means = {name: np.mean(found, axis=0) for name, found in drawn.items()}
    return Measured(len(values), values, means, sums.argmax(axis=1).astype(np.int8))


def paired_mean_differences(true: Labels, one: Measured, other: Measured) -> dict[str, Any]:
    """How two sides differ that were measured on the same rows, labels, groups and draws.

    Args:
        true: int, (n,), the label codes that they were measured against.
        one, other: from `measure_side`.

    Returns:
        `figures`, by name {one, other, difference, interval, verdict, seed_spread}: the means over
        the seeds, that of `one` minus that of `other` with its 95% interval over the groups, what
        it says of `one`, and of each side the standard deviation over its seeds; `verdict`, that of
        the log loss; `correct`, in how many rows the label of the highest mean probability is
        right on both sides, on one alone, or on neither.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    """
    figures = {name: _difference(name, one, other) for name in MORE_IS_BETTER}
    first, second = one.predicted == true, other.predicted == true
    counts = {
        "both": first & second,
        "only_one": first & ~second,
        "only_other": ~first & second,
        "neither": ~first & ~second,
    }
    return {
        "figures": figures,
        "verdict": figures[DECISIVE]["verdict"],
        "correct": {name: int(rows.sum()) for name, rows in counts.items()},
    }


def _difference(name: str, one: Measured, other: Measured) -> dict[str, Any]:
    first, second = ([each[name] for each in side.headline] for side in (one, other))
    before, after = mean_of(second), mean_of(first)
    return {
        "one": after,
        "other": before,
        **difference_of(name, before, after, one.drawn[name] - other.drawn[name]),
        "seed_spread": [spread_of(first), spread_of(second)],
    }
