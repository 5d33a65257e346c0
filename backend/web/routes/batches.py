"""/api/predict/batches: catalogues that are predicted in the background."""

import os
import secrets
import unicodedata
from urllib.parse import quote

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request
from werkzeug.http import dump_options_header
from werkzeug.wsgi import wrap_file

from backend.database import batches
from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.aftermath import left_to_the_next_start
from backend.services.batch_jobs.formats import write_as
from backend.services.batch_jobs.light_curves import asked_curves
from backend.services.batch_jobs.posting import (
    described,
    earlier_batch,
    post_batch,
    require_catalogue,
    told_model,
    unlike_training_of,
)
from backend.services.batch_jobs.preview import preview
from backend.services.batch_jobs.result import Result, Wanted
from backend.services.bin.emptying import finish
from backend.services.bin.put import put
from backend.services.datasets.upload import name_from
from backend.services.predictions.model import choose_model
from backend.services.predictions.unlike_training import told_unlike
from backend.services.sessions.start import checked_key
from backend.web.access import NO_WORKSPACE, usable_batch, workspace_by_key
from backend.web.audit_log import record, record_download
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.json_provider import respond
from backend.web.request_body import received_file
from backend.web.response_headers import answer_unchanged
from backend.web.schemas.base import Done
from backend.web.schemas.batches import (
    BatchAnswer,
    BatchDone,
    Batches,
    BatchesQuery,
    BatchJobForm,
    BatchPosted,
    BatchResultQuery,
    BatchRows,
    BatchRowsQuery,
)
from backend.web.schemas.reading import PreviewQuery

batches_bp = APIBlueprint("batches", __name__, url_prefix="/api/predict/batches", tag="Batches")

# Another version, or a restored database, may show the same version of a batch otherwise.
_SINCE_START = secrets.token_hex(4)

_POSTED = {
    **NO_WORKSPACE,
    200: "A preview",
    409: "The workspace has no current model, or the curve set no light curves yet",
    413: "The file is too large",
    415: "The body is not a multipart form",
    429: "EXOTRAIN_QUOTA_PENDING of your batches are waiting already",
    507: "The quota of the workspace's owner or the disk is full",
}
_SUFFIXES = {"csv": "csv", "ecsv": "ecsv", "votable": "vot"}
_TYPES = {"ecsv": "text/csv", "votable": "application/x-votable+xml"}

_RESULT = {
    409: "The batch is not completed, or its result is missing on the server",
    410: "The result was removed after EXOTRAIN_BATCH_DAYS",
}


@batches_bp.post("")
@batches_bp.input(BatchJobForm, location="form_and_files", arg_name="form")
@batches_bp.input(PreviewQuery, location="query")
@batches_bp.output(BatchPosted, 202)
@batches_bp.doc(responses=_POSTED)
def create_batch(form: BatchJobForm, query_data: PreviewQuery) -> tuple:
    """Post a catalogue in any format; it waits for its turn, then is predicted in the background.

    It is predicted with the model as it is now. With an `Idempotency-Key` header a repeated request
    posts no second batch. `POST /api/predict/batch` answers with the predictions at once.
    With `curve_set_id` its rows have the light curves of that set, which are prepared first; rows
    without one are predicted by their columns alone.
    With `?preview=1` nothing is stored, and no model is needed: the answer tells how the table
    would be read, and which of its rows would be predicted. Viewers may ask that too.
    """
    if query_data.preview:
        return _preview(form), 200
    key = checked_key(request.headers.get("Idempotency-Key"))
    incoming = received_file(form)
    incoming.flush()
    read_as = form.read_as()
    asked = {
        "model_id": form.model_id,
        "source": form.source,
        "read_as": read_as.to_json(),
    }
    if form.curve_set_id is not None:
        asked["curve_set_id"] = form.curve_set_id
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, form.workspace_key)
        batch = earlier_batch(connection, workspace, key, incoming.sha256, asked)
        if batch is None:
            model = choose_model(connection, workspace, form.model_id)
            asked_curves(connection, workspace, model, form.curve_set_id)
    if batch is None:
        require_catalogue(services(), incoming.path, read_as)
        batch = post_batch(
            services(),
            workspace,
            model,
            incoming,
            name=name_from(form.file.filename),
            asked=asked,
            curve_set_id=form.curve_set_id,
            user_id=current_user()["id"],
            key=key,
        )
        services().notify_batches()
    message = f"Batch {batch['id']} is {batch['status']}."
    answer = {"message": message, "batch": described(services(), batch)}
    return answer, 202, {"Location": f"/api/predict/batches/{batch['id']}"}


@batches_bp.get("")
@batches_bp.input(BatchesQuery, location="query")
@batches_bp.output(Batches)
@batches_bp.doc(responses=NO_WORKSPACE)
def list_batches(query_data: BatchesQuery) -> Record:
    """List the batches of a workspace, newest first."""
    limit = query_data.limit
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        found = batches.in_workspace(
            connection,
            workspace["id"],
            status=query_data.status,
            limit=limit + 1,
            before=query_data.cursor,
        )
    shown = [described(services(), each) for each in found[:limit]]
    cursor = str(shown[-1]["id"]) if len(found) > limit else None
    return {"batches": shown, "count": len(shown), "next_cursor": cursor}


@batches_bp.get("/<int:batch_id>")
@batches_bp.output(BatchAnswer)
def get_batch(batch_id: int) -> Response:
    """Return one batch with its progress."""
    with services().database.read() as connection:
        batch = usable_batch(connection, batch_id)
    etag = f"{_SINCE_START}-{batch_id}-{batch['version']}"
    if unchanged := answer_unchanged(etag):
        return unchanged
    response = respond(BatchAnswer, {"batch": described(services(), batch)})
    response.set_etag(etag)
    return response


