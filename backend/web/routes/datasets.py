"""/api/training/…dataset…: uploads, their profiles and rows."""

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import datasets
from backend.database.connection import Record
from backend.database.curves import view_jobs
from backend.errors import Conflict, Unavailable
from backend.services.bin.emptying import finish
from backend.services.bin.put import put
from backend.services.curves import views
from backend.services.datasets.preview import accepted, preview
from backend.services.datasets.relations import StillRelating
from backend.services.datasets.upload import name_from, store, suffix_from
from backend.services.labels.voting import effective
from backend.services.quota import stored_bytes
from backend.storage.dataset_table import read_rows, read_rows_at, read_rows_of_label
from backend.storage.removal import Removal
from backend.transit.catalog.rejections import read_rejections
from backend.transit.columns import LABELS
from backend.transit.rows import Index
from backend.web.access import NO_WORKSPACE, usable_dataset, workspace_by_key
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.request_body import received_file
from backend.web.schemas.base import Done, Page, WorkspaceQuery
from backend.web.schemas.candidates import row_answer
from backend.web.schemas.datasets import (
    DatasetAnswer,
    DatasetRequest,
    Datasets,
    RejectedRows,
    Rows,
    RowsQuery,
    UploadForm,
    UploadResult,
)
from backend.web.schemas.reading import PreviewQuery

datasets_bp = APIBlueprint("datasets", __name__, url_prefix="/api/training", tag="Datasets")

_UPLOAD_RESPONSES = {
    **NO_WORKSPACE,
    200: "The same file, read in the same way, was uploaded before; or a preview",
    413: "The file is larger than EXOTRAIN_MAX_UPLOAD_MB",
    415: "The body is not a multipart form",
    507: "The quota of the workspace's owner or the disk is full",
}

_ROWS_MISSING = {409: "The rows of the dataset are missing on the server"}


@datasets_bp.post("/upload-dataset")
@datasets_bp.input(UploadForm, location="form_and_files", arg_name="form")
@datasets_bp.input(PreviewQuery, location="query")
@datasets_bp.output(UploadResult, 201)
@datasets_bp.doc(responses=_UPLOAD_RESPONSES)
def upload_dataset(form: UploadForm, query_data: PreviewQuery) -> tuple:
    """Upload a table of candidates: exotrain's own form, or an archive's table as downloaded.

    CSV, VOTable, FITS, ECSV, IPAC, Parquet and .xlsx are told apart by their content. Unusable rows
    are left out and listed in the profile of the dataset. `columns`, `units`, `labels` and `table`
    say how the table is to be read; read in another way, the same file is another dataset.
    With `?preview=1` nothing is stored: the answer tells what the dataset would be.
    """
    incoming = received_file(form)
    read_as = form.read_as()
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, form.workspace_key)
    if query_data.preview:
        return preview(services(), workspace, incoming, read_as), 200
    name = form.name or name_from(form.file.filename)
    suffix = suffix_from(form.file.filename)
    dataset, came = store(services(), workspace, incoming, name, suffix, read_as, _record_restored)
    with services().database.read() as connection:
        used = stored_bytes(services(), connection, workspace["owner_id"])
    report = dataset["profile"].get("report")  # none before 0.1.0
    answer = {
        "message": accepted(dataset),
        "warnings": report["warnings"] if report else [],
        "dataset": dataset,
        "stored_bytes": used,
        "restored": came == "restored",
    }
    if came == "restored":
        message = f"{dataset['name']!r} was in the bin: it is back as it was."
        return {**answer, "message": message}, 200
    if came == "there":
        message = f"The same file was uploaded before, as {dataset['name']!r}."
        return {**answer, "message": message}, 200
    return answer, 201, {"Location": f"/api/training/dataset/{dataset['id']}"}


@datasets_bp.get("/datasets")
@datasets_bp.input(WorkspaceQuery, location="query")
@datasets_bp.output(Datasets)
@datasets_bp.doc(responses=NO_WORKSPACE)
def list_datasets(query_data: WorkspaceQuery) -> Record:
    """List the datasets of a workspace, newest first."""
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        found = datasets.in_workspace(connection, workspace["id"])
    return {"datasets": found, "count": len(found)}


@datasets_bp.get("/dataset/<int:dataset_id>")
@datasets_bp.output(DatasetAnswer)
def get_dataset(dataset_id: int) -> Record:
    """Return one dataset with its profile."""
    with services().database.read() as connection:
        return {"dataset": usable_dataset(connection, dataset_id)}


