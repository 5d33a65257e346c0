"""Predictions with a model: which one predicts, what is said of it, chunks of rows, the answers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from backend.background.predictor import CHUNK, ModelUnusable, QueueFull
from backend.database import models
from backend.database.connection import Record
from backend.errors import Conflict, ModelCorrupt, NotFound, TooMany, Unavailable
from backend.services.context import Services
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
from backend.transit.related import RelationsOfSome
from backend.transit.rows import Rows


def choose_model(connection: Connection, workspace: Record, model_id: int | None) -> Record:
    """The model that was asked for, or the workspace's current one.

    Raises:
        NotFound: it is not in this workspace.
        Conflict: none was asked for, and there is no current one.
    """
    wanted = workspace["current_model_id"] if model_id is None else model_id
    if wanted is None:
        raise Conflict(_without_current(models.in_workspace(connection, workspace["id"])))
    model = models.find(connection, wanted)
    if model is None or model["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no model {wanted} in this workspace.")
    return model


# Of a catalogue on a cluster; a chunk of 16,384 rows is sent in eight parts.
MOST_CHUNKS_AT_ONCE = 8

# Of the models that could be promoted.
_MOST_NAMED = 3


def training_source(model: Record) -> str:
    """The format of the catalogue that the model was trained on; it determines the band."""
    return model["manifest"]["spec"]["source"]


def verdict_sentence(model: Record) -> str | None:
    """That a model is no better than guessing, with the figures; None for any other."""
    verdict = models.verdict_of(model)
    if verdict is None or verdict["beats_guessing"]:
        return None
    log_loss = verdict["log_loss"]
    found = "not a finite number" if log_loss is None else f"{log_loss:.3f}"
    return (
        f"Model {model['id']} is no better than guessing: its log loss on {verdict['rows']:,} "
        f"{verdict['part']} rows is {found}, that of the class frequencies of its training rows "
        f"{verdict['guessing_log_loss']:.3f}."
    )


def warnings_about(model: Record) -> list[str]:
    """What is to be said above every prediction of a model, in sentences."""
    if not models.is_simulated(model):
        return []
    name = model["manifest"].get("dataset_name")
    trained_on = f"simulated data ({name})" if name else "simulated data"
    return [
        f"Model {model['id']} was trained on {trained_on}: its predictions are no evidence about "
        "real stars."
    ]


def _without_current(found: list[Record]) -> str:
    """What to do in a workspace without a current model, which has these, newest first."""
    if not found:
        return (
            "This workspace has no model yet: start a training session "
            "(POST /api/training/start) and wait until it has completed."
        )
    names = ", ".join(f"{each['id']} ({each['name']!r})" for each in found[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        names += f" and {len(found) - _MOST_NAMED} older ones"
    sentences = [
        f"This workspace has no current model. It has model{'s' * (len(found) > 1)} {names}.",
        verdict_sentence(found[0]),
        f"Promote one (POST /api/models/{found[0]['id']}/promote), or name one as model_id.",
    ]
    return " ".join(filter(None, sentences))


def training_ranges(model: Record) -> Record:
    """What values each column has in the model's training rows: `manifest.training_ranges`."""
    return model["manifest"]["training_ranges"]


def predict(
    services: Services,
    model: Record,
    rows: Rows,
    source: str,
    user_id: int,
    *,
    is_continued: bool = False,
    related: RelationsOfSome | None = None,
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
        predicted = _by_cluster(services, model, seen, source, values)
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
    return _answers(predicted, rows, geometry, model, source, related)


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
    )


def _answers(
    predicted: Predictions,
    rows: Rows,
    geometry: Geometry,
    model: Record,
    source: str,
    related: RelationsOfSome | None,
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
            "unlike_training": unlike[lacked],
        }
        for label, shares, period, depth, diagnosed, neighbours, unknown, lacked, others in values
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
