"""The curve set that a request names."""

from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import sets
from backend.errors import Conflict, NotFound


def chosen_set(connection: Connection, workspace_id: int, curve_set_id: int) -> Record:
    """A set of a workspace that has light curves.

    Raises:
        NotFound: there is no such set in the workspace.
        Conflict: it has no light curves yet.
    """
    found = sets.find(connection, curve_set_id)
    if found is None or found["workspace_id"] != workspace_id:
        raise NotFound(f"There is no curve set {curve_set_id} in this workspace.")
    if found["sha256"] is None:
        raise Conflict(
            f"Curve set {curve_set_id} has no light curves yet: its import has not ended, or "
            "none of its files could be read."
        )
    return found
