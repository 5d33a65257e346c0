"""/api/training/dataset/…/labels, …/versions: votes on labels, and frozen versions."""

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response
from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.labels import votes
from backend.errors import Forbidden, Invalid
from backend.services.labels import exchange, versions, voting
from backend.web.access import usable_dataset
from backend.web.audit_log import record, record_download
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.request_body import received_file
from backend.web.schemas.training.labels import (
    MOST_TEXT,
    DatasetVersions,
    ImportForm,
    ImportQuery,
    LabelChanges,
    LabelsChanged,
    LabelsImported,
    LabelsQuery,
    LabelsUndone,
    LabelUndo,
    RuleRequest,
    VersionAnswer,
    VersionRequest,
    VotedRows,
)

labels_bp = APIBlueprint("labels", __name__, url_prefix="/api/training/dataset", tag="Labels")

_NO_ROWS = {409: "The rows of the dataset are missing on the server"}
_FULL = {507: "The quota of the workspace's owner is used up"}

_MOST_SHOWN = 100


@labels_bp.get("/<int:dataset_id>/labels")
@labels_bp.input(LabelsQuery, location="query")
@labels_bp.output(VotedRows)
@labels_bp.doc(responses=_NO_ROWS)
def list_labels(dataset_id: int, query_data: LabelsQuery) -> Record:
    """List the rows that somebody says something of: who, when, why, and what counts."""
    offset, limit, row = query_data.offset, query_data.limit, query_data.row
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
        if row is None:
            chosen, total = votes.rows_with_votes(connection, dataset_id, offset, limit)
        else:
            _require_row(dataset, row)
            chosen, total = ([] if offset else [row]), 1
        has_past = row is not None
        rows = voting.described(services(), connection, dataset, chosen, past=has_past)
        layer = votes.layer_of(connection, dataset_id)
    return {**layer, "rows": rows, "count": len(rows), "total": total} | {
        "offset": offset,
        "limit": limit,
    }


@labels_bp.put("/<int:dataset_id>/labels")
@labels_bp.input(LabelChanges)
@labels_bp.output(LabelsChanged)
@labels_bp.doc(responses=_FULL)
def update_labels(dataset_id: int, json_data: LabelChanges) -> Record:
    """Vote on the labels of rows: another label, `exclude` or a comment, with the reason.

    It is your vote; the dataset's rule says what counts. The file stays as it is. The same vote
    again changes nothing.
    """
    changes = [each.model_dump() for each in json_data.changes]
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        changed = voting.say(services(), connection, dataset, current_user(), changes)
        return _changed(connection, dataset_id, changed)


@labels_bp.post("/<int:dataset_id>/labels/undo")
@labels_bp.input(LabelUndo)
@labels_bp.output(LabelsUndone)
@labels_bp.doc(responses={409: "There is nothing of yours to undo"})
def undo_labels(dataset_id: int, json_data: LabelUndo) -> Record:
    """Withdraw your last change, of a row or of all rows of one request.

    Your votes from before it count again.
    """
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        rows = voting.undo(connection, dataset, current_user(), json_data.row)
        return {**_changed(connection, dataset_id, len(rows)), "rows": rows}


@labels_bp.put("/<int:dataset_id>/labels/rule")
@labels_bp.input(RuleRequest)
@labels_bp.output(LabelsChanged)
@labels_bp.doc(responses={403: "Only the owner may do this"})
def update_label_rule(dataset_id: int, json_data: RuleRequest) -> Record:
    """Set whether a label changes by the owner's decision or by majority."""
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        if dataset["role"] != "owner":
            raise Forbidden("Only the owner of the workspace may do this.")
        before = voting.set_rule(connection, dataset, json_data.rule)
        if before is not None:
            detail = f"{before} to {json_data.rule}"
            _record(connection, "label_rule_changed", dataset, detail)
        return _changed(connection, dataset_id, 0)


