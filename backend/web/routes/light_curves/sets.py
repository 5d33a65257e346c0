"""/api/light-curves: curve sets, and the files that people bring for them."""

from pathlib import PurePath

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import imports, sets, view_jobs
from backend.errors import Conflict, Invalid, NotFound
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.emptying import finish
from backend.services.bin.put import put
from backend.services.curves import view, views
from backend.services.curves.folder_files import require_indexed
from backend.services.curves.matching import match
from backend.services.curves.posting import earlier_set, post_files, post_set
from backend.services.sessions.start import checked_key
from backend.storage import curve_files
from backend.storage.removal import Removal
from backend.web.access import (
    NO_WORKSPACE,
    usable_curve_set,
    usable_dataset,
    usable_upload,
    workspace_by_key,
)
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.request_body import received_files, takes
from backend.web.schemas.base import Done
from backend.web.schemas.curves.sets import (
    CurveSetAnswer,
    CurveSetDone,
    CurveSetQuery,
    CurveSets,
    CurveSetsQuery,
    CurvesForm,
    MoreCurvesForm,
    SaidOfCurves,
)

light_curves_bp = APIBlueprint(
    "light_curves", __name__, url_prefix="/api/light-curves", tag="Light curves"
)

_POSTED = {
    409: "An upload is not complete, or was used meanwhile; the server has no folder of its own, "
    "or has not indexed it yet",
    413: "The files are larger than EXOTRAIN_MAX_CURVES_MB",
    429: "EXOTRAIN_QUOTA_PENDING of your imports are waiting already",
    507: "The quota of the workspace's owner or the disk is full",
}

_DEFAULT_NAME = "light curves"
_FOLDER_NAME = "server folder"


@light_curves_bp.post("")
@takes("curves")
@light_curves_bp.input(CurvesForm, location="form_and_files", arg_name="form")
@light_curves_bp.output(CurveSetDone, 202)
@light_curves_bp.doc(responses={**NO_WORKSPACE, **_POSTED})
def create_curve_set(form: CurvesForm) -> tuple[Record, int, Record]:
    """Make a curve set of light curve files; they are read in the background.

    FITS files of Kepler, K2, TESS and QLP go in as they were downloaded, as do tables with a time
    and a flux, views that were prepared elsewhere, and zip and tar files of all these. A file that
    cannot be read is named in the set's `job`, the others are taken. With `server_folder` the
    files are those of the server's own folder, which stay there: what is read of them is kept in
    the set. With an `Idempotency-Key` header a repeated request makes no second set.
    """
    key = checked_key(request.headers.get("Idempotency-Key"))
    files = received_files()
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, form.workspace_key)
        # Before its uploads: they are gone once a set was made of them.
        found = earlier_set(connection, workspace, key, form.name) if form.name else None
        if found is None:
            pieced = _pieced(connection, form, workspace["id"])
            of_folder = _of_folder(connection, form, workspace["id"])
            names = [name for name, _ in files] + [each["name"] for each in pieced]
            name = form.name or of_folder or _name_of(names)
            found = earlier_set(connection, workspace, key, name)
    if found is None:
        found = post_set(
            services(),
            workspace,
            name,
            files,
            pieced,
            asked=_asked(form),
            user_id=current_user()["id"],
            key=key,
        )
    return _posted(found)


@light_curves_bp.get("")
@light_curves_bp.input(CurveSetsQuery, location="query")
@light_curves_bp.output(CurveSets)
@light_curves_bp.doc(responses=NO_WORKSPACE)
def list_curve_sets(query_data: CurveSetsQuery) -> Record:
    """List the curve sets of a workspace, newest first."""
    limit = query_data.limit
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        found = sets.in_workspace(connection, workspace["id"], limit + 1, query_data.cursor)
        shown = view.describe_all(connection, found[:limit])
    cursor = str(shown[-1]["id"]) if len(found) > limit else None
    return {"curve_sets": shown, "count": len(shown), "next_cursor": cursor}


@light_curves_bp.get("/<int:curve_set_id>")
@light_curves_bp.input(CurveSetQuery, location="query")
@light_curves_bp.output(CurveSetAnswer)
def get_curve_set(curve_set_id: int, query_data: CurveSetQuery) -> Record:
    """Return one curve set, and with a dataset which of its rows have curves in it."""
    with services().database.read() as connection:
        found = usable_curve_set(connection, curve_set_id)
        shown = view.describe(connection, found)
        dataset = None
        if query_data.dataset_id is not None:
            dataset = usable_dataset(connection, query_data.dataset_id)
            if dataset["workspace_id"] != found["workspace_id"]:
                raise NotFound(f"There is no dataset {dataset['id']} in this workspace.")
            prepared = views.find(connection, dataset, found)
    if dataset is not None:
        of_rows = None if prepared is None else views.describe(prepared)
        shown["match"] = {**match(services(), found, dataset), "views": of_rows}
    return {"curve_set": shown}


