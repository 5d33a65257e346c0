"""The quotas of a workspace: stored bytes, and waiting sessions."""

from sqlalchemy import Connection

from backend.database import datasets, sessions
from backend.errors import NoSpace, TooMany
from backend.services.context import Services
from backend.storage.incoming import MEGABYTE


def require_quota(services: Services, connection: Connection, workspace_id: int, size: int) -> None:
    """Check that `size` more bytes fit into the workspace.

    Raises:
        NoSpace: they do not.
    """
    quota = services.settings.quota_mb * MEGABYTE
    stored = datasets.stored_bytes(connection, workspace_id)
    if stored + size > quota:
        raise NoSpace(
            f"Expected at most {quota / MEGABYTE:,.0f} MB in this workspace, found "
            f"{stored / MEGABYTE:,.1f} MB and {size / MEGABYTE:,.1f} MB more. Delete datasets or "
            "models, or ask the administrator to raise EXOTRAIN_QUOTA_MB."
        )


def require_waiting_place(services: Services, connection: Connection, workspace_id: int) -> None:
    """Check that one more session may wait.

    Raises:
        TooMany: the quota is used up.
    """
    allowed = services.settings.quota_pending
    waiting = sessions.in_workspace(connection, workspace_id, status="pending")
    if len(waiting) >= allowed:
        ids = ", ".join(str(each["id"]) for each in reversed(waiting))
        raise TooMany(
            f"Expected at most {allowed} waiting sessions in this workspace, found "
            f"{len(waiting)}: {ids}. Wait for one to start, cancel one, or have the "
            "administrator raise EXOTRAIN_QUOTA_PENDING."
        )
