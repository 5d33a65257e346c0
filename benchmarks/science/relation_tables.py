"""The tables of `benchmarks.science.relations`, from the predictions of the test rows."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.evaluation.bootstrap import draw_weights, percentile_interval
from backend.transit.evaluation.figures import brief
from backend.transit.evaluation.ranking import RECALL_PRECISION, Ranking, planet_ranking
from backend.transit.rows import Index

FIGURES = ("accuracy", "macro_f1", "log_loss")

# "The trees" are, for each figure, the best of these.
LIBRARIES = ("HistGradientBoosting", "LightGBM", "LightGBM tuned")
NINE = "nine columns"

# By the names in the files of the runs.
PARTS = {"shown": "", "hidden": ", relations hidden"}

Array = NDArray[np.float64]
Figures = dict[str, float | None]


class Tested(NamedTuple):
    """Predictions of the test rows of one split.

    Attributes:
        true: int, (n,), label codes.
        probabilities: float64, (n, 3).
        groups: intp, (n,), equal for rows of one group.
    """

    true: NDArray[np.integer]
    probabilities: Array
    groups: Index


def lines_of(title: str, found: dict[str, list[Tested]]) -> list[str]:
    """Two tables: figures with paired differences, and planets against false positives.

    Args:
        title: of the first column.
        found: of each method, named "<method>, <information>", the splits.
    """
    figures = {
        name: [brief(each.true, each.probabilities) for each in splits]
        for name, splits in found.items()
    }
    lines = [
        f"| {title} | accuracy | macro-F1 | log loss | against | accuracy | macro-F1 | log loss |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, splits in figures.items():
        means = " | ".join(f"{_mean(splits, figure):.3f}" for figure in FIGURES)
        lines.append(f"| {name} | {means} | {_differences(name, figures)} |")
    lines += ["", f"| {title} | AUC | average precision | recall at precision 0.99 |"]
    lines += ["|---|---|---|---|"]
    return [*lines, *(f"| {name} | {_ranked(splits)} |" for name, splits in found.items())]


def _mean(splits: Sequence[Figures], figure: str) -> float:
    return statistics.fmean(_value(each, figure) for each in splits)


def _value(figures: Figures, figure: str) -> float:
    value = figures[figure]
    assert value is not None  # every split has every class
    return value


def _differences(name: str, figures: dict[str, list[Figures]]) -> str:
    """Against what, and the paired differences: means over the splits and their standard errors."""
    method, information, *hidden = name.split(", ")
    if hidden:
        others = [f"{method}, {NINE}"]
    elif method in LIBRARIES:
        others = []
    else:
        others = [f"{library}, {information}" for library in LIBRARIES]
    known = [figures[each] for each in others if each in figures]
    if not known or len(figures[name]) < 2:
        return "| | |"
    against = "the network never given them" if hidden else "the best trees"
    paired = (_paired(figures[name], known, figure) for figure in FIGURES)
    return f"{against} | {' | '.join(paired)}"


def _paired(splits: list[Figures], others: list[list[Figures]], figure: str) -> str:
    sign = 1 if figure == "log_loss" else -1
    best = min(others, key=lambda each: sign * _mean(each, figure))
    pairs = zip(splits, best, strict=True)
    found = [_value(one, figure) - _value(other, figure) for one, other in pairs]
    error = statistics.stdev(found) / len(found) ** 0.5
    return f"{statistics.fmean(found):+.3f} ± {error:.3f}"


def _ranked(splits: list[Tested]) -> str:
    """Of all splits together, with intervals over their groups."""
    true = np.concatenate([each.true for each in splits])
    probabilities = np.concatenate([each.probabilities for each in splits])
    starts = np.cumsum([0, *(each.groups.max() + 1 for each in splits)])
    pairs = zip(splits, starts, strict=False)
    groups = np.concatenate([each.groups + start for each, start in pairs])
    ranking = planet_ranking(true, probabilities)
    drawn = [_measured(ranking, weights) for weights in draw_weights(len(true), groups, seed=0)]
    once = _measured(ranking, np.ones((1, len(true))))
    return " | ".join(
        f"{value[0]:.3f} {_interval(np.concatenate(draws))}"
        for value, *draws in zip(once, *drawn, strict=True)
    )


def _measured(ranking: Ranking, weights: Array) -> tuple[Array, Array, Array]:
    area, average = ranking.measure(weights)
    return area, average, ranking.recall_at(RECALL_PRECISION, weights)


def _interval(values: Array) -> str:
    interval = percentile_interval(values)
    return "" if interval is None else f"({interval[0]:.3f} to {interval[1]:.3f})"
