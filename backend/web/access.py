"""What the current user may do with a workspace and with what is in it."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from backend.database import (
    analyses,
    batches,
    datasets,
    models,
    sessions,
    studies,
    workspaces,
)
from backend.database.connection import Record
from backend.database.curves import sets, uploads
from backend.errors import Forbidden, NotFound
from backend.web.auth import changes_nothing, current_user

# For the API description of a call that names a workspace.
NO_WORKSPACE = {404: "There is no such workspace, or no such record in it"}

# What a role includes: each also may what those before it may.
_ROLES = ("viewer", "editor", "owner")


def workspace_by_key(connection: Connection, key: str) -> Record:
    """The workspace with that key, for what the request does in it.

    Raises:
        NotFound: there is none, or the current user may not use it.
        Forbidden: the current user is a viewer of it, and the request changes something.
    """
    workspace = visible_workspace(connection, key)
    require_role(workspace)
    return workspace


def visible_workspace(connection: Connection, key: str) -> Record:
    """The workspace with that key, for a route that decides itself who may do what it does.

    Raises:
        NotFound: there is none, or the current user may not use it.
    """
    workspace = workspaces.find(connection, key, current_user()["id"])
    if workspace is None:
        raise NotFound(f"There is no workspace with the key {key!r}.")
    return workspace


def owned_workspace(connection: Connection, key: str) -> Record:
    """The workspace with that key, for an action reserved to its owner.

    Raises:
        NotFound: there is none, or the current user may not use it.
        Forbidden: the current user is only a member.
    """
    workspace = visible_workspace(connection, key)
    require_role(workspace, "owner")
    return workspace


def usable_dataset(connection: Connection, dataset_id: int) -> Record:
    """The dataset with that id, for what the request does with it.

    Raises:
        NotFound: there is none, or it is in somebody else's workspace.
        Forbidden: the current user is a viewer of its workspace, and the request changes something.
    """
    found = datasets.find_for(connection, dataset_id, current_user()["id"])
    return _usable(found, "dataset", dataset_id)


def usable_session(connection: Connection, session_id: int) -> Record:
    """The session with that id; raises as `usable_dataset`."""
    found = sessions.find_for(connection, session_id, current_user()["id"])
    return _usable(found, "session", session_id)


def usable_sessions(connection: Connection, session_ids: Sequence[int]) -> Callable[[int], Record]:
    """Read many sessions at once; what is returned gives each of them as `usable_session`."""
    found = sessions.find_each_for(connection, session_ids, current_user()["id"])
    return lambda session_id: _usable(found.get(session_id), "session", session_id)


def shown_session(connection: Connection, session_id: int) -> Record:
    """The session with that id, as it is shown; raises as `usable_dataset`."""
    found = sessions.shown_to(connection, session_id, current_user()["id"])
    return _usable(found, "session", session_id)


def usable_model(connection: Connection, model_id: int) -> Record:
    """The model with that id; raises as `usable_dataset`."""
    found = models.find_for(connection, model_id, current_user()["id"])
    return _usable(found, "model", model_id)


def usable_analysis(connection: Connection, analysis_id: int) -> Record:
    """The analysis with that id; raises as `usable_dataset`."""
    found = analyses.find_for(connection, analysis_id, current_user()["id"])
    return _usable(found, "analysis", analysis_id)


def usable_batch(connection: Connection, batch_id: int) -> Record:
    """The batch with that id; raises as `usable_dataset`."""
    found = batches.find_for(connection, batch_id, current_user()["id"])
    return _usable(found, "batch", batch_id)


def usable_curve_set(connection: Connection, curve_set_id: int) -> Record:
    """The curve set with that id; raises as `usable_dataset`."""
    found = sets.find_for(connection, curve_set_id, current_user()["id"])
    return _usable(found, "curve set", curve_set_id)


def usable_upload(connection: Connection, upload_id: int) -> Record:
    """The upload with that id, if the user has begun it; raises as `usable_dataset`."""
    found = uploads.find_for(connection, upload_id, current_user()["id"])
    return _usable(found, "upload", upload_id)


def usable_study(connection: Connection, study_id: int) -> Record:
    """The study with that id; raises as `usable_dataset`."""
    found = studies.find_for(connection, study_id, current_user()["id"])
    return _usable(found, "study", study_id)


def _usable(record: Record | None, kind: str, identifier: int) -> Record:
    if record is None:
        raise NotFound(f"There is no {kind} {identifier}.")
    require_role(record)
    return record


def require_role(record: Record, needed: str | None = None) -> None:
    """Check the user's role in a workspace.

    Args:
        record: a workspace, or something in one, with the user's `role`.
        needed: the least role; without one what the request's method needs.

    Raises:
        Forbidden: the user has a lesser role.
    """
    needed = needed or ("viewer" if changes_nothing() else "editor")
    if _ROLES.index(record["role"]) >= _ROLES.index(needed):
        return
    if needed == "owner":
        raise Forbidden("Only the owner of the workspace may do this.")
    raise Forbidden(
        "You are a viewer of this workspace: you may read, predict and compute, but change "
        "nothing. Its owner can make you an editor."
    )
