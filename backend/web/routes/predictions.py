"""/api/predict: one candidate, many candidates, or a whole catalogue."""

import math
import os
from typing import Any

import numpy as np
from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, send_file
from pydantic import ValidationError
from sqlalchemy import Connection

from backend.database import datasets, models
from backend.database.connection import Record
from backend.errors import Invalid, NotFound, Unavailable
from backend.services.batch_jobs.posting import described_model, told_model
from backend.services.curves.candidate import Asked
from backend.services.datasets.relations import StillRelating
from backend.services.datasets.upload import name_from
from backend.services.predictions.catalogue import predict_catalogue
from backend.services.predictions.model import (
    choose_model,
    require_curve_reader,
    training_source,
    usual_numbers,
    warnings_about,
)
from backend.services.predictions.rows import predict
from backend.services.predictions.unlike_training import (
    count_known,
    learnt_from,
    missing_in_all,
    sentences,
    told_unlike,
    unlike_training,
)
from backend.storage.dataset_table import read_rows
from backend.storage.incoming import require_space
from backend.transit.columns import REQUIRED
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.related import RelationsOfSome
from backend.transit.rows import as_rows
from backend.web.access import NO_WORKSPACE, workspace_by_key
from backend.web.audit_log import record_download
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.request_body import or_form, received_file, received_files
from backend.web.schemas.candidates import Candidate, CandidateBody
from backend.web.schemas.predictions import (
    BatchForm,
    PredictAnswer,
    PredictForm,
    PredictMany,
    PredictOne,
    PredictRequest,
)
from backend.web.validation_messages import field_errors, summary

# For the relations of a dataset, where they are not known yet.
_PATIENCE_SECONDS = 20.0

predictions_bp = APIBlueprint("predictions", __name__, url_prefix="/api/predict", tag="Predictions")

_RESPONSES = {
    **NO_WORKSPACE,
    409: "The workspace has no current model, or the model's file is damaged (`model_corrupt`)",
    429: "Too many predictions wait already, or a light curve of the user is being read",
    503: "The predictor is busy or restarting",
}


@predictions_bp.input(PredictForm, location="form_and_files", arg_name="form")
def _predict_with_curve(form: PredictForm) -> Record:
    """Classify one candidate by its light curve too."""
    files = received_files()
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, form.workspace_key)
        model = choose_model(connection, workspace, form.model_id)
    require_curve_reader(model, "file")
    asked = Asked(
        as_rows([form.numbers()]),
        form.epoch,
        star=None if form.star is None else str(form.star),
        is_same_star=form.same_star,
        time=form.time_system,
        flux=form.flux,
    )
    curve = services().candidate_curves.of(
        [(each.path, name) for name, each in files], asked, current_user()["id"]
    )
    form.star = curve.star if form.star is None else form.star
    source = form.source or training_source(model)
    answer = _answer([form], model, source, None, curve.views)
    return {**answer, "light_curve": {**curve.described(), "usual": usual_numbers(model)}}


@predictions_bp.post("", endpoint="predict")
@predictions_bp.output(PredictAnswer)
@predictions_bp.doc(responses={**_RESPONSES, 413: "The files are too large"})
@or_form(_predict_with_curve)
@predictions_bp.input(PredictRequest)
def predict_candidates(json_data: PredictRequest) -> Record:
    """Classify one candidate, or `rows` of them, with the current model or the one named.

    As a form it takes one candidate with its light curve: `epoch` and one `file` or many, read as
    those of a curve set are. `light_curve` says what they show; nothing of them is kept.
    """
    asked: PredictOne | PredictMany = json_data.root
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, asked.workspace_key)
        model = choose_model(connection, workspace, asked.model_id)
        dataset = _dataset_of(connection, workspace, asked)
    source = asked.source or training_source(model)
    candidates = [asked] if isinstance(asked, PredictOne) else list(map(_checked, asked.rows))
    return _answer(candidates, model, source, _relations_of(dataset, asked))


@predictions_bp.post("/batch")
@predictions_bp.input(BatchForm, location="form_and_files", arg_name="form")
@predictions_bp.output(FileSchema, content_type="text/csv")
@predictions_bp.doc(
    responses={**_RESPONSES, 413: "The file is too large", 415: "The body is not a multipart form"}
)
def predict_batch(form: BatchForm) -> Response:
    """Classify a catalogue in any format; returns its table with the predictions added.

    For a row that cannot be predicted, `prediction_error` has the reason. Text that a spreadsheet
    would run as a formula gets an apostrophe in front; other cells stay as they are. The answer has
    the table's separator and decimal sign, told by the header `Exotrain-Dialect`; columns that an
    earlier prediction added are replaced. `Exotrain-Columns` tells where ours are and how their
    numbers were read, such as `depth=2;decimal=comma`, `Exotrain-Source` the survey that the rows
    were taken for, and `Exotrain-Model` the model: id, SHA-256, date, threshold,
    and `simulated` if it was trained on simulated data. `Exotrain-Unlike-Training` is there where
    the rows are unlike those that the model learnt from, such as
    `another_survey;trained_on=koi;source=toi, missing_input;columns="impact snr"`. A VOTable, FITS,
    ECSV, IPAC, Parquet or .xlsx file is answered as CSV between commas, and `Exotrain-File` is a
    JSON object with its kind, the table that was read, those in the file, and notes.
    """
    incoming = received_file(form)
    read_as = form.read_as()
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, form.workspace_key)
        model = choose_model(connection, workspace, form.model_id)
    stem = name_from(form.file.filename).removesuffix(".csv")
    incoming.flush()
    answer = services().storage.new_incoming()
    require_space(answer.parent, 2 * incoming.size)
    try:
        source = form.source or training_source(model)
        user_id = current_user()["id"]
        read, unlike = predict_catalogue(
            services(), model, incoming.path, answer, source, user_id, read_as
        )
        record_download("batch_downloaded", workspace["id"], f"model {model['id']}", stem)
        # It can be read to its end although its name is gone: nothing is left behind.
        stream = open(answer, "rb")  # noqa: SIM115 - the response closes it
    finally:
        answer.unlink(missing_ok=True)
    response = send_file(
        stream, "text/csv", as_attachment=True, download_name=f"{stem}_predictions.csv"
    )
    response.headers["Exotrain-Source"] = read.source
    response.headers["Exotrain-Dialect"] = read.dialect()
    response.headers["Exotrain-Columns"] = read.columns()
    response.headers["Exotrain-Model"] = told_model(described_model(model))
    if unlike:
        response.headers["Exotrain-Unlike-Training"] = told_unlike(unlike)
    if read.converted is not None:
        response.headers["Exotrain-File"] = read.file()
    response.content_length = os.fstat(stream.fileno()).st_size
    return response


