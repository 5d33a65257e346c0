"""/api/training/studies/<id>/predictions: what the sessions of a study say of every row."""

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from backend.database import datasets, studies
from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.kinds import require_every_row
from backend.services.studies.predictions import (
    Predictions,
    find,
    mean_over_seeds,
    read_by_seed,
)
from backend.services.studies.table import as_csv, described
from backend.storage.dataset_table import open_rows
from backend.web.access import usable_study
from backend.web.audit_log import record_download
from backend.web.current import services
from backend.web.schemas.training.studies import StudyRows, StudyRowsQuery, StudyTableQuery

study_predictions_bp = APIBlueprint(
    "study_predictions", __name__, url_prefix="/api/training/studies", tag="Studies"
)

NOT_YET = {
    409: "No session has completed yet, its files are missing on the server, or the study is of "
    "another kind than folds"
}


@study_predictions_bp.get("/<int:study_id>/predictions")
@study_predictions_bp.input(StudyRowsQuery, location="query")
@study_predictions_bp.output(StudyRows)
@study_predictions_bp.doc(responses=NOT_YET)
def list_study_predictions(study_id: int, query_data: StudyRowsQuery) -> Record:
    """List the out-of-fold predictions: of each row by networks that never saw its group."""
    _, dataset, predictions = predictions_of(study_id)
    table = None if dataset is None else open_rows(services().tables.table(dataset))
    places = find(predictions, query_data.sort, query_data.label)
    offset, limit = query_data.offset, query_data.limit
    rows = described(predictions, places[offset : offset + limit], table)
    answer = {"rows": rows, "count": len(rows), "total": len(places)}
    return {**answer, "offset": offset, "limit": limit}


@study_predictions_bp.get("/<int:study_id>/predictions.csv")
@study_predictions_bp.input(StudyTableQuery, location="query")
@study_predictions_bp.output(FileSchema, content_type="text/csv")
@study_predictions_bp.doc(responses=NOT_YET)
def download_study_predictions(study_id: int, query_data: StudyTableQuery) -> Response:
    """Download the out-of-fold predictions as CSV, with the columns of the table.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    study, dataset, predictions = predictions_of(study_id)
    table = None if dataset is None else open_rows(services().tables.table(dataset))
    places = find(predictions, query_data.sort, query_data.label)
    record_download("study_downloaded", study["workspace_id"], f"study {study_id}", study["name"])
    response = Response(as_csv(predictions, places, table), mimetype="text/csv")
    name = f"{study['name']}_{study_id}_predictions.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def predictions_of(study_id: int) -> tuple[Record, Record | None, Predictions]:
    """The study, its dataset if it exists, and its out-of-fold predictions.

    Raises:
        Conflict: it is of another kind, no session has completed yet, or the files of one are
            missing or damaged.
    """
    with services().database.read() as connection:
        study = usable_study(connection, study_id)
        require_every_row(study)
        parts = studies.parts_of(connection, [study_id])[study_id]
        dataset = datasets.find(connection, study["dataset_id"] or 0)
    tested = read_by_seed(services().storage, study, parts)
    found = mean_over_seeds(tested, study["dataset_size"])
    if found is None:
        raise Conflict(f"No session of study {study_id} has completed yet: it has no predictions.")
    return study, dataset, found
