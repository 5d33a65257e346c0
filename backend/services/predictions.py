"""Predictions with a model: chunks of rows, the answers."""

from typing import Any

import numpy as np

from backend.background.predictor import CHUNK, ModelUnusable, QueueFull
from backend.database import models
from backend.database.connection import Record
from backend.errors import ModelCorrupt, TooMany, Unavailable
from backend.services.context import Services
from backend.transit.catalog.reader import band
from backend.transit.columns import FEATURES, LABELS
from backend.transit.light_curve.diagnostics import describe_candidates
from backend.transit.light_curve.orbit import Geometry, transit_geometry
from backend.transit.networks.outputs import Predictions
from backend.transit.rows import Rows


def training_ranges(model: Record) -> Record:
    """The smallest and largest value of each column in the model's training rows."""
    return model["manifest"]["training_ranges"]


def predict(
    services: Services,
    model: Record,
    rows: Rows,
    source: str,
    user_id: int,
    *,
    is_continued: bool = False,
) -> list[dict[str, Any]]:
    """Predict rows, in chunks, so that other requests are answered in between.

    A column that no training row had is hidden from the network: it has learnt nothing about it,
    and it would change the curve and the diagnostics that the network sees.

    Args:
        services: the predictor.
        model: its row in the database.
        rows: `ROW_DTYPE`, (n,), n at least 1.
        source: "exotrain", "koi" or "toi": the band of the limb darkening.
        user_id: who asks; users take turns.
        is_continued: other rows of the same request were predicted before.

    Returns:
        For each row its prediction as the API describes it, without its place in the request.

    Raises:
        ModelCorrupt: the model's file is damaged or missing.
        PredictionFailed: the predictor gave no answer.
        TooMany: too many predictions wait already.
        Unavailable: this server runs without one.
    """
    if services.predictor is None:
        raise Unavailable("This server cannot predict: it was started without its launcher.")
    seen = _without_unseen(rows, training_ranges(model))
    try:
        parts = [
            services.predictor.predict(
                model["file"],
                model["sha256"],
                seen[start : start + CHUNK],
                source,
                user_id,
                is_continued=is_continued or start > 0,
            )
            for start in range(0, len(rows), CHUNK)
        ]
    except QueueFull as error:
        detail = f"Too many at once: {error}. Try again in a few seconds."
        raise TooMany(detail, Retry_After="5") from error
    except ModelUnusable as error:
        raise ModelCorrupt(str(error)) from error
    predicted = np.concatenate(parts)
    # The diagnostics are of the candidate as it was given. If a column was hidden, its orbit is not
    # the one that the network has seen.
    geometry = (
        Geometry.from_records(predicted["geometry"])
        if seen is rows
        else transit_geometry(rows, band(source))
    )
    return _answers(predicted, rows, geometry, model, source)


def _answers(
    predicted: Predictions, rows: Rows, geometry: Geometry, model: Record, source: str
) -> list[dict[str, Any]]:
    abstention = model["manifest"].get("abstention")
    diagnostics = describe_candidates(rows, geometry, band(source), training_ranges(model))
    labels = predicted["probabilities"].argmax(axis=1).tolist()
    probabilities = predicted["probabilities"].tolist()
    is_missing = np.stack([np.isnan(rows[name]) for name in FEATURES], axis=1).tolist()
    values = zip(
        labels,
        probabilities,
        predicted["period"].tolist(),
        predicted["depth_ppm"].tolist(),
        diagnostics,
        is_missing,
        strict=True,
    )
    return [
        {
            "label": label,
            "label_name": LABELS[label],
            "probabilities": dict(zip(LABELS, shares, strict=True)),
            "period": period,
            "depth_ppm": depth,
            "uncertain": _is_uncertain(shares[label], abstention),
            "model_id": model["id"],
            "simulated": models.is_simulated(model),
            "diagnostics": diagnosed,
            "missing": [name for name, missing in zip(FEATURES, unknown, strict=True) if missing],
        }
        for label, shares, period, depth, diagnosed, unknown in values
    ]


def _is_uncertain(top_probability: float, abstention: Record | None) -> bool | None:
    """Whether a prediction is too uncertain to rely on; None for a model without a threshold.

    Where no threshold reached the wanted precision on the validation stars, every prediction is.
    """
    if abstention is None:
        return None
    threshold = abstention["threshold"]
    return threshold is None or top_probability < threshold


def _without_unseen(rows: Rows, ranges: Record) -> Rows:
    """The same rows where there is nothing to hide, else a copy."""
    unseen = [
        name
        for name in FEATURES
        if ranges.get(name, {}).get("known") == 0 and not np.isnan(rows[name]).all()
    ]
    if unseen:
        rows = rows.copy()
        for name in unseen:
            rows[name] = np.nan
    return rows
