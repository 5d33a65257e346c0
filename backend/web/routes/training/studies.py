"""/api/training/studies…: several sessions that answer one question."""

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import Connection

from backend.background.session_end import remove_files
from backend.database import datasets, studies
from backend.database.connection import Record
from backend.errors import Conflict, NotFound
from backend.services.bin.emptying import finish
from backend.services.quota import waiting_sessions
from backend.services.sessions.curves import with_curves
from backend.services.sessions.place import most_at_once, require_cluster
from backend.services.sessions.start import (
    asked_layer,
    checked_key,
    require_trainable,
    with_grouping,
    with_simulated,
    with_version,
)
from backend.services.studies import end, view
from backend.services.studies.kinds import KINDS, figures_field, kind_of
from backend.services.studies.start import add_study, how_it_waits
from backend.storage.removal import Removal
from backend.web.access import NO_WORKSPACE, usable_dataset, usable_study, workspace_by_key
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.routes.training.settings import own_of_study, spec_of_study
from backend.web.schemas.base import Done
from backend.web.schemas.training.requests.studies import StudyRequest
from backend.web.schemas.training.studies import (
    Studies,
    StudiesQuery,
    StudyAnswer,
    StudyDone,
    StudyStarted,
)

studies_bp = APIBlueprint("studies", __name__, url_prefix="/api/training/studies", tag="Studies")

_ENDED = {409: "The study has ended"}
_ENDS = {
    "stop": "Sessions of study {} in training stop after their epoch and keep the best weights; "
    "those that waited are cancelled.",
    "cancel": "Sessions of study {} that have not completed end now and keep nothing.",
}


@studies_bp.post("")
@studies_bp.input(StudyRequest)
@studies_bp.output(StudyStarted, 202)
@studies_bp.doc(
    responses={
        **NO_WORKSPACE,
        409: "The dataset was deleted, or its rows are missing on the server",
        429: "EXOTRAIN_QUOTA_PENDING of your sessions are waiting already; a study counts as one",
        507: "The quota of the workspace's owner is used up",
    }
)
def start_study(json_data: StudyRequest) -> tuple[Record, int, Record]:
    """Start a study: several sessions that answer one question.

    `folds`: every row is tested by networks that never saw its group; the groups are dealt into
    folds, and for each fold and seed a session trains on the others. `grid`: a few settings, each
    compared with the base on the same test rows. `search`: one setting after another, each chosen
    by what the earlier ones gave on the validation rows; its sessions are added as places get
    free. The sessions wait as others do, after those that you start by hand. With an
    `Idempotency-Key` header a repeated request starts no second study.
    """
    asked = json_data.root
    key = checked_key(request.headers.get("Idempotency-Key"))
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, asked.workspace_key)
        dataset = usable_dataset(connection, asked.dataset_id)
    if dataset["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no dataset {asked.dataset_id} in this workspace.")
    spec = spec_of_study(asked, dataset)
    own = own_of_study(asked, dataset, spec)
    spec = with_grouping(services(), dataset, with_simulated(services(), dataset, spec))
    settings = {**own, "seeds": [spec.seed], "spec": spec.model_dump()}
    with services().database.read() as connection:
        layer = asked_layer(services(), connection, dataset, asked.dataset_version)
        earlier = studies.find_by_idempotency_key(connection, workspace["id"], key or "")
    if earlier is None:  # else it was accepted, with the labels of then
        require_cluster(services().settings, spec)
        first = KINDS[asked.kind].specs(asked.name, settings)[0]
        require_trainable(services(), dataset, first, layer)
    with services().database.write() as connection:
        earlier = studies.find_by_idempotency_key(connection, workspace["id"], key or "")
        spec = with_version(
            services(),
            connection,
            dataset,
            spec,
            asked=asked.dataset_version,
            user=current_user(),
            earlier=earlier and earlier["settings"]["spec"],
        )
        spec = with_curves(connection, dataset, spec, earlier and earlier["settings"]["spec"])
        study = add_study(
            services(),
            connection,
            dataset,
            spec,
            name=asked.name,
            kind=asked.kind,
            own=own,
            seeds=asked.seeds,
            user_id=current_user()["id"],
            idempotency_key=key,
        )
        shown = _described(connection, study)
        answer = {
            "message": how_it_waits(study, len(shown["sessions"])),
            "study": shown,
            "waiting_sessions": waiting_sessions(services(), connection, current_user()["id"]),
        }
    services().notify_sessions()
    return answer, 202, {"Location": f"/api/training/studies/{study['id']}"}


