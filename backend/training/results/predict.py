"""Predicts rows with a network that has just been trained, and is still traced."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backend.training.examples.batches import Examples
from backend.training.model_file import PredictedColumns
from backend.training.steps import Steps
from backend.transit.columns import LABELS
from backend.transit.evaluation.calibration_choice import Calibration
from backend.transit.networks import registry
from backend.transit.networks.build import LONGEST_LOG

BATCH = 512


def predict(
    steps: Steps, examples: Examples, calibration: Calibration, poll: Callable[[], None]
) -> PredictedColumns:
    """Predict as the saved model will, but for rounding, with the graph that is already traced.

    Args:
        steps: of the trained network.
        examples: the rows, n.
        calibration: of the published model.
        poll: called from time to time; may raise to end it.

    Returns:
        As `model_file.predict_rows`.
    """
    chunks: list[PredictedColumns] = [_physical(_no_outputs(), calibration)]
    for inputs, _ in examples.in_order(BATCH):
        poll()
        chunks.append(_physical(steps.infer(inputs), calibration))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def _physical(outputs: dict[str, NDArray], calibration: Calibration) -> PredictedColumns:
    """What the published model gives, but for rounding, from outputs of the inner graph.

    Args:
        outputs: of n rows, by name.
        calibration: of the published model.

    Returns:
        probabilities: float64, (n, 3); period: float64, (n,), days; depth_ppm: float64, (n,), ppm.
    """
    label = outputs[registry.LABEL_OUTPUT].mean(axis=1, dtype=np.float64)
    period, depth = (
        np.exp(np.clip(outputs[name].mean(axis=1, dtype=np.float64), -LONGEST_LOG, LONGEST_LOG))
        for name in (registry.PERIOD_OUTPUT, registry.DEPTH_OUTPUT)
    )
    probabilities = calibration.apply(label)
    return {"probabilities": probabilities, "period": period, "depth_ppm": depth}


def _no_outputs() -> dict[str, NDArray[np.float32]]:
    return {
        registry.LABEL_OUTPUT: np.zeros((0, 1, len(LABELS)), np.float32),
        registry.PERIOD_OUTPUT: np.zeros((0, 1), np.float32),
        registry.DEPTH_OUTPUT: np.zeros((0, 1), np.float32),
    }
