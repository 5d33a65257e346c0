"""/api/training/studies/<id>/doubts…: labels that the predictions of a study contradict."""

import numpy as np
from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from backend.database import studies
from backend.database.connection import Record
from backend.services.studies.doubts import columns_of, doubts_of, find, rows_of, summary_of
from backend.services.studies.evidence import evidence_of, models_of_folds, relations_at
from backend.services.studies.table import as_csv
from backend.storage.dataset_table import open_rows
from backend.web.audit_log import record_download
from backend.web.current import services
from backend.web.routes.training.study_predictions import NOT_YET, predictions_of
from backend.web.schemas.training.doubts import Doubts, DoubtsQuery, DoubtsTableQuery

doubts_bp = APIBlueprint(
    "doubts", __name__, url_prefix="/api/training/studies", tag="Doubts about labels"
)


@doubts_bp.get("/<int:study_id>/doubts")
@doubts_bp.input(DoubtsQuery, location="query")
@doubts_bp.output(Doubts)
@doubts_bp.doc(responses=NOT_YET)
def list_study_doubts(study_id: int, query_data: DoubtsQuery) -> Record:
    """List the labels that out-of-fold predictions contradict surely, the surest first.

    CONFIRMED and FALSE POSITIVE rows, by probabilities over these two (confident learning). A
    doubt is a reason to look at a row again, no proof that its label is wrong.
    """
    study, dataset, predictions = predictions_of(study_id)
    with services().database.read() as connection:
        parts = studies.parts_of(connection, [study_id])[study_id]
        of_folds = models_of_folds(connection, parts)
    table = None if dataset is None else open_rows(services().tables.table(dataset))
    doubts = doubts_of(predictions)
    offset, limit = query_data.offset, query_data.limit
    places = find(doubts, query_data.sort, query_data.label)
    shown = places[offset : offset + limit]
    chosen = doubts.considered[shown]
    rows = predictions.rows[chosen]
    own = None if table is None else np.array(table[rows])
    evidence = evidence_of(services(), of_folds, predictions.fold[chosen], own)
    state, relations = relations_at(services(), dataset, rows)
    described = zip(rows_of(doubts, shown, table), evidence, relations, strict=True)
    answers = [row | besides | {"relations": others} for row, besides, others in described]
    return {
        "rows": answers,
        "count": len(answers),
        "relations_state": state,
        "total": len(places),
        "offset": offset,
        "limit": limit,
        "summary": summary_of(doubts, study),
    }


@doubts_bp.get("/<int:study_id>/doubts.csv")
@doubts_bp.input(DoubtsTableQuery, location="query")
@doubts_bp.output(FileSchema, content_type="text/csv")
@doubts_bp.doc(responses=NOT_YET)
def download_study_doubts(study_id: int, query_data: DoubtsTableQuery) -> Response:
    """Download the doubts as CSV: the columns of the predictions, and what is doubted.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    study, dataset, predictions = predictions_of(study_id)
    table = None if dataset is None else open_rows(services().tables.table(dataset))
    doubts = doubts_of(predictions)
    places = find(doubts, query_data.sort, query_data.label)
    record_download("study_downloaded", study["workspace_id"], f"study {study_id}", study["name"])
    beside = columns_of(doubts, places)
    text = as_csv(predictions, doubts.considered[places], table, beside)
    response = Response(text, mimetype="text/csv")
    name = f"{study['name']}_{study_id}_doubts.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
