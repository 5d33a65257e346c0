"""Predictions with a model of a workspace: the choice of the model, chunks, the answers."""

from typing import Any

import numpy as np
from sqlalchemy import Connection

from backend.background.predictor import CHUNK
from backend.database import models
from backend.database.connection import Record
from backend.errors import Conflict, NotFound, Unavailable
from backend.services.context import Services
from backend.transit.catalog.forms import OWN_FORM
from backend.transit.catalog.reader import band
from backend.transit.columns import FEATURES, LABELS
from backend.transit.light_curve.diagnostics import describe_candidates


def choose_model(connection: Connection, workspace: Record, model_id: int | None) -> Record:
    """The model that was asked for, or the workspace's current one.

    Raises:
        NotFound: it is not in this workspace.
        Conflict: none was asked for, and there is no current one.
    """
    wanted = workspace["current_model_id"] if model_id is None else model_id
    if wanted is None:
        raise Conflict(
            "This workspace has no model yet: start a training session "
            "(POST /api/training/start) and wait until it has completed."
        )
    model = models.find(connection, wanted)
    if model is None or model["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no model {wanted} in this workspace.")
    return model


def training_source(model: Record) -> str:
    """The form of the catalogue that the model was trained on; it gives the band."""
    return model["manifest"].get("spec", {}).get("source", OWN_FORM)


def training_ranges(model: Record) -> Record:
    """Of each column the smallest and largest value that the model was trained with."""
    return model["manifest"].get("training_ranges", {})


def predict(
    services: Services, model: Record, rows: np.ndarray, source: str
) -> dict[str, np.ndarray]:
    """Predict rows, in chunks between which others' requests find a place.

    Args:
        services: the predictor.
        model: its row in the database.
        rows: `ROW_DTYPE`, (n,), n at least 1.
        source: "exotrain", "koi" or "toi": the band of the limb darkening.

    A column that no row of the training had is hidden: nothing was learnt of it, and it would
    change the curve and the diagnostics that the network sees.

    Returns:
        probabilities float64 (n, 3), period float64 (n,) days, depth_ppm float64 (n,).

    Raises:
        PredictionFailed: the predictor gave no answer.
        Unavailable: this server runs without one.
    """
    if services.predictor is None:
        raise Unavailable("This server cannot predict: it was started without its launcher.")
    rows = _without_unseen(rows, training_ranges(model))
    parts = [
        services.predictor.predict(
            model["file"], model["sha256"], rows[start : start + CHUNK], source
        )
        for start in range(0, len(rows), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def prediction_answers(
    predicted: dict[str, np.ndarray], rows: np.ndarray, model: Record, source: str
) -> list[dict[str, Any]]:
    """Each predicted row as the contract describes it, without its place in the request.

    Args:
        predicted: from `predict`.
        rows: `ROW_DTYPE`, (n,), the same as there.
        model: its row in the database.
        source: as for `predict`.
    """
    abstention = model["manifest"].get("abstention")
    diagnostics = describe_candidates(rows, band(source), training_ranges(model))
    answers = []
    for i, row in enumerate(rows):
        shares = predicted["probabilities"][i]
        label = int(np.argmax(shares))
        answers.append(
            {
                "label": label,
                "label_name": LABELS[label],
                "probabilities": dict(zip(LABELS, shares.tolist(), strict=True)),
                "period": float(predicted["period"][i]),
                "depth_ppm": float(predicted["depth_ppm"][i]),
                "uncertain": _is_uncertain(shares.max(), abstention),
                "model_id": model["id"],
                "diagnostics": diagnostics[i],
                "missing": [name for name in FEATURES if np.isnan(row[name])],
            }
        )
    return answers


def _is_uncertain(top_probability: float, abstention: Record | None) -> bool | None:
    """Whether a model means what it says; None for one that was saved without a threshold.

    Where no threshold reached the wanted precision on the validation stars, nothing is certain.
    """
    if abstention is None:
        return None
    threshold = abstention["threshold"]
    return threshold is None or bool(top_probability < threshold)


def _without_unseen(rows: np.ndarray, ranges: Record) -> np.ndarray:
    unseen = [name for name in FEATURES if ranges.get(name, {}).get("known") == 0]
    if unseen:
        rows = rows.copy()
        for name in unseen:
            rows[name] = np.nan
    return rows
