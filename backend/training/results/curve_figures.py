"""What the light curves are worth to a network, on the test rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.training.examples.batches import Examples
from backend.training.results.predict import predict
from backend.training.spec import TrainingSpec
from backend.training.steps import Steps
from backend.transit.columns import LIGHT_CURVE
from backend.transit.evaluation.calibration_choice import Calibration
from backend.transit.evaluation.light_curves import figures_of_part, paired_parts, tells_label
from backend.transit.rows import Index


def curve_figures(
    spec: TrainingSpec,
    steps: Steps,
    test: Examples,
    probabilities: NDArray[np.float64],
    calibration: Calibration,
    stars: Index,
    poll: Callable[[], None],
) -> dict[str, Any] | None:
    """Figures of test rows with and without a light curve, and of the former with it hidden.

    Of the latter two also the paired difference: their intervals tell little of it, since both
    are measured on the same stars.

    Args:
        spec: of the session.
        steps: of the trained network.
        test: the test rows, n.
        probabilities: float64, (n, 3), predicted of them.
        calibration: of the published model.
        stars: intp, (n,), equal for rows of one group.
        poll: called from time to time; may raise to end it.

    Returns:
        As `web.schemas.training.evaluation.LightCurveFigures`; None for a network that reads no
        light curves.
    """
    if test.real is None:
        return None
    has = test.real.has
    true = test.rows["label"]
    without = test.without((LIGHT_CURVE,), np.flatnonzero(has))
    hidden = predict(steps, without, calibration, poll)["probabilities"]
    poll()
    return {
        "curve_set_id": spec.curve_set_id,
        "sha256": spec.curves_sha256,
        "recipe": spec.curve_recipe,
        "with_curve": figures_of_part(true[has], probabilities[has], stars[has], spec.seed),
        "curve_hidden": figures_of_part(true[has], hidden, stars[has], spec.seed),
        "difference": paired_parts(true[has], probabilities[has], hidden, stars[has], spec.seed),
        "without_curve": figures_of_part(true[~has], probabilities[~has], stars[~has], spec.seed),
        "tells_label": {
            "has_curve": tells_label(true, has),
            "segments": tells_label(true, test.real.segments),
        },
    }
