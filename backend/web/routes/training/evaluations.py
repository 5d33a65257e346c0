"""/api/training/session/<id>/evaluation: how good a model is."""

import numpy as np
from apiflask import APIBlueprint
from flask import Response, jsonify

from backend.database import datasets, models
from backend.database.connection import Record
from backend.errors import Conflict, Invalid, NotFound
from backend.services.sessions.comparison import compare, require_same_table, seed_spread
from backend.storage.dataset_table import read_rows_at
from backend.transit.columns import COLUMNS, LABELS
from backend.web.access import usable_session
from backend.web.current import services
from backend.web.schemas.training.comparison import ComparisonAnswer, ComparisonQuery
from backend.web.schemas.training.evaluation import EvaluationAnswer
from backend.web.schemas.training.tested_rows import (
    EvaluationPoints,
    EvaluationRows,
    EvaluationRowsQuery,
)

evaluation_bp = APIBlueprint("evaluation", __name__, url_prefix="/api", tag="Evaluations")

_SESSION = "/training/session/<int:session_id>/evaluation"
# As many as a plot can show and a browser can draw at once.
MOST_POINTS = 2_000

_NOT_YET = {409: "The session has not completed, or its files are missing on the server"}

_NOT_COMPARABLE = {
    409: "The sessions are of different tables, have no test row in common, or have not completed"
}


@evaluation_bp.get(_SESSION)
@evaluation_bp.output(EvaluationAnswer)
@evaluation_bp.doc(responses=_NOT_YET)
def get_evaluation(session_id: int) -> Response:
    """Return the figures on the test stars, beside those of the baseline on the same stars."""
    evaluation = _evaluated_session(session_id)["evaluation"]
    # A ready response: what the worker wrote is sent as it is; its thousands of curve points are
    # not validated again.
    return jsonify(success=True, evaluation=evaluation)


@evaluation_bp.get(f"{_SESSION}/rows")
@evaluation_bp.input(EvaluationRowsQuery, location="query")
@evaluation_bp.output(EvaluationRows)
@evaluation_bp.doc(responses=_NOT_YET)
def list_evaluation_rows(session_id: int, query_data: EvaluationRowsQuery) -> Record:
    """List the test rows in a cell of the confusion matrix."""
    tested, dataset = _tested_rows(session_id)
    for name in ("true", "predicted"):
        wanted = getattr(query_data, name)
        if wanted is not None:
            tested = tested[tested[name] == wanted]
    offset, limit = query_data.offset, query_data.limit
    page = tested[offset : offset + limit]
    return {
        "rows": _described(page, dataset),
        "count": len(page),
        "total": len(tested),
        "offset": offset,
        "limit": limit,
    }


@evaluation_bp.get(f"{_SESSION}/points")
@evaluation_bp.output(EvaluationPoints)
@evaluation_bp.doc(responses=_NOT_YET)
def get_evaluation_points(session_id: int) -> Record:
    """Return the true and the predicted period and depth of the test rows."""
    tested, dataset = _tested_rows(session_id)
    if dataset is None:
        raise NotFound(
            f"The dataset of session {session_id} was deleted, and its true values with it."
        )
    chosen = np.linspace(0, len(tested) - 1, min(len(tested), MOST_POINTS)).astype(np.intp)
    shown = tested[chosen]
    path = services().tables.table(dataset)
    rows = read_rows_at(path, shown["row"])
    return {
        "row": shown["row"].tolist(),
        "label": shown["true"].tolist(),
        "period": {"true": rows["period"].tolist(), "predicted": shown["period"].tolist()},
        "depth": {"true": rows["depth"].tolist(), "predicted": shown["depth_ppm"].tolist()},
        "count": len(shown),
        "total": len(tested),
    }


