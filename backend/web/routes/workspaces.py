"""/api/workspaces: workspaces and their members."""

import secrets

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import accounts, sessions, workspaces
from backend.database.connection import Record
from backend.errors import Conflict, Invalid, NotFound
from backend.web.auth import current_user, owned_workspace, workspace_by_key
from backend.web.current import services
from backend.web.schemas.accounts import (
    MemberRequest,
    Members,
    WorkspaceAnswer,
    WorkspaceRequest,
    Workspaces,
)
from backend.web.schemas.base import Done

workspaces_bp = APIBlueprint("workspaces", __name__, url_prefix="/api/workspaces", tag="Workspaces")

_OWNER_ONLY = {403: "Only the owner may do this"}


@workspaces_bp.get("")
@workspaces_bp.output(Workspaces)
def list_workspaces() -> Record:
    """List the workspaces that you own or belong to."""
    with services().database.read() as connection:
        found = workspaces.of_user(connection, current_user()["id"])
    return {"workspaces": found, "count": len(found)}


@workspaces_bp.post("")
@workspaces_bp.input(WorkspaceRequest)
@workspaces_bp.output(WorkspaceAnswer, 201)
def create_workspace(json_data: WorkspaceRequest) -> Record:
    """Create a workspace; other calls name it by its key."""
    user = current_user()
    key = secrets.token_urlsafe(24)
    with services().database.write() as connection:
        workspace = workspaces.create(connection, key, json_data.name, user["id"])
    return {"workspace": {**workspace, "owner": user["name"]}}


@workspaces_bp.get("/<key>")
@workspaces_bp.output(WorkspaceAnswer)
def get_workspace(key: str) -> Record:
    """Return one workspace."""
    with services().database.read() as connection:
        return {"workspace": workspace_by_key(connection, key)}


@workspaces_bp.delete("/<key>")
@workspaces_bp.output(Done)
@workspaces_bp.doc(responses={**_OWNER_ONLY, 409: "One of its sessions is training"})
def delete_workspace(key: str) -> Record:
    """Delete a workspace with its datasets, sessions, models and analyses.

    Waiting sessions are cancelled; while one is training, the workspace cannot be deleted.
    """
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        _require_no_training(connection, workspace)
        pending = sessions.in_workspace(connection, workspace["id"], status="pending")
        workspaces.remove(connection, workspace["id"])
    services().storage.remove_workspace(workspace["id"])
    for session in pending:
        services().storage.remove_checkpoint(session["id"])
    return {"message": f"The workspace {workspace['name']!r} was deleted."}


@workspaces_bp.get("/<key>/members")
@workspaces_bp.output(Members)
def list_members(key: str) -> Record:
    """List the owner and the members of a workspace."""
    with services().database.read() as connection:
        return _members(connection, workspace_by_key(connection, key))


@workspaces_bp.post("/<key>/members")
@workspaces_bp.input(MemberRequest)
@workspaces_bp.output(Members, 201)
@workspaces_bp.doc(responses=_OWNER_ONLY)
def add_member(key: str, json_data: MemberRequest) -> Record:
    """Give a user access to a workspace; no change if the user has access already."""
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        user = accounts.find_user(connection, json_data.user)
        if user is None:
            raise Invalid.field(
                "user",
                f"Expected an existing user, received {json_data.user!r}. The administrator "
                "creates users with POST /api/tokens.",
            )
        if user["id"] != workspace["owner_id"]:
            workspaces.add_member(connection, workspace["id"], user["id"])
        return _members(connection, workspace)


@workspaces_bp.delete("/<key>/members/<user>")
@workspaces_bp.output(Members)
@workspaces_bp.doc(responses=_OWNER_ONLY)
def remove_member(key: str, user: str) -> Record:
    """Withdraw access to a workspace from a member."""
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        member = accounts.find_user(connection, user)
        if member is None or not workspaces.remove_member(
            connection, workspace["id"], member["id"]
        ):
            raise NotFound(f"{user!r} is not a member of this workspace.")
        return _members(connection, workspace)


def _members(connection: Connection, workspace: Record) -> Record:
    names = workspaces.list_members(connection, workspace["id"])
    return {"owner": workspace["owner"], "members": names, "count": len(names)}


def _require_no_training(connection: Connection, workspace: Record) -> None:
    training = sessions.in_workspace(connection, workspace["id"], status="training")
    if training:
        raise Conflict(
            f"Session {training[0]['id']} of this workspace is training: cancel it, or wait "
            "until it has ended."
        )
