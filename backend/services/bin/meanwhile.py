"""Refuses what was asked of a workspace that was deleted since it was looked up."""

from sqlalchemy import Connection

from backend.database import workspaces
from backend.errors import Conflict


def require_there(connection: Connection, workspace_id: int) -> None:
    """Check that a workspace is there, in the transaction that adds something to it.

    Raises:
        Conflict: it was deleted.
    """
    if not workspaces.is_there(connection, workspace_id):
        raise Conflict("The workspace was deleted; refresh and retry.")
