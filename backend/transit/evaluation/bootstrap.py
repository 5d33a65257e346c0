"""Bootstrap intervals, over the stars, of each figure of an evaluation.

The test stars are drawn again with replacement; a row counts as often as its star was drawn. All
draws are computed at once, as weights of the rows, in float64 arrays of (draws, rows).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.evaluation.calibration import equal_mass_bins
from backend.transit.evaluation.ranking import RECALL_PRECISION, Ranking, planet_ranking
from backend.transit.rows import Index

LEVEL = 0.95

MOST_DRAWS = 1000
FEWEST_DRAWS = 100

# Draws times rows: what bounds the time of an evaluation on a large table.
_MOST_WEIGHTS = 4_000_000

# Draws times rows that are in memory at once.
_CHUNK_WEIGHTS = 500_000

Array = NDArray[np.float64]
Labels = NDArray[np.integer]
Nested = dict[str, Any]


class LabelDraws(NamedTuple):
    """The figures of a classification of all rows, (1,), and of each draw, (draws,).

    Both are named and nested as `label_intervals` has them. The draws of the same rows, stars and
    seed are the same ones.
    """

    of_all: Nested
    drawn: Nested


def draw_labels(true: Labels, probabilities: Array, stars: Index | None, seed: int) -> LabelDraws:
    """Measure a classification on all rows and on each draw of them.

    Args:
        true: int, (n,), n > 0, label codes.
        probabilities: float64, (n, 3), rows summing to 1.
        stars: intp, (n,), equal for rows of one star; None: every row is a star of its own.
        seed: of the draws.
    """
    return measure_draws(true, probabilities, draw_weights(len(true), stars, seed))


def measure_draws(true: Labels, probabilities: Array, weights: Iterable[Array]) -> LabelDraws:
    """The same on given draws: how often each row counts, float64, (draws, n), in chunks."""
    measure = _LabelMeasure(true, probabilities)
    drawn = _collect(measure(each) for each in weights)
    return LabelDraws(measure(np.ones((1, len(true)))), drawn)


def measure_labels(true: Labels, probabilities: Array) -> LabelDraws:
    """Measure a classification on all rows, without draws; the arguments as of `draw_labels`."""
    return LabelDraws(_LabelMeasure(true, probabilities)(np.ones((1, len(true)))), {})


def label_intervals(
    true: Labels, probabilities: Array, stars: Index | None, seed: int
) -> dict[str, Any]:
    """Intervals of the figures of a classification; the arguments are those of `draw_labels`."""
    return intervals_of(draw_labels(true, probabilities, stars, seed))


def intervals_of(draws: LabelDraws) -> dict[str, Any]:
    """Intervals of the figures of a classification.

    Returns:
        [low, high] or None where the draws do not define the figure, by its name: accuracy,
        macro_f1, log_loss, ece, roc_auc, average_precision, per_class, recall_at_precision;
        nested as the figures are. All are percentiles of the draws; those of the ECE are moved so
        that the draws' median is the figure: a draw has more noise than the sample, and so a
        larger ECE.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 8, 10 and 13.
    """
    intervals = _map(percentile_interval, draws.drawn)
    intervals["ece"] = centred_interval(float(draws.of_all["ece"][0]), draws.drawn["ece"])
    if not draws.of_all["recall_at_precision"]["recall"][0] > 0:
        intervals["recall_at_precision"]["recall"] = None  # as the figure itself
    return intervals


def kept_intervals(
    right: NDArray[np.bool_], kept: NDArray[np.bool_], stars: Index | None, seed: int
) -> dict[str, Any]:
    """Intervals of the share of rows that are kept, and of the share of those classified correctly.

    Args:
        right, kept: bool, (n,), n > 0.
        stars, seed: as for `draw_labels`.

    Returns:
        [low, high] or None: coverage, kept_precision.
    """

    def measure(weights: Array) -> Nested:
        keeps = weights @ kept.astype(np.float64)
        with np.errstate(invalid="ignore"):
            precision = weights @ (kept & right).astype(np.float64) / keeps
        return {"coverage": keeps / weights.sum(axis=1), "kept_precision": precision}

    weights = draw_weights(len(right), stars, seed)
    return _map(percentile_interval, _collect(measure(each) for each in weights))


def error_intervals(
    true: Array, predicted: Array, stars: Index | None, seed: int
) -> dict[str, Any]:
    """Intervals of `mae` and `median_relative_error`, as `figures.regression_errors`."""
    error = np.abs(np.asarray(predicted, np.float64) - true)
    order = np.argsort(error / true, kind="stable")
    relative = (error / true)[order]

    def measure(weights: Array) -> Nested:
        return {
            "mae": _weighted_mean(error, weights),
            "median_relative_error": weighted_median(relative, weights[:, order]),
        }

    weights = draw_weights(len(true), stars, seed)
    return _map(percentile_interval, _collect(measure(each) for each in weights))


def _weighted_mean(values: Array, weights: Array) -> Array:
    """The mean of each draw; NaN where a value that is not finite was drawn.

    Args:
        values: float64, (n,).
        weights: float64, (draws, n).

    Returns:
        float64, (draws,).
    """
    known = np.isfinite(values)
    mean = weights @ np.where(known, values, 0.0) / weights.sum(axis=1)
    return np.where(weights @ ~known > 0, np.nan, mean)


def draw_weights(
    rows: int, stars: Index | None, seed: int, fewest: int = FEWEST_DRAWS
) -> Iterator[Array]:
    """How often each row counts in each draw: float64, (draws, rows), in chunks of draws."""
    groups = np.arange(rows) if stars is None else np.unique(stars, return_inverse=True)[1]
    count = int(groups.max()) + 1
    draws = min(MOST_DRAWS, max(fewest, _MOST_WEIGHTS // rows))
    random = np.random.default_rng([seed, 6])
    step = max(1, _CHUNK_WEIGHTS // rows)
    for start in range(0, draws, step):
        chosen = random.integers(count, size=(min(step, draws - start), count))
        often = np.stack([np.bincount(each, minlength=count) for each in chosen])
        yield often[:, groups].astype(np.float64)


def percentile_interval(values: Array) -> list[float] | None:
    """The middle 95% of the draws that define the figure; None if less than half of them do."""
    known = values[np.isfinite(values)]
    if len(known) * 2 < len(values):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [float(low), float(high)]


def centred_interval(figure: float, values: Array) -> list[float] | None:
    """The percentiles, moved by as much as the draws' median lies off the figure; not below 0."""
    interval = centred_interval_of(figure, values)
    return interval and [max(0.0, end) for end in interval]