@batches_bp.post("/<int:batch_id>/cancel")
@batches_bp.output(BatchDone)
@batches_bp.doc(responses={409: "The batch has ended"})
def cancel_batch(batch_id: int) -> Record:
    """End a batch and keep nothing of it."""
    with services().database.write() as connection:
        batch = usable_batch(connection, batch_id)
        if batch["status"] not in batches.UNFINISHED:
            raise Conflict(f"Batch {batch_id} has already ended: it is {batch['status']}.")
        is_waiting = batch["status"] == "pending"
        if is_waiting:
            batches.end(connection, batch_id, "cancelled")
            message = f"Batch {batch_id} was waiting and has been cancelled."
        else:
            batches.change(connection, batch_id, request="cancel")
            message = f"Batch {batch_id} ends and keeps nothing."
        changed = usable_batch(connection, batch_id)
    if is_waiting:
        _remove_files(batch)
    services().notify_batches()
    return {"message": message, "batch": described(services(), changed)}


@batches_bp.delete("/<int:batch_id>")
@batches_bp.output(Done)
@batches_bp.doc(responses={409: "The batch has not ended"})
def delete_batch(batch_id: int) -> Record:
    """Delete an ended batch and its result."""
    with services().database.write() as connection:
        batch = usable_batch(connection, batch_id)
        _require_ended(batch)
        user_id = current_user()["id"]
        bin_id = put(services(), connection, "batch", batch, batch["file_name"], user_id)
        batches.remove(connection, batch_id)
        record(
            connection,
            "batch_deleted",
            workspace_id=batch["workspace_id"],
            target=f"batch {batch_id}",
            detail=batch["file_name"],
        )
    finish(services(), bin_id)
    return {"message": f"Batch {batch_id} was deleted."}


@batches_bp.get("/<int:batch_id>/rows")
@batches_bp.input(BatchRowsQuery, location="query")
@batches_bp.output(BatchRows)
@batches_bp.doc(responses=_RESULT)
def list_batch_rows(batch_id: int, query_data: BatchRowsQuery) -> Response:
    """List the rows of a completed batch with their predictions, filtered and sorted."""
    offset, limit = query_data.offset, query_data.limit
    with services().database.read() as connection:
        batch = usable_batch(connection, batch_id)
    result = Result(services(), batch)
    places = result.find(query_data.wanted())
    rows = result.rows(places[offset : offset + limit])
    answer = {"rows": rows, "count": len(rows), "total": len(places)}
    return respond(BatchRows, {**answer, "offset": offset, "limit": limit})


@batches_bp.get("/<int:batch_id>/result")
@batches_bp.input(BatchResultQuery, location="query")
@batches_bp.output(FileSchema, content_type="text/csv")
@batches_bp.doc(responses=_RESULT)
def download_batch(batch_id: int, query_data: BatchResultQuery) -> Response:
    """Download a completed batch as a table: all of it, or the rows that the filters leave.

    Without filters the CSV is, byte for byte, what `POST /api/predict/batch` answers, and has the
    same headers. ECSV and VOTable have typed columns with units, and tell in their metadata which
    model predicted which file.
    """
    with services().database.read() as connection:
        batch = usable_batch(connection, batch_id)
    result, wanted = Result(services(), batch), query_data.wanted()
    record_download(
        "batch_downloaded", batch["workspace_id"], f"batch {batch_id}", batch["file_name"]
    )
    if query_data.format == "csv":
        is_whole = wanted == Wanted()
        size, pieces = result.whole() if is_whole else result.part(result.find(wanted))
        response = Response(pieces, mimetype="text/csv")
    else:
        path = write_as(services(), batch, result, wanted, query_data.format)
        try:
            # It can be read to its end although its name is gone: nothing is left behind.
            stream = open(path, "rb")  # noqa: SIM115 - the response closes it
        finally:
            path.unlink(missing_ok=True)
        size = os.fstat(stream.fileno()).st_size
        response = Response(wrap_file(request.environ, stream), mimetype=_TYPES[query_data.format])
        response.call_on_close(stream.close)
    response.content_length = size
    stem = batch["file_name"].removesuffix(".csv")
    suffix = _SUFFIXES[query_data.format]
    response.headers["Content-Disposition"] = _attachment(f"{stem}_predictions.{suffix}")
    read = result.own.read
    response.headers["Exotrain-Source"] = read.source
    response.headers["Exotrain-Dialect"] = read.dialect()
    response.headers["Exotrain-Columns"] = read.columns()
    response.headers["Exotrain-Model"] = told_model(batch["model"])
    if unlike := unlike_training_of(batch):
        response.headers["Exotrain-Unlike-Training"] = told_unlike(unlike)
    if read.converted is not None:
        response.headers["Exotrain-File"] = read.file()
    return response


def _preview(form: BatchJobForm) -> Record:
    incoming = received_file(form)
    read_as = form.read_as()
    with services().database.read() as connection:
        workspace_by_key(connection, form.workspace_key)
    return preview(services(), incoming, read_as)


def _attachment(name: str) -> str:
    """A header that names a file, in ASCII too (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    names = {"filename": plain}
    if plain != name:
        names["filename*"] = f"UTF-8''{quote(name, safe='')}"
    return dump_options_header("attachment", names)


def _require_ended(batch: Record) -> None:
    if batch["status"] in batches.UNFINISHED:
        raise Conflict(
            f"Batch {batch['id']} is {batch['status']} and cannot be deleted until it has ended: "
            "cancel it, or wait."
        )


def _remove_files(batch: Record) -> None:
    place = batch["workspace_id"], batch["id"]
    with left_to_the_next_start(f"the deletion of the files of batch {batch['id']}"):
        services().storage.remove_batch_upload(*place)
        services().storage.remove_batch_result(*place)