@studies_bp.get("")
@studies_bp.input(StudiesQuery, location="query")
@studies_bp.output(Studies)
@studies_bp.doc(responses=NO_WORKSPACE)
def list_studies(query_data: StudiesQuery) -> Record:
    """List the studies of a workspace, newest first."""
    limit = query_data.limit
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, query_data.workspace_key)
        found = studies.in_workspace(connection, workspace["id"], limit + 1, query_data.cursor)
        shown = view.describe_all(connection, found[:limit], _places)
    cursor = str(shown[-1]["id"]) if len(found) > limit else None
    return {"studies": shown, "count": len(shown), "next_cursor": cursor}


@studies_bp.get("/<int:study_id>")
@studies_bp.output(StudyAnswer)
def get_study(study_id: int) -> Record:
    """Return one study with its sessions, and its figures as far as they have come."""
    with services().database.read() as connection:
        study = usable_study(connection, study_id)
        parts = studies.parts_of(connection, [study_id])[study_id]
        evaluated = studies.evaluated(connection, study_id)
        shown = view.describe(connection, study, parts, evaluated, _places(study))
    found = services().study_figures.of(study, parts, evaluated)
    return {"study": {**shown, **figures_field(study, found)}}


@studies_bp.post("/<int:study_id>/stop")
@studies_bp.output(StudyDone)
@studies_bp.doc(responses=_ENDED)
def stop_study(study_id: int) -> Record:
    """Stop its sessions after their epochs and keep the best weights; cancels those that wait."""
    return _request_end(study_id, "stop")


@studies_bp.post("/<int:study_id>/cancel")
@studies_bp.output(StudyDone)
@studies_bp.doc(responses=_ENDED)
def cancel_study(study_id: int) -> Record:
    """End all its sessions now; those that have completed keep their predictions."""
    return _request_end(study_id, "cancel")


@studies_bp.post("/<int:study_id>/retry")
@studies_bp.output(StudyDone, 202)
@studies_bp.doc(
    responses={
        409: "No session of it has failed or was cancelled, or its dataset or curve set was "
        "deleted",
        429: "EXOTRAIN_QUOTA_PENDING of your sessions are waiting already",
        507: "The quota of the workspace's owner is used up",
    }
)
def retry_study(study_id: int) -> Record:
    """Start new sessions in the place of those that have failed or were cancelled."""
    with services().database.read() as connection:
        study = usable_study(connection, study_id)
        dataset = datasets.find(connection, study["dataset_id"] or 0)
    if dataset is None:
        raise Conflict(f"The dataset of study {study_id} was deleted: upload it again.")
    spec = kind_of(study).specs(study["name"], study["settings"])[0]
    with services().database.read() as connection:
        layer = asked_layer(services(), connection, dataset, spec.dataset_version)
    require_trainable(services(), dataset, spec, layer)
    with Removal() as removal, services().database.write() as connection:
        study = usable_study(connection, study_id)
        count = end.retry(services(), connection, removal, study, current_user()["id"])
        shown = _described(connection, study)
    services().notify_sessions()
    return {"message": _what_goes_on(study_id, count), "study": shown}


def _what_goes_on(study_id: int, count: int) -> str:
    if count == 0:  # a search without a failed trial
        return f"Study {study_id} goes on; its next trial waits."
    if count == 1:
        return f"1 session of study {study_id} waits again."
    return f"{count} sessions of study {study_id} wait again."


@studies_bp.delete("/<int:study_id>")
@studies_bp.output(Done)
@studies_bp.doc(responses={409: "The study has not ended, or one of its models is in use"})
def delete_study(study_id: int) -> Record:
    """Delete an ended study with its sessions, models and predictions."""
    with services().database.write() as connection:
        study = usable_study(connection, study_id)
        bin_id = end.remove(services(), connection, study, current_user()["id"])
        record(
            connection,
            "study_deleted",
            workspace_id=study["workspace_id"],
            target=f"study {study_id}",
            detail=study["name"],
        )
    finish(services(), bin_id)
    return {"message": f"Study {study_id} was deleted."}


def _described(connection: Connection, study: Record) -> Record:
    """A study as it is within a change, without its figures: they take a while."""
    parts = studies.parts_of(connection, [study["id"]])[study["id"]]
    evaluated = studies.evaluated(connection, study["id"])
    shown = view.describe(connection, study, parts, evaluated, _places(study))
    return {**shown, **figures_field(study, None)}


def _places(study: Record) -> int:
    return most_at_once(services(), study["settings"]["spec"])


def _request_end(study_id: int, wanted: str) -> Record:
    with services().database.write() as connection:
        study = usable_study(connection, study_id)
        cancelled = end.request_end_of_all(connection, study, wanted)
        shown = _described(connection, study)
    for session in cancelled:
        remove_files(services().storage, session)
    services().notify()
    return {"message": _ENDS[wanted].format(study_id), "study": shown}
