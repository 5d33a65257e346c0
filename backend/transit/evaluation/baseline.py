"""Gradient-boosted trees on the same stars: what a network must beat to be worth training."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from backend.transit.columns import FEATURES, LABELS
from backend.transit.evaluation.bootstrap import LabelDraws, draw_labels
from backend.transit.evaluation.figures import evaluate_labels
from backend.transit.rows import Index, Rows

MAX_ROWS = 100_000

# One: on a machine that is busy with other things, two threads wait for each other and take
# twenty times the processor time (measured: 29 s instead of 1.3 s on the KOI table).
_THREADS = 1

Array = NDArray[np.float64]


class Baseline(NamedTuple):
    """The figures of trees, and the draws that they were measured on."""

    figures: dict[str, Any]
    draws: LabelDraws


def evaluate_baselines(
    trained: Rows,
    tested: Rows,
    seed: int,
    stars: Index | None = None,
    has_catalogue: bool = False,
    relations: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
    weights: NDArray[np.float32] | None = None,
) -> dict[str, Baseline]:
    """Fit the trees on the training rows and evaluate them on the test rows.

    Args:
        trained: ROW_DTYPE, the network's training rows; of more than 100,000 a seeded choice.
        tested: ROW_DTYPE, the test rows.
        seed: of that choice, of the trees and of the bootstrap.
        stars: intp, (n,), of the test rows, for the intervals.
        has_catalogue: whether the network sees the nine columns themselves.
        relations: float32, (n, k), of the training and of the test rows, which the network sees
            too; the trees get them as well.
        weights: float32, (n,), how much each training row counts; None: all alike. Test rows do.

    Returns:
        The figures of `figures.evaluate_labels` by what the trees were given:
        `same_information`, what the network had (curve and features carry depth, T/P and the six
        features; with the catalogue it had all), and `all_columns`, the nine columns.
    """
    chosen = sample_rows(np.arange(len(trained)), seed)
    trained = trained[chosen]
    known, asked = (relations[0][chosen], relations[1]) if relations else ((), ())
    weights = None if weights is None else weights[chosen]

    def measured(table: Callable[[Rows], Array]) -> Baseline:
        columns = np.column_stack([table(trained), *np.transpose(known)])
        others = np.column_stack([table(tested), *np.transpose(asked)])
        found = tree_probabilities(columns, trained["label"], others, seed, weights)
        draws = draw_labels(tested["label"], found, stars, seed)
        return Baseline(evaluate_labels(tested["label"], found, stars, seed, draws), draws)

    with_all = measured(all_columns)
    with_same = with_all if has_catalogue else measured(same_information)
    return {"same_information": with_same, "all_columns": with_all}


def sample_rows(rows: NDArray[Any], seed: int) -> NDArray[Any]:
    """The rows, or their indices; of more than 100,000 a seeded choice."""
    if len(rows) <= MAX_ROWS:
        return rows
    chosen = np.random.default_rng([seed, 4]).choice(len(rows), MAX_ROWS, replace=False)
    return rows[np.sort(chosen)]


def same_information(rows: Rows) -> Array:
    """What the two inputs carry: float64, (n, 8), depth, T/P and the six features."""
    relative_duration = rows["duration"] / 24.0 / rows["period"]
    return np.column_stack([rows["depth"], relative_duration, *_features(rows)])


def all_columns(rows: Rows) -> Array:
    """The catalogue's numbers: float64, (n, 9)."""
    required = [rows["period"], rows["duration"], rows["depth"]]
    return np.column_stack([*required, *_features(rows)])


TABLES = {"same_information": same_information, "all_columns": all_columns}


def tree_probabilities(
    known: Array,
    labels: NDArray[np.int8],
    asked: Array,
    seed: int,
    weights: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Fit the trees and predict: float64, (n, 3), 0 for a class that was not trained on."""
    used = np.isfinite(known).any(axis=0)  # scikit-learn cannot bin a column without a number
    # OpenMP alone: how NumPy's products are summed must not depend on whether trees are growing.
    with threadpool_limits(_THREADS, user_api="openmp"):
        trees = HistGradientBoostingClassifier(random_state=seed)
        # A node whose weights sum to little is not split, however they compare.
        trees.fit(known[:, used], labels, None if weights is None else weights / weights.max())
        found = trees.predict_proba(asked[:, used])
    probabilities = np.zeros((len(asked), len(LABELS)))
    probabilities[:, trees.classes_] = found
    return probabilities


def _features(rows: Rows) -> list[Array]:
    return [rows[name] for name in FEATURES]
