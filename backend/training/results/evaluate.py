"""Calibrates and evaluates a trained network.

Validation stars give the calibration and the threshold of abstention, test stars the evaluation,
and neither is used for the other.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from backend.training.examples.batches import Examples
from backend.training.examples.hiding import FIT_FEATURES
from backend.training.model_file import PredictedColumns
from backend.training.results.baselines import Baselines
from backend.training.results.curve_figures import curve_figures
from backend.training.results.predict import BATCH, predict
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.training.steps import Steps
from backend.transit.columns import FEATURES, LIGHT_CURVE, RELATIONS, STAR_FEATURES
from backend.transit.evaluation.bootstrap import draw_labels
from backend.transit.evaluation.calibration import choose_threshold
from backend.transit.evaluation.calibration_choice import Calibration, choose_calibration
from backend.transit.evaluation.figures import abstention, brief, evaluate, kept_share
from backend.transit.evaluation.paired import paired_differences
from backend.transit.networks import registry
from backend.transit.networks.build import publish
from backend.transit.rows import Index, Rows

# The share of the kept predictions that must be correct on the validation stars.
CERTAIN_PRECISION = 0.9

# Test rows that the effect of a missing feature is measured on.
MAX_ROWS_WITHOUT = 5_000


@dataclass(frozen=True)
class Published:
    """A model as it is saved, and what was learnt from the validation stars for it.

    Attributes:
        model: the outer graph, calibrated.
        calibration: that is in the graph.
        calibration_described: how it was chosen, JSON-able.
        threshold: a prediction with a lower top probability is uncertain; None where no threshold
            reaches the wanted precision.
        validation_labels: int, (n,), label codes of the validation rows.
        validation_probabilities: float64, (n, 3), calibrated, of these rows.
    """

    model: keras.Model
    calibration: Calibration
    calibration_described: dict[str, Any]
    threshold: float | None
    validation_labels: NDArray[np.integer]
    validation_probabilities: NDArray[np.float64]


@dataclass(frozen=True)
class Results:
    """Results on the test stars; `evaluation` is None where there are none."""

    rows: Rows
    predictions: PredictedColumns
    evaluation: dict[str, Any] | None


def publish_calibrated(steps: Steps, validation: Examples, groups: Index, seed: int) -> Published:
    """Wrap a trained inner graph for saving, its probabilities calibrated.

    Args:
        steps: of the trained network.
        validation: the validation rows.
        groups: intp, (n,), equal for validation rows of one group.
        seed: of the folds in which the calibration is chosen.
    """
    true = validation.rows["label"]
    raw = np.concatenate(
        [
            steps.infer(inputs)[registry.LABEL_OUTPUT].mean(axis=1)
            for inputs, _ in validation.in_order(BATCH)
        ]
    )
    calibration, described = choose_calibration(true, raw, groups, seed)
    calibrated = calibration.apply(raw)
    threshold = choose_threshold(true, calibrated, CERTAIN_PRECISION)
    biases = calibration.biases if calibration.has_biases else ()
    model = publish(steps.finished(), calibration.temperature, biases)
    return Published(model, calibration, described, threshold, true, calibrated)


def evaluate_model(
    spec: TrainingSpec,
    steps: Steps,
    published: Published,
    test: Examples,
    split: Split,
    baselines: Baselines,
    poll: Callable[[], None],
) -> Results:
    """Evaluate predictions of the test rows, and the baselines on the same rows.

    Args:
        spec: of the session.
        steps: of the trained network.
        published: the model.
        test: the test rows, ROW_DTYPE; may be none.
        split: of the table's rows.
        baselines: of this split.
        poll: called from time to time; may raise to end it.
    """
    tested = test.rows
    found = predict(steps, test, published.calibration, poll)
    if not len(tested):
        return Results(tested, found, None)
    stars = split.test_groups
    draws = draw_labels(tested["label"], found["probabilities"], stars, spec.seed)
    evaluation = evaluate(
        tested["label"],
        found["probabilities"],
        period=(tested["period"], found["period"]),
        depth=(tested["depth"], found["depth_ppm"]),
        stars=stars,
        seed=spec.seed,
        draws=draws,
    )
    poll()
    evaluation["temperature"] = published.calibration.temperature
    evaluation["calibration"] = published.calibration_described
    evaluation["abstention"] = abstention(
        tested["label"],
        found["probabilities"],
        published.threshold,
        CERTAIN_PRECISION,
        stars,
        spec.seed,
    )
    evaluation["missing_features"] = _missing_features(spec, steps, test, published, poll)
    evaluation["baseline"] = {
        kind: {**trees.figures, "paired": paired_differences(draws, trees.draws)}
        for kind, trees in baselines.figures(poll).items()
    }
    evaluation["groups"] = described_groups(split.groups, split.test_groups)
    evaluation["dataset_version"] = spec.dataset_version
    evaluation["test_rows_sha256"] = test_rows_sha256(spec, split)
    evaluation["light_curves"] = curve_figures(
        spec, steps, test, found["probabilities"], published.calibration, stars, poll
    )
    return Results(tested, found, evaluation)


def described_groups(groups: dict[str, Any] | None, tested: Index) -> dict[str, Any] | None:
    """What an evaluation says of the groups.

    Args:
        groups: of all usable rows, from `describe_groups`; None: they are stars.
        tested: (n,), equal for test rows of one group.

    Returns:
        The same with `n_test`, how many groups the test rows are in, and `largest_test`.
    """
    if groups is None:
        return None
    sizes = np.bincount(tested)
    return {
        **groups,
        "n_test": int((sizes > 0).sum()),
        "largest_test": int(sizes.max()),
    }


def test_rows_sha256(spec: TrainingSpec, split: Split) -> str:
    """Equal for two sessions that were tested on the same rows of the same file."""
    rows = split.test.astype("<i8").tobytes()
    labels = spec.dataset_version_sha256 or ""  # the same rows with other labels are other rows
    return hashlib.sha256(f"{spec.dataset_sha256}{labels}".encode() + rows).hexdigest()


def _missing_features(
    spec: TrainingSpec,
    steps: Steps,
    test: Examples,
    published: Published,
    poll: Callable[[], None],
) -> list[dict[str, Any]]:
    """Figures on the same stars with features hidden; the first row hides none.

    At most 5,000 rows, a seeded choice.
    """
    chosen = np.arange(len(test))
    if len(test) > MAX_ROWS_WITHOUT:
        random = np.random.default_rng([spec.seed, 5])
        chosen = np.sort(random.choice(len(test), MAX_ROWS_WITHOUT, replace=False))
    tested = test.rows[chosen]
    effects = []
    named = ((RELATIONS, test.relations), (LIGHT_CURVE, test.real))
    besides = [name for name, given in named if given is not None]
    for missing in _combinations(tested, besides):
        found = predict(steps, test.without(missing, chosen), published.calibration, poll)
        probabilities = found["probabilities"]
        effects.append(
            {
                "missing": list(missing),
                **brief(tested["label"], probabilities),
                **kept_share(tested["label"], probabilities, published.threshold),
            }
        )
    return effects


def _combinations(rows: Rows, besides: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """None, each feature that some row has, those that go together, and each of what is besides."""
    known = tuple(name for name in FEATURES if np.isfinite(rows[name]).any())
    groups = [(), *((name,) for name in known), FIT_FEATURES, STAR_FEATURES, FEATURES]
    found = dict.fromkeys(tuple(name for name in group if name in known) for group in groups)
    return [*found, *((name,) for name in besides)]