@labels_bp.get("/<int:dataset_id>/labels.csv")
@labels_bp.output(FileSchema, content_type="text/csv")
@labels_bp.doc(responses=_NO_ROWS)
def download_labels(dataset_id: int) -> Response:
    """Download the layer as CSV: a line for each row that somebody says something of.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
        chosen, _ = votes.rows_with_votes(connection, dataset_id, 0, dataset["num_samples"])
        rows = voting.described(services(), connection, dataset, chosen, past=False)
    target = f"dataset {dataset_id}"
    record_download("dataset_downloaded", dataset["workspace_id"], target, "labels")
    response = Response(exchange.as_csv(rows), mimetype="text/csv")
    name = f"dataset_{dataset_id}_labels.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@labels_bp.post("/<int:dataset_id>/labels/import")
@labels_bp.input(ImportForm, location="form_and_files", arg_name="form")
@labels_bp.input(ImportQuery, location="query")
@labels_bp.output(LabelsImported)
@labels_bp.doc(responses={**_NO_ROWS, **_FULL, 413: "The file is too large", 415: "No form"})
def import_labels(dataset_id: int, form: ImportForm, query_data: ImportQuery) -> Record:
    """Import labels from CSV as votes of yours: an export, or a table of your own.

    It has `label`, and `row`, `line`, `name` or `star`; `reason` and `comment` if you like. Where
    a row is not known, nothing is imported and the answer names it, unless `skip_unknown` is set.
    """
    incoming = received_file(form)
    incoming.flush()
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
    with open(incoming.path, "rb") as file:
        content = file.read(exchange.MOST_BYTES + 1)
    found = exchange.read_csv(services(), dataset, content, MOST_TEXT)
    if found.unknown and not query_data.skip_unknown:
        raise exchange.refused("A row is unknown, nothing was imported", found.unknown)
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        changed = voting.say(services(), connection, dataset, current_user(), found.changes)
        if changed:
            _record(connection, "labels_imported", dataset, f"{changed:,} rows")
        return {
            **_changed(connection, dataset_id, changed),
            "unknown": found.unknown[:_MOST_SHOWN],
            "unknown_count": len(found.unknown),
            "undecided": found.undecided,
        }


@labels_bp.get("/<int:dataset_id>/versions")
@labels_bp.output(DatasetVersions)
@labels_bp.doc(responses=_NO_ROWS)
def list_dataset_versions(dataset_id: int) -> Record:
    """List the versions of a dataset, newest first, and say what the layer is now."""
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
        found = versions.described(connection, dataset)
        now = versions.current(services(), connection, dataset)
    return {"versions": found, "count": len(found), "current": now}


@labels_bp.post("/<int:dataset_id>/versions")
@labels_bp.input(VersionRequest)
@labels_bp.output(VersionAnswer, 201)
@labels_bp.doc(responses={**_NO_ROWS, **_FULL, 200: "There is this version already"})
def create_dataset_version(dataset_id: int, json_data: VersionRequest) -> tuple:
    """Freeze the layer as it is now: the same layer is the same version.

    Sessions do so by themselves when they start.
    """
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        user = current_user()
        version, is_new = versions.freeze(services(), connection, dataset, user, json_data.name)
        if is_new:
            _record(connection, "version_created", dataset, f"version {version.number}")
        found = versions.described(connection, dataset)
    shown = next(each for each in found if each["number"] == version.number)
    words = "was frozen" if is_new else "is this layer already"
    answer = {"message": f"Version {version.number} {words}.", "version": shown}
    return answer, (201 if is_new else 200)


def _changed(connection: Connection, dataset_id: int, changed: int) -> Record:
    layer = votes.layer_of(connection, dataset_id)
    rows = f"{changed:,} row{'' if changed == 1 else 's'}"
    return {**layer, "message": f"Your votes on {rows} were saved.", "changed": changed}


def _record(connection: Connection, action: str, dataset: Record, detail: str) -> None:
    target = f"dataset {dataset['id']}"
    workspace_id = dataset["workspace_id"]
    record(connection, action, workspace_id=workspace_id, target=target, detail=detail)


def _require_row(dataset: Record, row: int) -> None:
    last = dataset["num_samples"] - 1
    if row > last:
        raise Invalid.field("row", f"Expected a whole number from 0 to {last}, received {row}.")