@light_curves_bp.post("/<int:curve_set_id>/files")
@takes("curves")
@light_curves_bp.input(MoreCurvesForm, location="form_and_files", arg_name="form")
@light_curves_bp.output(CurveSetDone, 202)
@light_curves_bp.doc(responses=_POSTED)
def add_curve_files(curve_set_id: int, form: MoreCurvesForm) -> tuple[Record, int, Record]:
    """Add files to a curve set; once they are read it has a new version.

    What uses an earlier version goes on with that.
    """
    files = received_files()
    with services().database.read() as connection:
        curve_set = usable_curve_set(connection, curve_set_id)
        pieced = _pieced(connection, form, curve_set["workspace_id"])
        _of_folder(connection, form, curve_set["workspace_id"])
    user_id = current_user()["id"]
    return _posted(
        post_files(services(), curve_set, files, pieced, asked=_asked(form), user_id=user_id)
    )


@light_curves_bp.post("/<int:curve_set_id>/cancel")
@light_curves_bp.output(CurveSetDone)
@light_curves_bp.doc(responses={409: "No import of it is under way"})
def cancel_curve_import(curve_set_id: int) -> Record:
    """End the unfinished imports of a curve set; its versions stay as they are."""
    with services().database.write() as connection:
        curve_set = usable_curve_set(connection, curve_set_id)
        found = imports.of_set(connection, curve_set_id)
        unfinished = [each for each in found if each["status"] in imports.UNFINISHED]
        if not unfinished:
            raise Conflict(f"No import of curve set {curve_set_id} is under way.")
        waiting = [each for each in unfinished if each["status"] == "pending"]
        for each in waiting:
            imports.end(connection, each["id"], "cancelled")
        for each in unfinished:
            if each not in waiting:
                imports.change(connection, each["id"], request="cancel")
        sets.change(connection, curve_set_id)
        shown = view.describe(connection, curve_set)
    _remove_files(waiting)
    services().notify_curves()
    return {"message": f"The import into {curve_set['name']} ends.", "curve_set": shown}


@light_curves_bp.delete("/<int:curve_set_id>")
@light_curves_bp.output(Done)
@light_curves_bp.doc(
    responses={
        409: "An import of it is under way, or an unfinished session, search or batch uses it"
    }
)
def delete_curve_set(curve_set_id: int) -> Record:
    """Delete a curve set with all its versions, and the views that were prepared by it."""
    with Removal() as removal, services().database.write() as connection:
        curve_set = usable_curve_set(connection, curve_set_id)
        views.require_unused_set(connection, curve_set)
        for each in imports.of_set(connection, curve_set_id):
            if each["status"] in imports.UNFINISHED:
                raise Conflict(
                    f"Curve set {curve_set_id} has an import that is {each['status']}: cancel it, "
                    "or wait until it has ended."
                )
        views.forget(services(), connection, removal, view_jobs.of_set(connection, curve_set_id))
        user_id = current_user()["id"]
        bin_id = put(services(), connection, "curve_set", curve_set, curve_set["name"], user_id)
        sets.remove(connection, curve_set_id)
        record(
            connection,
            "curve_set_deleted",
            workspace_id=curve_set["workspace_id"],
            target=f"curve set {curve_set_id}",
            detail=curve_set["name"],
        )
    services().notify_views()
    finish(services(), bin_id)
    return {"message": f"Curve set {curve_set_id} was deleted."}


def _pieced(connection: Connection, form: SaidOfCurves, workspace_id: int) -> list[Record]:
    ids = [int(each) for each in (form.upload_ids or "").split(",") if each]
    found = [usable_upload(connection, each) for each in dict.fromkeys(ids)]
    for each in found:
        if each["workspace_id"] != workspace_id:
            raise NotFound(f"There is no upload {each['id']} in this workspace.")
    return found


def _of_folder(connection: Connection, form: SaidOfCurves, workspace_id: int) -> str | None:
    """What a set of files of the server's folder is called; None: the files are others.

    Raises:
        Invalid: what is said with it cannot be.
        NotFound: there is no such dataset in this workspace.
        Conflict: it is not known what is in the folder.
    """
    if not form.server_folder:
        if form.dataset_id is not None:
            raise Invalid.field("dataset_id", "Expected it with server_folder only.")
        return None
    for name in ("file", "upload_ids", "star", "time_system", "flux"):
        if getattr(form, name):
            raise Invalid.field(name, "Expected nothing here, as server_folder is true.")
    found = None
    if form.dataset_id is not None:
        found = usable_dataset(connection, form.dataset_id)
        if found["workspace_id"] != workspace_id:
            raise NotFound(f"There is no dataset {found['id']} in this workspace.")
    require_indexed(services())
    return _FOLDER_NAME if found is None else str(found["name"])


def _name_of(names: list[str]) -> str:
    return PurePath(names[0]).stem if len(names) == 1 else _DEFAULT_NAME


def _asked(form: SaidOfCurves) -> Record:
    said: Record = {"star": form.star, "time": form.time_system, "flux": form.flux}
    if form.server_folder:
        said |= {"server_folder": True, "dataset_id": form.dataset_id}
    return said


def _posted(curve_set: Record) -> tuple[Record, int, Record]:
    services().notify_curves()
    with services().database.read() as connection:
        shown = view.describe(connection, curve_set)
    message = f"The files of {curve_set['name']} will be read."
    location = f"/api/light-curves/{curve_set['id']}"
    return {"message": message, "curve_set": shown}, 202, {"Location": location}


def _remove_files(jobs: list[Record]) -> None:
    for job in jobs:
        with left_to_the_next_start(f"the deletion of the files of import {job['id']}"):
            curve_files.remove_import(services().storage, job)
