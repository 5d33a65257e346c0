"""The manifest beside a model: its provenance, its training data and its figures."""

import dataclasses
import hashlib
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.training.examples.real_curves import RealCurves
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.columns import (
    COLUMNS,
    FEATURES,
    LABELS,
    RELATION_UNITS,
    UNITS,
    relation_columns,
)
from backend.transit.light_curve.curve import BINS
from backend.transit.networks import registry
from backend.transit.networks.inputs import CATALOGUE_COLUMNS, CATALOGUE_UNITS
from backend.transit.photometry.evidence import EVIDENCE, EVIDENCE_UNITS, usual_numbers
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import LOCAL_BINS

_PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn")

_NO_SETTINGS = (
    *("table", "evidence", "labels", "model_path", "checkpoint", "keep"),
    *("dataset_name", "simulated", "members", "views"),
)

_INPUTS: dict[str, dict[str, Any]] = {
    registry.CURVE_INPUT: {
        "name": registry.CURVE_INPUT,
        "shape": [BINS, 1],
        "unit": "flux relative to out of transit, one folded orbit",
    },
    registry.FEATURE_INPUT: {
        "name": registry.FEATURE_INPUT,
        "shape": [len(FEATURES)],
        "columns": list(FEATURES),
        "unit": [UNITS[name] for name in FEATURES],
        "missing": "NaN",
    },
    registry.CATALOGUE_INPUT: {
        "name": registry.CATALOGUE_INPUT,
        "shape": [len(CATALOGUE_COLUMNS)],
        "columns": list(CATALOGUE_COLUMNS),
        "unit": [CATALOGUE_UNITS[name] for name in CATALOGUE_COLUMNS],
        "missing": "NaN",
    },
    registry.LOCAL_INPUT: {
        "name": registry.LOCAL_INPUT,
        "shape": [LOCAL_BINS, len(LOCAL_VIEWS)],
        "columns": list(LOCAL_VIEWS),
        "unit": "flux relative to out of transit, 2.5 durations to either side",
        "missing": "NaN",
    },
    registry.EVIDENCE_INPUT: {
        "name": registry.EVIDENCE_INPUT,
        "shape": [len(EVIDENCE)],
        "columns": list(EVIDENCE),
        "unit": [EVIDENCE_UNITS[name] for name in EVIDENCE],
        "missing": "NaN",
    },
}

_POINTS = (0.0, 0.01, 0.99, 1.0)

_SUMMARY = ("n_test", "accuracy", "macro_f1", "log_loss", "ece")


def describe_model(
    spec: TrainingSpec,
    split: Split,
    trained: NDArray[np.void],
    metrics: dict[str, Any],
    evaluation: dict[str, Any] | None,
    curves: RealCurves | None = None,
) -> dict[str, Any]:
    """Make the manifest, a JSON-able dictionary, without what `describe_file` says.

    Args:
        spec: of the session.
        split: of the rows.
        trained: ROW_DTYPE, the training rows.
        metrics: of the best epoch.
        evaluation: on the test stars, or None.
        curves: light curves of the training rows; None: it reads none, or joins models.
    """
    settings = dataclasses.asdict(spec)
    for name in _NO_SETTINGS:
        del settings[name]
    return {
        "model_name": spec.model_name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "network": spec.network,
        "spec": settings,
        "seed": spec.seed,
        "dataset_sha256": spec.dataset_sha256,
        "dataset_version": spec.dataset_version,
        "dataset_version_sha256": spec.dataset_version_sha256,
        "dataset_name": spec.dataset_name,
        "simulated": spec.simulated,
        "light_curves": _light_curves(spec, trained, curves),
        "rows": {name: len(getattr(split, name)) for name in ("train", "validation", "test")},
        "training_ranges": training_ranges(trained),
        "inputs": _inputs(spec),
        "outputs": _outputs(),
        "metrics": metrics,
        "evaluation": evaluation and {name: evaluation[name] for name in _SUMMARY},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "git_revision": git_revision(),
    }


def describe_file(content: bytes) -> dict[str, Any]:
    """What the manifest says of the model's file, from its bytes."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "file_size": len(content)}


def training_ranges(rows: NDArray[np.void]) -> dict[str, dict[str, Any]]:
    """For each column the number of rows that have it, and what its values are.

    Args:
        rows: ROW_DTYPE, (n,).

    Returns:
        By column `known`, `min`, `max`, `unit`, and `p1` and `p99`, the 1st and the 99th
        percentile, which manifests of 0.4.0 and earlier do not have; None where no row has it.
    """
    ranges: dict[str, dict[str, Any]] = {}
    for name in COLUMNS:
        known = rows[name][np.isfinite(rows[name])]
        points = np.quantile(known, _POINTS).tolist() if len(known) else [None] * len(_POINTS)
        ranges[name] = {
            "known": len(known),
            **dict(zip(("min", "p1", "p99", "max"), points, strict=True)),
            "unit": UNITS[name],
        }
    return ranges


@cache
def git_revision() -> str | None:
    """The commit of this code; None outside a git checkout."""
    command = ["git", "rev-parse", "HEAD"]
    folder = Path(__file__).parent
    try:
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def _inputs(spec: TrainingSpec) -> list[dict[str, Any]]:
    names = registry.inputs_of(spec.network, has_relations=spec.use_relations)
    columns = relation_columns(spec.use_stellar_uncertainties)
    relations = {
        "name": registry.RELATION_INPUT,
        "shape": [len(columns)],
        "columns": list(columns),
        "unit": [RELATION_UNITS[name] for name in columns],
        "missing": "NaN",
    }
    return [relations if name == registry.RELATION_INPUT else _INPUTS[name] for name in names]


def _light_curves(
    spec: TrainingSpec, trained: NDArray[np.void], curves: RealCurves | None
) -> dict[str, Any] | None:
    """Which light curves it has learnt from, and what is usual of their numbers; None: from none.

    What is usual is None for a model that joins those of a study.
    """
    if spec.curves_sha256 is None or not registry.NETWORKS[spec.network].takes_curves:
        return None
    return {
        "curve_set_id": spec.curve_set_id,
        "sha256": spec.curves_sha256,
        "recipe": spec.curve_recipe,
        "usual": None if curves is None else _usual(trained, curves),
    }


def _usual(trained: NDArray[np.void], curves: RealCurves) -> dict[str, Any]:
    """Of the training rows that have a light curve."""
    return usual_numbers(curves.evidence[curves.has], trained["label"][curves.has])


def _outputs() -> list[dict[str, Any]]:
    return [
        {"name": registry.LABEL_OUTPUT, "classes": list(LABELS), "unit": "probability"},
        {"name": registry.PERIOD_OUTPUT, "unit": "days"},
        {"name": registry.DEPTH_OUTPUT, "unit": "ppm"},
    ]
