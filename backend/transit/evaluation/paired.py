"""Two predictions of the same rows: is one better, or can the rows not tell?

Both are measured on the same draws of the test stars. What makes a draw easy makes it easy for
both, so the difference is known far better than either figure.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.evaluation.bootstrap import (
    LabelDraws,
    Nested,
    centred_interval_of,
    percentile_interval,
)

_RECALL = "recall_at_precision"

# Of each figure, whether more of it is better.
MORE_IS_BETTER = {
    "accuracy": True,
    "macro_f1": True,
    "log_loss": False,
    "ece": False,
    "roc_auc": True,
    _RECALL: True,
}


def paired_differences(one: LabelDraws, other: LabelDraws) -> dict[str, dict[str, Any]]:
    """The differences between the figures of two predictions.

    Args:
        one, other: of the same rows, stars and seed.

    Returns:
        By figure, {difference, interval, verdict}: that of `one` minus that of `other`, or None
        where one of them is not defined; its 95% interval, or None where the draws do not define
        it; and whether `one` is "better", "worse", or "cannot_tell", where the interval contains 0.
        Of the ROC AUC it is the mean over the classes; the interval of the ECE's difference is
        moved so that the draws' median is the difference, as for the ECE itself.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    """
    first, second = headline(one), headline(other)
    return {
        name: difference_of(
            name, second[name], first[name], figure(one.drawn, name) - figure(other.drawn, name)
        )
        for name in MORE_IS_BETTER
    }


def difference_of(
    name: str, before: float | None, after: float | None, drawn: NDArray[np.float64]
) -> dict[str, Any]:
    """{difference, interval, verdict} of one figure, as `paired_differences` has them.

    Args:
        name: of the figure; of one that `MORE_IS_BETTER` does not have, more is better.
        before, after: its values; the difference is `after` minus `before`.
        drawn: float64, (draws,), the differences on the draws.
    """
    if before is None or after is None:
        return {"difference": None, "interval": None, "verdict": "cannot_tell"}
    difference = after - before
    is_centred = name == "ece"
    interval = centred_interval_of(difference, drawn) if is_centred else percentile_interval(drawn)
    verdict = _verdict(interval, MORE_IS_BETTER.get(name, True))
    return {"difference": difference, "interval": interval, "verdict": verdict}


def headline(draws: LabelDraws) -> dict[str, float | None]:
    """The figures that are compared, on all rows; None where one is not defined."""
    found = {name: float(figure(draws.of_all, name)[0]) for name in MORE_IS_BETTER}
    return {
        name: value if np.isfinite(value) and (name != _RECALL or value > 0) else None
        for name, value in found.items()
    }


def figure(measured: Nested, name: str) -> NDArray[np.float64]:
    """One of the figures that are compared, of all rows or of each draw: float64."""
    inside = {"roc_auc": "macro", _RECALL: "recall"}.get(name)
    found: NDArray[np.float64] = measured[name][inside] if inside else measured[name]
    return found


def _verdict(interval: list[float] | None, more_is_better: bool) -> str:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return "cannot_tell"
    return "better" if (interval[0] > 0) == more_is_better else "worse"
