"""/api/audit: who did what, for the administrator and the owners of workspaces."""

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import audit, workspaces
from backend.database.connection import Record
from backend.errors import Forbidden
from backend.web.access import NO_WORKSPACE, owned_workspace
from backend.web.audit_log import keep
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.audit import AuditEntries, AuditQuery

audit_bp = APIBlueprint("audit", __name__, url_prefix="/api/audit", tag="Audit log")

_FORBIDDEN = {403: "You are neither the workspace's owner nor the administrator"}


@audit_bp.get("")
@audit_bp.input(AuditQuery, location="query")
@audit_bp.output(AuditEntries)
@audit_bp.doc(responses={**NO_WORKSPACE, **_FORBIDDEN})
def list_audit_entries(query_data: AuditQuery) -> Record:
    """List the audit log of a workspace, or of the whole server, newest first.

    The owner of a workspace sees what was done in it; the administrator sees everything.
    """
    limit = query_data.limit
    with services().database.read() as connection:
        found = audit.entries(
            connection,
            keep(),
            workspace_id=_visible_workspace(connection, query_data.workspace_key),
            action=query_data.action,
            limit=limit + 1,
            before=query_data.cursor,
        )
    entries = found[:limit]
    cursor = str(entries[-1]["id"]) if len(found) > limit else None
    return {"entries": entries, "count": len(entries), "next_cursor": cursor}


def _visible_workspace(connection: Connection, key: str | None) -> int | None:
    """The id of the workspace whose entries the current user may see; None: of all entries.

    Raises:
        NotFound: there is no such workspace, or the user may not use it.
        Forbidden: the user is only a member, or wants everything without being the administrator.
    """
    is_administrator = current_user()["is_admin"]
    if key is None:
        if not is_administrator:
            raise Forbidden(
                "Only the administrator sees the whole audit log: name a workspace of yours with "
                "workspace_key."
            )
        return None
    workspace_id = workspaces.id_of_key(connection, key) if is_administrator else None
    return workspace_id or owned_workspace(connection, key)["id"]
