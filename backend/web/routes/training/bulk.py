"""/api/training/sessions/bulk: one action on many sessions, with the outcome of each."""

from collections.abc import Callable, Sequence

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.background.session_end import remove_files
from backend.database import sessions
from backend.database.connection import Record
from backend.errors import Conflict, Forbidden, NotFound
from backend.services.bin.emptying import finish
from backend.services.sessions import bulk
from backend.web.access import NO_WORKSPACE, usable_sessions, workspace_by_key
from backend.web.audit_log import record_each
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.training.bulk import BulkAnswer, BulkOptions, BulkRequest

bulk_bp = APIBlueprint("bulk", __name__, url_prefix="/api/training", tag="Sessions")


@bulk_bp.post("/sessions/bulk")
@bulk_bp.input(BulkRequest)
@bulk_bp.output(BulkAnswer)
@bulk_bp.doc(responses=NO_WORKSPACE)
def update_sessions(json_data: BulkRequest) -> Record:
    """Cancel, stop, delete, star or tag many sessions; each may be refused by itself.

    All that is done is done in one transaction: if the call fails, nothing was done. Repeated, it
    changes nothing more.
    """
    cancelled, deletable = [], []
    with services().database.write() as connection:
        workspace_id = workspace_of(connection, json_data)
        session_of = usable_sessions(connection, json_data.session_ids)

        def act(session_id: int) -> None:
            session = _in_workspace(session_of(session_id), workspace_id)
            if json_data.action == "delete":
                bulk.require_deletable(session)
                deletable.append(session)
            else:
                bulk.ACTIONS[json_data.action](connection, session, json_data.tags)
                if _is_cancelled_now(connection, session):
                    cancelled.append(session)

        answer = outcomes_of(json_data.session_ids, act)
        deleted = delete(connection, deletable) if deletable else []
    for bin_id in deleted:
        finish(services(), bin_id)
    for session in cancelled:
        remove_files(services().storage, session)
    services().notify()
    return answer


def workspace_of(connection: Connection, request: BulkOptions) -> int | None:
    """The workspace that a request names; None: it names none."""
    if request.workspace_key is None:
        return None
    return workspace_by_key(connection, request.workspace_key)["id"]


def outcomes_of(ids: Sequence[int], act: Callable[[int], None]) -> Record:
    """Act on each once, and give what became of it: one that cannot be acted on is refused."""
    outcomes = []
    for each in dict.fromkeys(ids):
        try:
            act(each)
        except (NotFound, Forbidden, Conflict) as refusal:
            outcomes.append({"id": each, "status": "refused", "error": refusal.detail})
        else:
            outcomes.append({"id": each, "status": "done", "error": None})
    done = sum(each["status"] == "done" for each in outcomes)
    return {"outcomes": outcomes, "done": done, "refused": len(outcomes) - done}


def delete(connection: Connection, deletable: Sequence[Record]) -> list[int]:
    """Put sessions into the bin and record it; gives their ids there, as `bulk.delete`."""
    bin_ids = bulk.delete(services(), connection, deletable, current_user()["id"])
    what = [
        {
            "workspace_id": session["workspace_id"],
            "target": f"session {session['id']}",
            "detail": session["model_name"],
        }
        for session in deletable
    ]
    record_each(connection, "session_deleted", what)
    return bin_ids


def _in_workspace(session: Record, workspace_id: int | None) -> Record:
    if workspace_id not in (None, session["workspace_id"]):
        raise NotFound(f"There is no session {session['id']} in this workspace.")
    return session


def _is_cancelled_now(connection: Connection, session: Record) -> bool:
    if session["status"] != "pending":
        return False
    now = sessions.find(connection, session["id"])
    return now is not None and now["status"] == "cancelled"
