"""/api/training/start and /api/training/session…: sessions, from the start to the end."""

import json
import secrets
import zlib

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import Connection

from backend.background.session_end import remove_files
from backend.database import datasets, sessions
from backend.database.connection import Record
from backend.errors import Conflict, NotFound
from backend.services.bin.emptying import finish
from backend.services.quota import waiting_sessions
from backend.services.sessions.bulk import (
    end_or_refuse,
    require_deletable,
    require_ended,
    require_no_study,
)
from backend.services.sessions.curves import with_curves
from backend.services.sessions.place import place_of, require_cluster
from backend.services.sessions.start import (
    add_session,
    asked_layer,
    checked_key,
    require_trainable,
    spec_of,
    with_grouping,
    with_simulated,
    with_version,
)
from backend.services.sessions.view import describe, described
from backend.web.access import (
    NO_WORKSPACE,
    shown_session,
    usable_dataset,
    usable_session,
    workspace_by_key,
)
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.json_provider import respond
from backend.web.response_headers import answer_unchanged
from backend.web.routes.training.bulk import delete
from backend.web.routes.training.settings import make_spec
from backend.web.schemas.base import Done
from backend.web.schemas.training.requests.sessions import StartRequest
from backend.web.schemas.training.sessions import (
    SessionAnswer,
    SessionQuery,
    StartAnswer,
    StopAnswer,
)

training_bp = APIBlueprint("training", __name__, url_prefix="/api/training", tag="Sessions")

# Another version, or a restored database, may show the same version of a session otherwise.
_SINCE_START = secrets.token_hex(4)

_ENDED = {409: "The session has ended"}
_STARTED = {
    409: "The dataset was deleted, or its rows are missing on the server",
    429: "EXOTRAIN_QUOTA_PENDING of your sessions are waiting already",
    507: "The quota of the workspace's owner is used up",
}


@training_bp.post("/start")
@training_bp.input(StartRequest)
@training_bp.output(StartAnswer, 202)
@training_bp.doc(responses={**NO_WORKSPACE, **_STARTED})
def start_training(json_data: StartRequest) -> tuple[Record, int, Record]:
    """Start a training session; it waits for its turn, then trains in the background.

    With an `Idempotency-Key` header a repeated request starts no second session.
    """
    key = checked_key(request.headers.get("Idempotency-Key"))
    asked = json_data.dataset_version
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, json_data.workspace_key)
        dataset = usable_dataset(connection, json_data.dataset_id)
    if dataset["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no dataset {json_data.dataset_id} in this workspace.")
    spec = with_simulated(services(), dataset, make_spec(json_data, dataset))
    spec = with_grouping(services(), dataset, spec)
    with services().database.read() as connection:
        layer = asked_layer(services(), connection, dataset, asked)
        earlier = sessions.find_by_idempotency_key(connection, workspace["id"], key or "")
    if earlier is None:  # else it was accepted, with the labels of then
        require_cluster(services().settings, spec)
        require_trainable(services(), dataset, spec, layer)
    with services().database.write() as connection:
        earlier = sessions.find_by_idempotency_key(connection, workspace["id"], key or "")
        spec = with_version(
            services(),
            connection,
            dataset,
            spec,
            asked=asked,
            user=current_user(),
            earlier=earlier and earlier["spec"],
        )
        spec = with_curves(connection, dataset, spec, earlier and earlier["spec"])
        session = add_session(
            services(),
            connection,
            dataset,
            spec,
            user_id=current_user()["id"],
            idempotency_key=key,
        )
        answer = started(connection, session, dataset)
    services().notify_sessions()
    return answer