def _answer(
    candidates: list[Any],
    model: Record,
    source: str,
    related: RelationsOfSome | None,
    views: ViewRows | None = None,
) -> Record:
    """The answer to a request, an error in the place of a bad candidate."""
    answers = _answers(candidates, model, source, related, views)
    unlike = _unlike_training(candidates, model, source, related)
    return {
        "predictions": answers,
        "count": len(answers),
        "model_id": model["id"],
        "simulated": models.is_simulated(model),
        "warnings": [*warnings_about(model), *sentences(unlike, model["id"])],
        "unlike_training": unlike,
        "source": source,
    }


def _checked(row: Any) -> Candidate | list[dict[str, str]]:
    """A candidate, or what is wrong with it."""
    try:
        return CandidateBody.model_validate(row)
    except ValidationError as error:
        return field_errors(error, CandidateBody)


def _dataset_of(
    connection: Connection, workspace: Record, asked: PredictOne | PredictMany
) -> Record | None:
    """The dataset that the one candidate is a row of; None: it is not said.

    Raises:
        NotFound: it is not in this workspace, or has no such row.
    """
    place = asked.dataset_row if isinstance(asked, PredictOne) else None
    if place is None:
        return None
    dataset = datasets.find(connection, place.dataset_id)
    if dataset is None or dataset["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no dataset {place.dataset_id} in this workspace.")
    if place.row >= dataset["num_samples"]:
        raise NotFound(
            f"There is no row {place.row} in dataset {dataset['id']}: it has "
            f"{dataset['num_samples']}."
        )
    return dataset


def _relations_of(
    dataset: Record | None, asked: PredictOne | PredictMany
) -> RelationsOfSome | None:
    """How the one candidate relates to the other rows of its dataset; None: unknown."""
    if dataset is None or not isinstance(asked, PredictOne) or asked.dataset_row is None:
        return None
    _require_same(dataset, asked)
    try:
        found = services().relations.of(dataset, _PATIENCE_SECONDS)
    except StillRelating as error:
        detail = f"The relations of dataset {dataset['id']} are being found: try again in a moment."
        raise Unavailable(detail, Retry_After="5") from error
    return None if found is None else found.at(np.array([asked.dataset_row.row]))


def _require_same(dataset: Record, asked: PredictOne) -> None:
    """Check that the candidate is the row that it is said to be.

    Raises:
        Invalid: it is not.
    """
    assert asked.dataset_row is not None
    _, (row,) = read_rows(services().tables.table(dataset), asked.dataset_row.row, 1)
    for name in REQUIRED:
        expected, came = float(row[name]), getattr(asked, name)
        if not math.isclose(expected, came, rel_tol=1e-6):
            raise Invalid.field(
                name,
                f"Expected {expected:g}, that of row {asked.dataset_row.row} of dataset "
                f"{dataset['id']} (dataset_row), received {came:g}.",
            )


def _unlike_training(
    candidates: list[Any], model: Record, source: str, related: RelationsOfSome | None
) -> list[Record]:
    """In what all the candidates that can be predicted are unlike the model's training rows."""
    good = [each.numbers() for each in candidates if isinstance(each, Candidate)]
    known = count_known(as_rows(good), related) if good else {}
    return unlike_training(learnt_from(model), source, missing_in_all(known))


def _answers(
    candidates: list[Any],
    model: Record,
    source: str,
    related: RelationsOfSome | None,
    views: ViewRows | None,
) -> list[dict[str, Any]]:
    """Predictions in the order of the candidates, an error in the place of a bad one."""
    answers: list[dict[str, Any]] = []
    good = [(n, each) for n, each in enumerate(candidates, 1) if isinstance(each, Candidate)]
    rows = as_rows([each.numbers() for _, each in good])
    rows["line"] = [number for number, _ in good]  # what an error calls them by
    user_id = current_user()["id"]
    predicted = iter(
        predict(services(), model, rows, source, user_id, related=related, views=views)
        if good
        else []
    )
    for row, each in enumerate(candidates):
        if isinstance(each, Candidate):
            answers.append({"row": row, "star": each.star, **next(predicted)})
        else:
            answers.append({"row": row, "error": summary(each), "errors": each})
    return answers
