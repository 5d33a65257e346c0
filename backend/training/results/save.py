"""Saves a trained network: the model, its manifest, its test predictions, what it keeps of rows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.storage.atomic import write_atomically
from backend.training.examples.batches import Examples
from backend.training.model_file import serialise
from backend.training.results.evaluate import CERTAIN_PRECISION, Published, Results
from backend.training.results.kept_rows import describe_neighbours, describe_related
from backend.training.results.manifest import describe_file, describe_model
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.columns import LABELS
from backend.transit.evaluation.guessing import against_guessing
from backend.transit.rows import Rows

TEST_ROW_DTYPE = np.dtype(
    [
        ("row", "<i8"),
        ("true", "i1"),
        ("predicted", "i1"),
        ("probabilities", "<f4", (len(LABELS),)),
        ("period", "<f8"),
        ("depth_ppm", "<f8"),
        ("group", "<i8"),
    ]
)


def save_model(
    spec: TrainingSpec,
    table: Rows,
    evidence: Rows | None,
    split: Split,
    training: Examples,
    published: Published,
    metrics: dict[str, Any],
    results: Results,
    kinds: Sequence[str],
) -> dict[str, Any]:
    """Write the model and what lies beside it; return the manifest."""
    content, trained = serialise(published.model), training.rows
    manifest = describe_model(spec, split, trained, metrics, results.evaluation, training.real)
    manifest |= describe_file(content)
    manifest["temperature"] = published.calibration.temperature
    manifest["calibration"] = published.calibration_described
    manifest["abstention"] = {"threshold": published.threshold, "precision": CERTAIN_PRECISION}
    neighbours, manifest["neighbours"] = describe_neighbours(spec, table, split.train)
    related, manifest["related"] = describe_related(
        spec, table, evidence, training.relations, results.evaluation
    )
    manifest["verdict"] = verdict(trained["label"], published, results)
    manifest["kinds"] = list(kinds)
    tested = _test_rows(split, results)
    write_model(spec.model_path, content, manifest, neighbours, related, tested)
    return manifest


def write_model(
    path: Path,
    content: bytes,
    manifest: dict[str, Any],
    neighbours: bytes,
    related: bytes,
    tested: Rows,
) -> None:
    """Write a model and what lies beside it; where the model is, the others are too.

    Args:
        path: of the model; the others have its name and their own endings.
        content: of its file.
        manifest: JSON-able.
        neighbours, related: what it keeps of its table, from `kept_rows`.
        tested: TEST_ROW_DTYPE, what it predicts of the test rows.
    """
    text = json.dumps(manifest, indent=2, allow_nan=False).encode()
    write_atomically(path.with_suffix(".neighbours.npy"), lambda file: file.write(neighbours))
    write_atomically(path.with_suffix(".related.npy"), lambda file: file.write(related))
    write_atomically(path.with_suffix(".test.npy"), lambda file: np.save(file, tested))
    write_atomically(path.with_suffix(".json"), lambda file: file.write(text))
    write_atomically(path, lambda file: file.write(content))


def verdict(trained: NDArray[np.integer], published: Published, results: Results) -> dict[str, Any]:
    """Whether the model is better than guessing: on the test rows; on the validation rows if none.

    The validation rows flatter it: they have chosen the best epoch and the calibration.

    Args:
        trained: int, (n,), label codes of the training rows.
        published: the model.
        results: of the test rows.

    Returns:
        `part`, "test" or "validation", and what `against_guessing` returns.
    """
    if len(results.rows):
        probabilities = results.predictions["probabilities"]
        found = against_guessing(trained, results.rows["label"], probabilities)
        return {"part": "test", **found}
    measured = published.validation_labels, published.validation_probabilities
    return {"part": "validation", **against_guessing(trained, *measured)}


def _test_rows(split: Split, results: Results) -> Rows:
    rows = np.zeros(len(results.rows), dtype=TEST_ROW_DTYPE)
    rows["row"] = split.test
    rows["group"] = split.test_groups
    rows["true"] = results.rows["label"]
    rows["predicted"] = results.predictions["probabilities"].argmax(axis=1)
    for name, values in results.predictions.items():
        rows[name] = values
    return rows
