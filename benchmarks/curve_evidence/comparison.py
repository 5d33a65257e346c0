"""Methods on the same rows: their figures, and the differences of pairs, with intervals.

Both of a pair are measured on the same draws of the stars.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.evaluation.bootstrap import draw_weights, percentile_interval
from backend.transit.evaluation.ranking import planet_ranking

# Accuracy over the three labels; the others of CONFIRMED against FALSE POSITIVE.
FIGURES = ("accuracy", "AUC", "AP")

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


class Measured(NamedTuple):
    """What one method is worth: means over its seeds.

    Attributes:
        seeds: how many.
        of_all: float64, (3,), each of FIGURES on all rows.
        drawn: float64, (draws, 3), the same on each draw of the stars.
    """

    seeds: int
    of_all: Array
    drawn: Array


def measure(true: Labels, by_seed: Sequence[Array], star: NDArray[np.integer]) -> Measured:
    """Measure one method.

    Args:
        true: int, (n,), label codes.
        by_seed: of each seed float64, (n, 3).
        star: int, (n,), equal for rows of one star.
    """
    groups = np.unique(star, return_inverse=True)[1]
    weights = [np.ones((1, len(true))), *draw_weights(len(true), groups, seed=0)]
    found = np.mean([_figures(true, each, weights) for each in by_seed], axis=0)
    return Measured(len(by_seed), found[0], found[1:])


def lines_of(measured: dict[str, Measured], figures: Sequence[str] = FIGURES) -> list[str]:
    """A table of figures, a line a method, each with its 95% interval over the stars."""
    lines = [
        f"| method | seeds | {' | '.join(figures)} |",
        "|---|---" + "|---" * len(figures) + "|",
    ]
    for name, each in measured.items():
        cells = (_cell(each.of_all, each.drawn, figure, "{:.3f}") for figure in figures)
        lines.append(f"| {name} | {each.seeds} | {' | '.join(cells)} |")
    return lines


def difference_lines(
    measured: dict[str, Measured],
    pairs: Iterable[tuple[str, str]],
    figures: Sequence[str] = FIGURES,
) -> list[str]:
    """A table of differences, the first minus the second of each pair that was measured.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    """
    lines = [f"| one minus the other | {' | '.join(figures)} |", "|---" * (len(figures) + 1) + "|"]
    for one, other in pairs:
        if one not in measured or other not in measured:
            continue
        first, second = measured[one], measured[other]
        of_all, drawn = first.of_all - second.of_all, first.drawn - second.drawn
        cells = (_cell(of_all, drawn, figure, "{:+.3f}") for figure in figures)
        lines.append(f"| {one} minus {other} | {' | '.join(cells)} |")
    return lines


def _figures(true: Labels, probabilities: Array, weights: list[Array]) -> Array:
    is_right = (probabilities.argmax(axis=1) == true).astype(np.float64)
    ranking = planet_ranking(true, probabilities)
    return np.concatenate(
        [
            np.column_stack([each @ is_right / each.sum(axis=1), *ranking.measure(each)])
            for each in weights
        ]
    )


def _cell(of_all: Array, drawn: Array, figure: str, form: str) -> str:
    place = FIGURES.index(figure)
    interval = percentile_interval(drawn[:, place])
    value = form.format(of_all[place])
    return value if interval is None else f"{value} ({' to '.join(map(form.format, interval))})"
