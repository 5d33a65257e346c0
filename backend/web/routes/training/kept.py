"""/api/training/session/<id>/keep and …/checkpoint: the finished epochs of a failed session."""

from apiflask import APIBlueprint

from backend.database.connection import Record
from backend.services.aftermath import left_to_the_next_start
from backend.services.sessions.keep import forget_checkpoint, request_keep
from backend.services.sessions.view import described
from backend.web.access import usable_session
from backend.web.audit_log import record
from backend.web.current import services
from backend.web.schemas.training.sessions import StopAnswer

kept_bp = APIBlueprint("kept", __name__, url_prefix="/api/training", tag="Finished epochs")

_NONE = "The session has not failed, or has no finished epochs"


@kept_bp.post("/session/<int:session_id>/keep")
@kept_bp.output(StopAnswer, 202)
@kept_bp.doc(
    responses={
        409: f"{_NONE}, or is being kept already, or its dataset was deleted",
        507: "The quota of the workspace's owner is used up",
    }
)
def keep_session(session_id: int) -> Record:
    """Keep the best epoch of a failed session as a model, with its evaluation.

    It waits for its turn, then is evaluated and saved in the background. The session stays failed;
    its `model_id` names the model, or its `error.keep_error` says why there is none. Cancel it with
    `POST /api/training/session/<id>/cancel`: the finished epochs stay.
    """
    with services().database.write() as connection:
        session = usable_session(connection, session_id)
        request_keep(services(), connection, session)
        changed = described(services(), connection, session_id)
    services().notify()
    return {
        "message": f"The best epoch of session {session_id} is being kept as a model.",
        "session": changed,
    }


@kept_bp.delete("/session/<int:session_id>/checkpoint")
@kept_bp.output(StopAnswer)
@kept_bp.doc(responses={409: f"{_NONE}, or the best one is being kept"})
def delete_session_checkpoint(session_id: int) -> Record:
    """Delete the finished epochs of a failed session; the session stays."""
    with services().database.write() as connection:
        session = usable_session(connection, session_id)
        forget_checkpoint(connection, session)
        record(
            connection,
            "checkpoint_deleted",
            workspace_id=session["workspace_id"],
            target=f"session {session_id}",
            detail=session["model_name"],
        )
        changed = described(services(), connection, session_id)
    with left_to_the_next_start(f"the deletion of the finished epochs of session {session_id}"):
        services().storage.remove_kept_checkpoint(session_id)
    return {
        "message": f"The finished epochs of session {session_id} were deleted.",
        "session": changed,
    }
