"""What light curves are worth: figures of rows with and without one, and what having one tells."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.evaluation.bootstrap import draw_labels, draw_weights, percentile_interval
from backend.transit.evaluation.figures import brief, recall_at_precision
from backend.transit.evaluation.paired import difference_of, paired_differences
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
    counts = (int((true == code).sum()) for code in (_CONFIRMED, _FALSE_POSITIVE))
    found = dict(zip(("confirmed", "false_positives"), counts, strict=True))
    draws = _draw_settled(true, probabilities, stars, seed)
    if draws is None:
        names = ("roc_auc", "average_precision", "recall_at_precision")
        return {**found, **dict.fromkeys(names), "intervals": dict.fromkeys(names)}
    recall = recall_at_precision(true, probabilities)["recall"]
    intervals = {name: percentile_interval(drawn) for name, drawn in draws.drawn.items()}
    if recall is None:
        intervals["recall_at_precision"] = None
    return {**found, **draws.of_all, "recall_at_precision": recall, "intervals": intervals}


def paired_parts(
    true: Labels, shown: Array, hidden: Array, stars: Index, seed: int
) -> dict[str, Any] | None:
    """By how much the figures of test rows with a light curve differ from those with it hidden.

    Both are measured on the same draws of the stars, those of the intervals of `figures_of_part`.

    Args:
        true, stars, seed: as for `figures_of_part`.
        shown, hidden: float64, (n, 3), of the same rows with their light curve and with it hidden.

    Returns:
        By figure, {difference, interval, verdict}, shown minus hidden, as `paired_differences` has
        them; and `settled`, the same of `roc_auc` and `average_precision` of `settled_figures`,
        None where one of both classes has no row. None without a row.
    """
    if not len(true):
        return None
    found = paired_differences(*(draw_labels(true, each, stars, seed) for each in (shown, hidden)))
    one, other = (_draw_settled(true, each, stars, seed) for each in (shown, hidden))
    if one is None or other is None:
        undefined = difference_of("recall_at_precision", None, None, np.empty(0))
        return {**found, "recall_at_precision": undefined, "settled": None}
    settled = {
        name: difference_of(
            name, other.of_all[name], one.of_all[name], one.drawn[name] - other.drawn[name]
        )
        for name in one.of_all
    }
    return {**found, "settled": settled}


class _Settled(NamedTuple):
    """CONFIRMED against FALSE POSITIVE, measured.

    Attributes:
        of_all: `roc_auc` and `average_precision` of all rows.
        drawn: float64, (draws,), these and `recall_at_precision` of each draw.
    """

    of_all: dict[str, float]
    drawn: dict[str, Array]


def _draw_settled(true: Labels, probabilities: Array, stars: Index, seed: int) -> _Settled | None:
    """None where one of both classes has no row; the arguments are those of `figures_of_part`."""
    is_settled = np.isin(true, (_CONFIRMED, _FALSE_POSITIVE))
    is_planet = true[is_settled] == _CONFIRMED
    if is_planet.all() or not is_planet.any():
        return None
    ranking = Ranking(is_planet, planet_score(probabilities[is_settled]))
    area, average = ranking.measure(np.ones((1, len(is_planet))))
    of_all = {"roc_auc": float(area[0]), "average_precision": float(average[0])}
    drawn = [
        (*ranking.measure(weights), ranking.recall_at(RECALL_PRECISION, weights))
        for weights in draw_weights(len(is_planet), stars[is_settled], seed)
    ]
    joined = (np.concatenate(each) for each in zip(*drawn, strict=True))
    return _Settled(of_all, dict(zip((*of_all, "recall_at_precision"), joined, strict=True)))


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