@evaluation_bp.get("/training/session/<int:session_id>/comparison")
@evaluation_bp.input(ComparisonQuery, location="query")
@evaluation_bp.output(ComparisonAnswer)
@evaluation_bp.doc(responses=_NOT_COMPARABLE)
def get_comparison(session_id: int, query_data: ComparisonQuery) -> Record:
    """Compare the models of two sessions on the rows that both were tested on.

    Neither was trained on any of them. The interval of a difference comes from a bootstrap over the
    groups of rows, in which both are measured on the same draws.
    """
    ids = session_id, query_data.other
    one = _evaluated_session(session_id)
    if query_data.other == session_id:
        raise Invalid.field("other", f"Expected another session, received {session_id} itself.")
    other = _evaluated_session(query_data.other)
    require_same_table(one, other)
    (tested, dataset), (also_tested, _) = (_tested_rows(each) for each in ids)
    if dataset is None:
        raise NotFound(f"The dataset of session {session_id} was deleted, and its stars with it.")
    table = services().tables.table(dataset)
    with services().database.read() as connection:
        of_workspaces = [
            models.in_workspace(connection, each["workspace_id"]) for each in (one, other)
        ]
    spread = [seed_spread(*each) for each in zip((one, other), of_workspaces, strict=True)]
    found = compare((one, other), (tested, also_tested), table)
    return {"comparison": {"one": one["id"], "other": other["id"], **found, "seed_spread": spread}}


def _tested_rows(session_id: int) -> tuple[np.ndarray, Record | None]:
    """The test rows of a completed session with their predictions, and its dataset if it exists.

    Raises:
        NotFound, Conflict: as `_evaluated_session`; or its model was deleted, or lacks its file.
    """
    session = _evaluated_session(session_id)
    with services().database.read() as connection:
        model = models.of_session(connection, session_id)
        dataset = datasets.find(connection, session["dataset_id"] or 0)
    if model is None:
        raise NotFound(f"The model of session {session_id} was deleted, and its test rows with it.")
    try:
        tested = np.load(services().storage.model(model["file"]).with_suffix(".test.npy"))
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise Conflict(
            f"The test predictions of session {session_id} are missing on the server, or damaged. "
            "Restore the model's files from a backup, or train it again."
        ) from error
    return tested, dataset


def _evaluated_session(session_id: int) -> Record:
    """The session, if it is completed or was kept, and had test stars.

    Raises:
        NotFound: there is no such session, or it was trained without test stars.
        Conflict: it has not completed.
    """
    with services().database.read() as connection:
        session = usable_session(connection, session_id)
    # A failed session has a best epoch once that was kept.
    if session["status"] != "completed" and session["best_epoch"] is None:
        raise Conflict(
            f"Session {session_id} is {session['status']}; only completed ones have an evaluation, "
            "and failed ones whose best epoch was kept."
        )
    if session["evaluation"] is None:
        raise NotFound(
            f"Session {session_id} was trained with test_split 0, so it has no test stars."
        )
    return session


def _described(tested: np.ndarray, dataset: Record | None) -> list[Record]:
    answers = [_prediction(each) for each in tested]
    if dataset is not None and answers:
        path = services().tables.table(dataset)
        for answer, row in zip(answers, read_rows_at(path, tested["row"]), strict=True):
            answer["line"] = int(row["line"])
            answer["star"] = row["star"].decode("utf-8", "replace") or None
            answer["candidate"] = {name: float(row[name]) for name in COLUMNS}
    return answers


def _prediction(tested: np.void) -> Record:
    shares = zip(LABELS, tested["probabilities"].tolist(), strict=True)
    return {
        "row": int(tested["row"]),
        "line": None,
        "star": None,
        "true": int(tested["true"]),
        "true_name": LABELS[tested["true"]],
        "predicted": int(tested["predicted"]),
        "predicted_name": LABELS[tested["predicted"]],
        "probabilities": dict(shares),
        "period": float(tested["period"]),
        "depth_ppm": float(tested["depth_ppm"]),
        "candidate": None,
    }
