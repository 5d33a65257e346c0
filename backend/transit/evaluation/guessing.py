"""Whether a network is better than guessing by the class frequencies; no Keras here."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS

Array = NDArray[np.float64]
Labels = NDArray[np.integer]

# A class that the network excludes and that a row has would cost infinitely much.
_SMALLEST = float(np.finfo(np.float64).eps)


def class_frequencies(labels: Labels) -> Array:
    """The share of each class among training rows, each class counted once more than it occurs.

    So a class without a training row is unlikely, not impossible, and the log loss stays finite.

    Args:
        labels: int, (n,), label codes.

    Returns:
        float64, (3,), summing to 1.
    """
    counts = np.bincount(labels, minlength=len(LABELS)) + 1.0
    return counts / counts.sum()


def against_guessing(trained: Labels, true: Labels, probabilities: Array) -> dict[str, Any]:
    """Compare predictions with the class frequencies of the training rows, on the same rows.

    Args:
        trained: int, (m,), label codes of the training rows.
        true: int, (n,), n > 0, label codes of rows that were not trained on.
        probabilities: float, (n, 3), predicted for these, rows summing to 1.

    Returns:
        JSON-able: `beats_guessing`, whether the log loss of the predictions is the lower one;
        `log_loss`, None if it is not finite; `guessing_log_loss`; `rows`, n.
    """
    guessed = np.broadcast_to(class_frequencies(trained), (len(true), len(LABELS)))
    log_loss, guessing = (_log_loss(true, each) for each in (probabilities, guessed))
    return {
        "beats_guessing": math.isfinite(log_loss) and log_loss < guessing,
        "log_loss": log_loss if math.isfinite(log_loss) else None,
        "guessing_log_loss": guessing,
        "rows": len(true),
    }


def _log_loss(true: Labels, probabilities: Array) -> float:
    found = np.asarray(probabilities, np.float64)[np.arange(len(true)), true]
    return float(-np.log(np.maximum(found, _SMALLEST)).mean())