@datasets_bp.patch("/dataset/<int:dataset_id>")
@datasets_bp.input(DatasetRequest)
@datasets_bp.output(DatasetAnswer)
def update_dataset(dataset_id: int, json_data: DatasetRequest) -> Record:
    """Give a dataset another name; specs of sessions keep the one that it had."""
    with services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        datasets.set_name(connection, dataset_id, json_data.name)
        _record(connection, "dataset_renamed", dataset, json_data.name)
    return {"dataset": {**dataset, "name": json_data.name}}


@datasets_bp.delete("/dataset/<int:dataset_id>")
@datasets_bp.output(Done)
@datasets_bp.doc(responses={409: "A session that waits, trains or is being kept uses it"})
def delete_dataset(dataset_id: int) -> Record:
    """Delete a dataset; its ended sessions and their models stay."""
    with Removal() as removal, services().database.write() as connection:
        dataset = usable_dataset(connection, dataset_id)
        in_use = datasets.sessions_using(connection, dataset_id)
        if in_use:
            raise Conflict(
                f"Dataset {dataset_id} is used by unfinished sessions "
                f"({', '.join(map(str, in_use))}): cancel them, or wait until they have ended."
            )
        views.forget(services(), connection, removal, view_jobs.of_dataset(connection, dataset_id))
        user_id = current_user()["id"]
        bin_id = put(services(), connection, "dataset", dataset, dataset["name"], user_id)
        datasets.remove(connection, dataset_id)
        _record(connection, "dataset_deleted", dataset, dataset["name"])
    finish(services(), bin_id)
    services().relations.forget(dataset)
    return {"message": f"Dataset {dataset_id} was deleted."}


@datasets_bp.get("/dataset/<int:dataset_id>/rows")
@datasets_bp.input(RowsQuery, location="query")
@datasets_bp.output(Rows)
@datasets_bp.doc(responses=_ROWS_MISSING)
def list_dataset_rows(dataset_id: int, query_data: RowsQuery) -> Record:
    """List the accepted rows, each with its line in the file.

    `name` and `evidence` are what the table tells besides: epoch, position and uncertainties;
    `relations` are to the other rows of the table.
    """
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
    path = services().tables.table(dataset)
    offset, limit, label = query_data.offset, query_data.limit, query_data.label
    if label is None:
        total = dataset["num_samples"]
        indices, rows = read_rows(path, offset, limit)
    else:
        total = dataset["class_counts"][LABELS[label]]
        indices, rows = read_rows_of_label(path, label, offset, limit)
    try:
        beside = services().tables.evidence(dataset)
    except (Conflict, Unavailable):  # what is missing is told in the log; the rows are there
        beside = None
    evidence = [None] * len(rows) if beside is None else read_rows_at(beside, indices)
    state, relations = _relations_at(dataset, indices) if query_data.relations else _NOT_ASKED
    relations = relations or [None] * len(rows)
    found = zip(indices, rows, evidence, relations, strict=True)
    answers = [row_answer(int(i), *each) for i, *each in found]
    with services().database.read() as connection:
        said = effective(services(), connection, dataset, [int(each) for each in indices])
    answers = [each | said.get(each["row"], {}) for each in answers]
    return {
        "rows": answers,
        "count": len(answers),
        "relations_state": state,
        "total": total,
        "offset": offset,
        "limit": limit,
    }


def _record_restored(connection: Connection, dataset: Record) -> None:
    _record(connection, "bin_restored", dataset, dataset["name"])


def _record(connection: Connection, action: str, dataset: Record, detail: str) -> None:
    record(
        connection,
        action,
        workspace_id=dataset["workspace_id"],
        target=f"dataset {dataset['id']}",
        detail=detail,
    )


_NOT_ASKED: tuple[str, list[Record | None]] = ("unknown", [])


def _relations_at(dataset: Record, indices: Index) -> tuple[str, list[Record | None]]:
    """Whether the relations of rows are known, and these; none where they are not."""
    try:
        found = services().relations.of(dataset)
    except StillRelating:
        return "pending", []
    return _NOT_ASKED if found is None else ("found", found.at(indices).described())


@datasets_bp.get("/dataset/<int:dataset_id>/rejected")
@datasets_bp.input(Page, location="query")
@datasets_bp.output(RejectedRows)
@datasets_bp.doc(responses=_ROWS_MISSING)
def list_rejected_rows(dataset_id: int, query_data: Page) -> Record:
    """List the rows that were left out, each with its line in the file and the reason.

    At most the first 500,000 of them are kept.
    """
    with services().database.read() as connection:
        dataset = usable_dataset(connection, dataset_id)
    path = services().tables.rejections(dataset)
    offset, limit = query_data.offset, query_data.limit
    with open(path, encoding="utf-8") as lines:
        rejected = [each._asdict() for each in read_rejections(lines, offset, limit)]
    return {
        "rejected": rejected,
        "count": len(rejected),
        "total": dataset["num_rejected"],
        "offset": offset,
        "limit": limit,
    }
