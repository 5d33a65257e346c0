"""What light curves are worth: figures of rows with and without one, and what having one tells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.evaluation.bootstrap import draw_weights, percentile_interval
from backend.transit.evaluation.figures import brief, recall_at_precision
from backend.transit.evaluation.ranking import RECALL_PRECISION, Ranking, planet_score
from backend.transit.rows import Index

_CONFIRMED, _FALSE_POSITIVE = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")

# Components of the views that trees get, learnt from the training rows alone.
COMPONENTS = 12

# Training rows that they are learnt from, and rows whose components are found at once.
_MOST_SHAPES = 20_000
_CHUNK = 4096

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


def figures_of_part(true: Labels, probabilities: Array, stars: Index, seed: int) -> dict[str, Any]:
    """The figures of some test rows, such as those with a light curve.

    Args:
        true: int, (n,), label codes.
        probabilities: float64, (n, 3), rows summing to 1.
        stars: intp, (n,), equal for rows of one star.
        seed: of the bootstrap.

    Returns:
        `rows`, `stars`; accuracy, macro_f1, log_loss, None without a row; and `settled`, see
        `settled_figures`.
    """
    nothing = dict.fromkeys(("accuracy", "macro_f1", "log_loss"))
    return {
        "rows": len(true),
        "stars": len(np.unique(stars)),
        **(brief(true, probabilities) if len(true) else nothing),
        "settled": settled_figures(true, probabilities, stars, seed),
    }


def settled_figures(true: Labels, probabilities: Array, stars: Index, seed: int) -> dict[str, Any]:
    """CONFIRMED against FALSE POSITIVE, by p(CONFIRMED) over the sum of both.

    Args:
        true, probabilities, stars, seed: as for `figures_of_part`.

    Returns:
        `confirmed` and `false_positives`, how many rows; `roc_auc`, `average_precision` and
        `recall_at_precision`, None where undefined; `intervals` of these, 95%, over the stars.
    """
    is_settled = np.isin(true, (_CONFIRMED, _FALSE_POSITIVE))
    is_planet = true[is_settled] == _CONFIRMED
    found = {"confirmed": int(is_planet.sum()), "false_positives": int((~is_planet).sum())}
    if is_planet.all() or not is_planet.any():
        names = ("roc_auc", "average_precision", "recall_at_precision")
        return {**found, **dict.fromkeys(names), "intervals": dict.fromkeys(names)}
    ranking = Ranking(is_planet, planet_score(probabilities[is_settled]))
    area, average = ranking.measure(np.ones((1, len(is_planet))))
    drawn = [
        (*ranking.measure(weights), ranking.recall_at(RECALL_PRECISION, weights))
        for weights in draw_weights(len(is_planet), stars[is_settled], seed)
    ]
    areas, averages, recalls = (np.concatenate(each) for each in zip(*drawn, strict=True))
    recall = recall_at_precision(true, probabilities)["recall"]
    return {
        **found,
        "roc_auc": float(area[0]),
        "average_precision": float(average[0]),
        "recall_at_precision": recall,
        "intervals": {
            "roc_auc": percentile_interval(areas),
            "average_precision": percentile_interval(averages),
            "recall_at_precision": None if recall is None else percentile_interval(recalls),
        },
    }


def tells_label(true: Labels, number: NDArray[np.integer] | NDArray[np.bool_]) -> float | None:
    """How well a number alone tells CONFIRMED from FALSE POSITIVE, without saying which way.

    Args:
        true: int, (n,), label codes.
        number: (n,), such as whether a row has a light curve.

    Returns:
        The area under the ROC curve, 0.5 to 1; None where one of the classes has no row.
    """
    is_settled = np.isin(true, (_CONFIRMED, _FALSE_POSITIVE))
    is_planet = true[is_settled] == _CONFIRMED
    if is_planet.all() or not is_planet.any():
        return None
    score = np.asarray(number, np.float64)[is_settled]
    area = float(Ranking(is_planet, score).measure(np.ones((1, len(score))))[0][0])
    return max(area, 1 - area)


class ViewComponents:
    """Principal components of local views, which trees can split on.

    The views are divided by the depth of the transit, and bins without a point are 0. The
    components are those of the training rows alone.

    Args:
        local: float32, (n, 105, 5), `local_input` of training rows; NaN without a light curve.
    """

    def __init__(self, local: NDArray[np.float32]) -> None:
        has_curve = np.flatnonzero(np.isfinite(local).any(axis=(1, 2)))
        known = _shapes(local[has_curve[:: -(-len(has_curve) // _MOST_SHAPES) or 1]])
        self._mean = known.mean(axis=0) if len(known) else np.zeros(known.shape[1])
        scatter = (known - self._mean).T @ (known - self._mean)
        _, vectors = np.linalg.eigh(scatter)
        self._vectors = vectors[:, ::-1][:, :COMPONENTS]

    def __call__(self, local: NDArray[np.float32]) -> NDArray[np.float32]:
        """The components of views: float32, (m, COMPONENTS), NaN without a light curve."""
        found = np.empty((len(local), self._vectors.shape[1]), np.float32)
        for start in range(0, len(local), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = (_shapes(local[part]) - self._mean) @ self._vectors
        found[~np.isfinite(local).any(axis=(1, 2))] = np.nan
        return found


def _shapes(local: NDArray[np.float32]) -> Array:
    """Dips in units of the transit's: float64, (n, 525), 0 where unknown, within 5."""
    dip = 1.0 - local.astype(np.float64)
    middle = dip.shape[1] // 2
    reach = dip.shape[1] // 20  # half of the transit, which fills a fifth of the view
    inside = dip[:, middle - reach : middle + reach + 1, 0]
    count = np.isfinite(inside).sum(axis=1)
    depth = np.where(count > 0, np.nansum(inside, axis=1) / np.maximum(count, 1), np.nan)
    depth = np.where(np.abs(depth) > 1e-7, np.abs(depth), np.nan)
    shapes = np.clip(dip / depth[:, None, None], -5.0, 5.0)
    return np.nan_to_num(shapes, nan=0.0).reshape(len(local), dip.shape[1] * dip.shape[2])