@training_bp.post("/session/<int:session_id>/retry")
@training_bp.output(StartAnswer, 202)
@training_bp.doc(
    responses={
        **_STARTED,
        409: "The session has not ended, or its dataset was deleted or lacks its rows",
    }
)
def retry_session(session_id: int) -> tuple[Record, int, Record]:
    """Start a new session with the settings of an ended one."""
    key = checked_key(request.headers.get("Idempotency-Key"))
    with services().database.read() as connection:
        session, dataset = _to_retry(connection, session_id)
        spec = with_simulated(services(), dataset, spec_of(session))
        layer = asked_layer(services(), connection, dataset, spec.dataset_version)
    spec = with_grouping(services(), dataset, spec)
    require_trainable(services(), dataset, spec, layer)
    with services().database.write() as connection:
        _to_retry(connection, session_id)
        new = add_session(
            services(),
            connection,
            dataset,
            spec,
            user_id=current_user()["id"],
            idempotency_key=key,
            retry_of=session_id,
        )
        answer = started(connection, new, dataset)
    services().notify_sessions()
    return answer


@training_bp.get("/session/<int:session_id>")
@training_bp.input(SessionQuery, location="query")
@training_bp.output(SessionAnswer)
def get_session(session_id: int, query_data: SessionQuery) -> Response:
    """Return one session with the history of the epochs after `after_epoch`."""
    after_epoch = query_data.after_epoch
    with services().database.read() as connection:
        session = shown_session(connection, session_id)
        etag = f"{_SINCE_START}-{session_id}-{session['version']}-{after_epoch}"
        place = json.dumps(place_of(services(), connection, session))  # changes without the row
        etag += f"-{zlib.crc32(place.encode()):08x}"
        if unchanged := answer_unchanged(etag):
            return unchanged
        shown = describe(services(), connection, session, after_epoch)
    response = respond(SessionAnswer, {"session": shown})
    response.set_etag(etag)
    return response


@training_bp.post("/session/<int:session_id>/stop")
@training_bp.output(StopAnswer)
@training_bp.doc(responses=_ENDED)
def stop_session(session_id: int) -> Record:
    """Stop after the current epoch and keep the best weights; cancels a waiting session."""
    return _request_end(session_id, "stop")


@training_bp.post("/session/<int:session_id>/cancel")
@training_bp.output(StopAnswer)
@training_bp.doc(responses=_ENDED)
def cancel_session(session_id: int) -> Record:
    """End a session now and keep nothing.

    Of a failed session whose best epoch is being kept, end that; its finished epochs stay.
    """
    return _request_end(session_id, "cancel")


@training_bp.delete("/session/<int:session_id>")
@training_bp.output(Done)
@training_bp.doc(responses={409: "The session has not ended, or its best epoch is being kept"})
def delete_session(session_id: int) -> Record:
    """Delete an ended session; its model stays."""
    with services().database.write() as connection:
        session = usable_session(connection, session_id)
        require_deletable(session)
        (bin_id,) = delete(connection, [session])
    finish(services(), bin_id)
    return {"message": f"Session {session_id} was deleted."}


def started(connection: Connection, session: Record, dataset: Record) -> tuple[Record, int, Record]:
    """The answer to a request that has added a session."""
    answer = {
        "message": f"Session {session['id']} is {session['status']}.",
        "session": described(services(), connection, session["id"]),
        "dataset": dataset,
        "model_name": session["model_name"],
        "epochs": session["epochs"],
        "waiting_sessions": waiting_sessions(services(), connection, current_user()["id"]),
    }
    return answer, 202, {"Location": f"/api/training/session/{session['id']}"}


def _request_end(session_id: int, request: str) -> Record:
    with services().database.write() as connection:
        session = usable_session(connection, session_id)
        message = end_or_refuse(connection, session, request)
        changed = described(services(), connection, session_id)
    if changed["status"] == "cancelled":
        remove_files(services().storage, session)
    services().notify()
    return {"message": message, "session": changed}


def _to_retry(connection: Connection, session_id: int) -> tuple[Record, Record]:
    """An ended session, and its dataset.

    Raises:
        Conflict: it has not ended, or its dataset was deleted.
    """
    session = usable_session(connection, session_id)
    require_ended(session, "retried")
    require_no_study(session, "retried")
    dataset = datasets.find(connection, session["dataset_id"] or 0)
    if dataset is None:
        raise Conflict(f"The dataset of session {session_id} was deleted: upload it again.")
    return session, dataset
