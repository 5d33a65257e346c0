"""Predictions of rows with a model: in chunks, with diagnostics, as the API describes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.background.predictor import CHUNK, ModelUnusable, QueueFull
from backend.database import models
from backend.database.connection import Record
from backend.errors import ModelCorrupt, TooMany, Unavailable
from backend.services.context import Services
from backend.services.predictions.model import training_ranges
from backend.services.predictions.unlike_training import (
    have_relations,
    learnt_from,
    unlike_training,
)
from backend.transit.catalog.reader import band
from backend.transit.columns import FEATURES, LABELS, RELATIONS
from backend.transit.light_curve.diagnostics import describe_candidates
from backend.transit.light_curve.orbit import Geometry, transit_geometry
from backend.transit.neighbours import describe_nearest
from backend.transit.networks.outputs import Predictions
from backend.transit.photometry.view_rows import ViewRows, views_between
from backend.transit.related import RelationsOfSome
from backend.transit.rows import Rows

# Of a catalogue on a cluster; a chunk of 16,384 rows is sent in eight parts.
MOST_CHUNKS_AT_ONCE = 8


def predict(
    services: Services,
    model: Record,
    rows: Rows,
    source: str,
    user_id: int,
    *,
    is_continued: bool = False,
    related: RelationsOfSome | None = None,
    views: ViewRows | None = None,
) -> list[dict[str, Any]]:
    """Predict rows, in chunks, so that other requests are answered in between.

    A column that no training row had is hidden from the network: it has learnt nothing about it,
    and it would change the curve and the diagnostics that the network sees.

    Args:
        services: the predictor.
        model: its row in the database.
        rows: `ROW_DTYPE`, (n,), n at least 1.
        source: "exotrain", "koi", "k2" or "toi": the band of the limb darkening.
        user_id: who asks; users take turns.
        is_continued: other rows of the same request were predicted before.
        related: how the rows relate to others; None: unknown.
        views: VIEW_ROW_DTYPE, (m,), of the rows with a light curve, `row` ascending from 0 to
            n - 1; None: the request brings no light curves.

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
    has_input = related is not None and model["manifest"]["spec"].get("use_relations")
    values = related.values if related is not None and has_input else None
    try:
        predicted = _by_cluster(services, model, seen, source, values, views)
        parts = (
            []
            if predicted is not None
            else [
                services.predictor.predict(
                    model["file"],
                    model["sha256"],
                    seen[start : start + CHUNK],
                    source,
                    user_id,
                    is_continued=is_continued or start > 0,
                    neighbours_sha256=models.neighbours_sha256(model),
                    relations=None if values is None else values[start : start + CHUNK],
                    views=_some(views, start, start + CHUNK),
                )
                for start in range(0, len(rows), CHUNK)
            ]
        )
    except QueueFull as error:
        detail = f"Too many at once: {error}. Try again in a few seconds."
        raise TooMany(detail, Retry_After="5") from error
    except ModelUnusable as error:
        raise ModelCorrupt(str(error)) from error
    predicted = np.concatenate(parts) if predicted is None else predicted
    # The diagnostics are of the candidate as it was given. If a column was hidden, its orbit is not
    # the one that the network has seen.
    geometry = (
        Geometry.from_records(predicted["geometry"])
        if seen is rows
        else transit_geometry(rows, band(source))
    )
    return _answers(predicted, rows, geometry, model, source, related, views)


def predicted_at_once(services: Services) -> int:
    """How many chunks of a catalogue are predicted at the same time."""
    cluster = services.cluster_predictions
    return 1 if cluster is None else min(MOST_CHUNKS_AT_ONCE, cluster.parallel())


def _by_cluster(
    services: Services,
    model: Record,
    rows: Rows,
    source: str,
    relations: NDArray[np.float64] | None,
    views: ViewRows | None,
) -> Predictions | None:
    """The predictions that a cluster has made; None: there is none, or it has no place."""
    if services.cluster_predictions is None:
        return None
    return services.cluster_predictions.predict(
        model["file"],
        model["sha256"],
        rows,
        source,
        neighbours_sha256=models.neighbours_sha256(model),
        relations=relations,
        views=_some(views, 0, len(rows)),
    )


def _some(views: ViewRows | None, start: int, stop: int) -> ViewRows | None:
    """Those of some rows; None where none has any."""
    if views is None:
        return None
    found = views_between(views, start, stop)
    return found if len(found) else None


def _answers(
    predicted: Predictions,
    rows: Rows,
    geometry: Geometry,
    model: Record,
    source: str,
    related: RelationsOfSome | None,
    views: ViewRows | None,
) -> list[dict[str, Any]]:
    abstention = model["manifest"].get("abstention")
    diagnostics = describe_candidates(rows, geometry, band(source), training_ranges(model))
    sparse_above = (model["manifest"].get("neighbours") or {}).get("sparse_above")
    near = describe_nearest(predicted["nearest"], sparse_above)
    labels = predicted["probabilities"].argmax(axis=1).tolist()
    probabilities = predicted["probabilities"].tolist()
    missing = _missing(rows)
    lacking = _lacking(missing, related)
    learnt = learnt_from(model)
    unlike = {each: unlike_training(learnt, source, each) for each in set(lacking)}
    relations = [None] * len(rows) if related is None else related.described()
    have_curve: list[bool | None] = [None] * len(rows)
    if views is not None:
        have_curve = np.isin(np.arange(len(rows)), views["row"]).tolist()
    values = zip(
        labels,
        probabilities,
        predicted["period"].tolist(),
        predicted["depth_ppm"].tolist(),
        diagnostics,
        near,
        missing,
        lacking,
        relations,
        have_curve,
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
            "diagnostics": diagnosed | neighbours,
            "missing": list(unknown),
            "relations": others,
            "light_curve": has_curve,
            "unlike_training": unlike[lacked],
        }
        for (
            label,
            shares,
            period,
            depth,
            diagnosed,
            neighbours,
            unknown,
            lacked,
            others,
            has_curve,
        ) in values
    ]


def _missing(rows: Rows) -> list[tuple[str, ...]]:
    """The features that each row lacks."""
    is_missing = np.stack([np.isnan(rows[name]) for name in FEATURES], axis=1).tolist()
    return [
        tuple(name for name, missing in zip(FEATURES, row, strict=True) if missing)
        for row in is_missing
    ]


def _lacking(
    missing: list[tuple[str, ...]], related: RelationsOfSome | None
) -> list[tuple[str, ...]]:
    """The inputs that each row lacks: features, and relations."""
    if related is None:
        return [(*each, RELATIONS) for each in missing]
    known = have_relations(related).tolist()
    return [each if has else (*each, RELATIONS) for each, has in zip(missing, known, strict=True)]


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
