"""What is known of some rows of a study besides their predictions: diagnostics, neighbours.

Of each row by a model of the fold that tested it: its training rows have none of the row's group.
"""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from backend.database import models
from backend.database.connection import Record
from backend.errors import ModelCorrupt
from backend.services.context import Services
from backend.services.datasets.relations import StillRelating
from backend.services.predictions.model import training_ranges, training_source
from backend.services.studies.parts import fold_of, seed_of
from backend.storage.verified import open_verified
from backend.transit.catalog.reader import band
from backend.transit.light_curve.diagnostics import describe_candidates
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.neighbours import (
    NEIGHBOUR_DTYPE,
    TrainingNeighbours,
    describe_nearest,
    no_neighbours,
)
from backend.transit.rows import Index, Rows

_UNKNOWN = {"diagnostics": None, "nearest": None, "is_sparse": None, "sparsity": None}

log = logging.getLogger(__name__)


def models_of_folds(connection: Connection, parts: list[Record]) -> dict[int, Record]:
    """A model for each fold that has one, that of the first seed.

    Args:
        connection: open for reading.
        parts: the sessions of a study, from `studies.parts_of`.
    """
    found: dict[int, Record] = {}
    for part in sorted(parts, key=seed_of):
        if part["model_id"] is None or fold_of(part) in found:
            continue
        model = models.find(connection, part["model_id"])
        if model is not None:
            found[fold_of(part)] = model
    return found


def evidence_of(
    services: Services, of_folds: dict[int, Record], folds: NDArray[np.int8], rows: Rows | None
) -> list[dict[str, Any]]:
    """The diagnostics and the nearest training rows of some rows.

    Args:
        services: where the models are.
        of_folds: from `models_of_folds`.
        folds: int8, (n,), of the rows.
        rows: ROW_DTYPE, (n,); None: the dataset was deleted.

    Returns:
        `diagnostics`, `nearest`, `is_sparse` and `sparsity` of each, None where unknown.
    """
    found = [dict(_UNKNOWN) for _ in folds]
    if rows is None:
        return found
    for fold in np.unique(folds).tolist():
        model = of_folds.get(fold)
        if model is None:
            continue
        places = np.flatnonzero(folds == fold)
        for place, each in zip(places, _by_model(services, model, rows[places]), strict=True):
            found[place] = each
    return found


def relations_at(
    services: Services, dataset: Record | None, rows: Index
) -> tuple[str, list[Record | None]]:
    """How rows relate to others of their table.

    Args:
        services: what finds them.
        dataset: None: it was deleted.
        rows: (n,), places among its accepted rows.

    Returns:
        "found", "pending" or "unknown", and of each row its relations, None where unknown.
    """
    none: list[Record | None] = [None] * len(rows)
    if dataset is None:
        return "unknown", none
    try:
        related = services.relations.of(dataset)
    except StillRelating:
        return "pending", none
    return ("unknown", none) if related is None else ("found", related.at(rows).described())


def _by_model(services: Services, model: Record, rows: Rows) -> list[dict[str, Any]]:
    curve_band = band(training_source(model))
    geometry = transit_geometry(rows, curve_band)
    checks = describe_candidates(rows, geometry, curve_band, training_ranges(model))
    sparse_above = (model["manifest"].get("neighbours") or {}).get("sparse_above")
    near = describe_nearest(_nearest(services, model, rows), sparse_above)
    return [{"diagnostics": own} | others for own, others in zip(checks, near, strict=True)]


def _nearest(services: Services, model: Record, rows: Rows) -> NDArray[np.void]:
    """The nearest training rows; none where those of the model are not known or damaged."""
    sha256 = models.neighbours_sha256(model)
    if sha256 is None:
        return no_neighbours(len(rows))
    path = services.storage.model_neighbours(model["file"])
    try:
        with open_verified(path, sha256) as file:
            kept = np.load(file, allow_pickle=False)
    except (ModelCorrupt, ValueError, EOFError) as error:
        log.warning("the training rows of model %s cannot be read: %s", model["id"], error)
        return no_neighbours(len(rows))
    if kept.dtype != NEIGHBOUR_DTYPE:
        log.warning("the training rows of model %s are of another kind", model["id"])
        return no_neighbours(len(rows))
    return TrainingNeighbours(kept).nearest_to_few(rows)
