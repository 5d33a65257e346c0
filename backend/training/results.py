"""Calibrates, evaluates and saves a trained network.

Validation stars give the temperature and the threshold of abstention, test stars the evaluation,
and neither is used for the other.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from backend.storage.atomic import write_atomically
from backend.training.batches import FIT_FEATURES, Examples, without_features
from backend.training.manifest import describe_model
from backend.training.model_file import PredictedColumns, predict_rows, serialise
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.catalog.reader import band
from backend.transit.columns import FEATURES, LABELS, STAR_FEATURES
from backend.transit.evaluation.baseline import evaluate_baselines
from backend.transit.evaluation.calibration import (
    apply_temperature,
    choose_threshold,
    fit_temperature,
)
from backend.transit.evaluation.figures import abstention, brief, evaluate
from backend.transit.keys import star_groups
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks import registry
from backend.transit.networks.build import publish
from backend.transit.rows import Rows

# The share of the kept predictions that must be correct on the validation stars.
CERTAIN_PRECISION = 0.9

# Test rows that the effect of a missing feature is measured on.
MAX_ROWS_WITHOUT = 5_000

_BATCH = 512

TEST_ROW_DTYPE = np.dtype(
    [
        ("row", "<i8"),
        ("true", "i1"),
        ("predicted", "i1"),
        ("probabilities", "<f4", (len(LABELS),)),
        ("period", "<f8"),
        ("depth_ppm", "<f8"),
    ]
)


@dataclass(frozen=True)
class Published:
    """A model as it is saved, and what was learnt from the validation stars for it.

    Attributes:
        model: the outer graph, calibrated.
        temperature: that is in the graph.
        threshold: a prediction with a lower top probability is uncertain; None where no threshold
            reaches the wanted precision.
    """

    model: keras.Model
    temperature: float
    threshold: float | None


@dataclass(frozen=True)
class Results:
    """Results on the test stars; `evaluation` is None where there are none."""

    rows: Rows
    predictions: PredictedColumns
    evaluation: dict[str, Any] | None


def publish_calibrated(inner: keras.Model, validation: Examples) -> Published:
    """Wrap a trained inner graph for saving, its probabilities calibrated.

    Args:
        inner: from `build`, trained; it has no optimizer afterwards.
        validation: the validation rows.
    """
    true = validation.rows["label"]
    raw = np.concatenate(
        [
            np.asarray(inner.predict_on_batch(inputs)[registry.LABEL_OUTPUT]).mean(axis=1)
            for inputs, _ in validation.in_order(_BATCH)
        ]
    )
    temperature = fit_temperature(true, raw)
    calibrated = apply_temperature(raw, temperature)
    threshold = choose_threshold(true, calibrated, CERTAIN_PRECISION)
    _drop_optimizer(inner)
    return Published(publish(inner, temperature), temperature, threshold)


def _drop_optimizer(inner: keras.Model) -> None:
    """Keras saves an optimizer with its model: two more numbers a weight, half of the file."""
    inner.optimizer = None
    inner.compiled = False


def evaluate_model(
    spec: TrainingSpec, published: Published, table: Rows, split: Split, poll: Callable[[], None]
) -> Results:
    """Evaluate predictions of the test rows, and the baselines on the same rows.

    Args:
        spec: of the session.
        published: the model.
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        split: of its rows: the baselines learn from the training rows; the test rows may be none.
        poll: called from time to time; may raise to end it.
    """
    trained, tested = table[split.train], table[split.test]
    found = predict_in_chunks(published.model, tested, band(spec.source), poll)
    if not len(tested):
        return Results(tested, found, None)
    stars = star_groups(tested)
    evaluation = evaluate(
        tested["label"],
        found["probabilities"],
        period=(tested["period"], found["period"]),
        depth=(tested["depth"], found["depth_ppm"]),
        stars=stars,
        seed=spec.seed,
    )
    poll()
    evaluation["temperature"] = published.temperature
    evaluation["abstention"] = abstention(
        tested["label"],
        found["probabilities"],
        published.threshold,
        CERTAIN_PRECISION,
        stars,
        spec.seed,
    )
    evaluation["missing_features"] = _missing_features(spec, published.model, tested, poll)
    has_catalogue = registry.CATALOGUE_INPUT in registry.NETWORKS[spec.network].inputs
    evaluation["baseline"] = evaluate_baselines(trained, tested, spec.seed, stars, has_catalogue)
    evaluation["test_rows_sha256"] = test_rows_sha256(spec, split)
    return Results(tested, found, evaluation)


def test_rows_sha256(spec: TrainingSpec, split: Split) -> str:
    """Equal for two sessions that were tested on the same rows of the same file."""
    rows = split.test.astype("<i8").tobytes()
    return hashlib.sha256(spec.dataset_sha256.encode() + rows).hexdigest()


def predict_in_chunks(
    model: keras.Model, rows: Rows, photometric_band: str, poll: Callable[[], None]
) -> PredictedColumns:
    """As `predict_rows`, with a check from time to time whether to go on."""
    chunks = []
    for start in range(0, max(len(rows), 1), _BATCH):
        poll()
        chunk = rows[start : start + _BATCH]
        geometry = transit_geometry(chunk, photometric_band)
        chunks.append(predict_rows(model, chunk, geometry, photometric_band))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def save_model(
    spec: TrainingSpec,
    split: Split,
    trained: Rows,
    published: Published,
    metrics: dict[str, Any],
    results: Results,
) -> dict[str, Any]:
    """Write the model, its manifest and the test predictions; return the manifest.

    The model comes last: where it is, the others are too.
    """
    content = serialise(published.model)
    manifest = describe_model(spec, split, trained, metrics, results.evaluation, content)
    manifest["temperature"] = published.temperature
    manifest["abstention"] = {"threshold": published.threshold, "precision": CERTAIN_PRECISION}
    test_rows = _test_rows(split, results)
    write_atomically(
        spec.model_path.with_suffix(".test.npy"), lambda file: np.save(file, test_rows)
    )
    text = json.dumps(manifest, indent=2, allow_nan=False).encode()
    write_atomically(spec.model_path.with_suffix(".json"), lambda file: file.write(text))
    write_atomically(spec.model_path, lambda file: file.write(content))
    return manifest


def _missing_features(
    spec: TrainingSpec, model: keras.Model, tested: Rows, poll: Callable[[], None]
) -> list[dict[str, Any]]:
    """Figures on the same stars with features hidden; the first row hides none.

    At most 5,000 rows, a seeded choice.
    """
    if len(tested) > MAX_ROWS_WITHOUT:
        random = np.random.default_rng([spec.seed, 5])
        tested = tested[np.sort(random.choice(len(tested), MAX_ROWS_WITHOUT, replace=False))]
    effects = []
    for missing in _combinations(tested):
        rows = without_features(tested, missing)
        found = predict_in_chunks(model, rows, band(spec.source), poll)
        effects.append({"missing": list(missing), **brief(tested["label"], found["probabilities"])})
    return effects


def _combinations(rows: Rows) -> Iterable[tuple[str, ...]]:
    """None, each feature that some row has, and those that go together, once each."""
    known = tuple(name for name in FEATURES if np.isfinite(rows[name]).any())
    groups = [(), *((name,) for name in known), FIT_FEATURES, STAR_FEATURES, FEATURES]
    return dict.fromkeys(tuple(name for name in group if name in known) for group in groups)


def _test_rows(split: Split, results: Results) -> Rows:
    rows = np.zeros(len(results.rows), dtype=TEST_ROW_DTYPE)
    rows["row"] = split.test
    rows["true"] = results.rows["label"]
    rows["predicted"] = results.predictions["probabilities"].argmax(axis=1)
    for name, values in results.predictions.items():
        rows[name] = values
    return rows