def centred_interval_of(difference: float, values: Array) -> list[float] | None:
    """The same of a difference, which may be below 0."""
    percentiles = percentile_interval(values)
    if percentiles is None:
        return None
    excess = float(np.nanmedian(values)) - difference
    return [end - excess for end in percentiles]


class _LabelMeasure:
    """The figures of a classification for many weightings of the same rows."""

    def __init__(self, true: Labels, probabilities: Array) -> None:
        predicted = probabilities.argmax(axis=1)
        codes = range(len(LABELS))
        self._cells = np.eye(len(LABELS) ** 2)[true * len(LABELS) + predicted]
        self._present = [code for code in codes if (true == code).any()]
        chosen = probabilities[np.arange(len(true)), true]
        self._loss = -np.log(np.clip(chosen, np.finfo(np.float64).eps, None))
        self._bins = _bin_sums(true, probabilities)
        self._ranked = {
            name: Ranking(true == code, probabilities[:, code]) for code, name in enumerate(LABELS)
        }
        self._pair = planet_ranking(true, probabilities)

    def __call__(self, weights: Array) -> Nested:
        total = weights.sum(axis=1)
        cells = (weights @ self._cells).reshape(-1, len(LABELS), len(LABELS))
        per_class = _per_class(cells)
        f1 = np.stack([per_class[LABELS[code]]["f1"] for code in self._present])
        # As `figures.macro_f1`: of the classes that occur in the draw.
        occurs = cells.sum(axis=2).T[self._present] > 0
        macro_f1 = np.where(occurs, np.nan_to_num(f1), 0.0).sum(axis=0) / occurs.sum(axis=0)
        ranked = {name: ranking.measure(weights) for name, ranking in self._ranked.items()}
        gaps = np.abs(weights @ self._bins)
        return {
            "accuracy": np.einsum("dkk->d", cells) / total,
            "macro_f1": macro_f1,
            "log_loss": weights @ self._loss / total,
            "ece": gaps.sum(axis=1) / total,
            "roc_auc": _with_mean({name: found[0] for name, found in ranked.items()}),
            "average_precision": _with_mean({name: found[1] for name, found in ranked.items()}),
            "per_class": per_class,
            "recall_at_precision": {"recall": self._pair.recall_at(RECALL_PRECISION, weights)},
        }


def weighted_median(values: Array, weights: Array) -> Array:
    """Medians of increasing values under many weightings: float64, (draws,).

    Args:
        values: float64, (n,), increasing.
        weights: float64, (draws, n), not negative, whole numbers.
    """
    cumulated = np.cumsum(weights, axis=1)
    total = cumulated[:, -1:]
    low, high = ((cumulated > place).argmax(axis=1) for place in ((total - 1) // 2, total // 2))
    return (values[low] + values[high]) / 2


def _bin_sums(true: Labels, probabilities: Array) -> Array:
    """What a row adds to the gap of its bin: float64, (n, bins), confidence minus right."""
    confidence = probabilities.max(axis=1)
    gap = confidence - (probabilities.argmax(axis=1) == true)
    parts = equal_mass_bins(confidence)
    sums = np.zeros((len(true), len(parts)))
    for number, part in enumerate(parts):
        sums[part, number] = gap[part]
    return sums


def _per_class(cells: Array) -> dict[str, dict[str, Array]]:
    """Precision, recall and F1 of confusion matrices (draws, 3 true, 3 predicted)."""
    hits = np.einsum("dkk->dk", cells)
    predicted, true = cells.sum(axis=1), cells.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = {
            "precision": hits / predicted,
            "recall": hits / true,
            "f1": 2 * hits / (predicted + true),
        }
    return {
        name: {score: values[:, code] for score, values in scores.items()}
        for code, name in enumerate(LABELS)
    }


def _with_mean(by_class: dict[str, Array]) -> dict[str, Array]:
    values = np.stack(list(by_class.values()))
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)
    return {**by_class, "macro": mean}


def _collect(chunks: Iterator[Nested]) -> Nested:
    """The draws of all chunks, one after the other."""
    every = list(chunks)
    return {name: _joined([chunk[name] for chunk in every]) for name in every[0]}


def _joined(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return {name: _joined([each[name] for each in values]) for name in values[0]}
    return np.concatenate(values)


def _map(function: Any, nested: Any) -> Any:
    if isinstance(nested, dict):
        return {name: _map(function, value) for name, value in nested.items()}
    return function(nested)
