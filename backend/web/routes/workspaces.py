"""/api/workspaces: workspaces and their members."""

import logging
import secrets

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import accounts, batches, kept, sessions, workspaces
from backend.database.connection import Record
from backend.database.curves import imports, view_jobs
from backend.database.search import trials
from backend.errors import Conflict, Forbidden, Invalid, NotFound
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.emptying import finish
from backend.services.bin.put import put_workspace
from backend.services.quota import require_workspace_place
from backend.services.sessions.keep import require_not_being_kept
from backend.storage import curve_files
from backend.web.access import owned_workspace, visible_workspace, workspace_by_key
from backend.web.audit_log import record
from backend.web.auth import current_user
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

log = logging.getLogger(__name__)


@workspaces_bp.get("")
@workspaces_bp.output(Workspaces)
def list_workspaces() -> Record:
    """List the workspaces that you own or belong to."""
    with services().database.read() as connection:
        found = workspaces.of_user(connection, current_user()["id"])
        stored = workspaces.stored_bytes(connection, [each["id"] for each in found])
    found = [{**each, "stored_bytes": stored[each["id"]]} for each in found]
    return {"workspaces": found, "count": len(found)}


@workspaces_bp.post("")
@workspaces_bp.input(WorkspaceRequest)
@workspaces_bp.output(WorkspaceAnswer, 201)
@workspaces_bp.doc(responses={429: "You own EXOTRAIN_QUOTA_WORKSPACES workspaces already"})
def create_workspace(json_data: WorkspaceRequest) -> Record:
    """Create a workspace; other calls name it by its key."""
    user = current_user()
    key = secrets.token_urlsafe(24)
    with services().database.write() as connection:
        require_workspace_place(services(), connection, user["id"])
        workspace = workspaces.create(connection, key, json_data.name, user["id"])
        record(connection, "workspace_created", workspace_id=workspace["id"])
    return {"workspace": {**workspace, "owner": user["name"], "role": "owner", "stored_bytes": 0}}


@workspaces_bp.get("/<key>")
@workspaces_bp.output(WorkspaceAnswer)
def get_workspace(key: str) -> Record:
    """Return one workspace."""
    with services().database.read() as connection:
        workspace = workspace_by_key(connection, key)
        stored = workspaces.stored_bytes(connection, [workspace["id"]])
    return {"workspace": {**workspace, "stored_bytes": stored[workspace["id"]]}}


@workspaces_bp.patch("/<key>")
@workspaces_bp.input(WorkspaceRequest)
@workspaces_bp.output(WorkspaceAnswer)
@workspaces_bp.doc(responses=_OWNER_ONLY)
def update_workspace(key: str, json_data: WorkspaceRequest) -> Record:
    """Give a workspace another name; its key stays."""
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        workspaces.set_name(connection, workspace["id"], json_data.name)
        stored = workspaces.stored_bytes(connection, [workspace["id"]])
        record(connection, "workspace_renamed", workspace_id=workspace["id"], detail=json_data.name)
    named = {"name": json_data.name, "stored_bytes": stored[workspace["id"]]}
    return {"workspace": {**workspace, **named}}


@workspaces_bp.delete("/<key>")
@workspaces_bp.output(Done)
@workspaces_bp.doc(responses={**_OWNER_ONLY, 409: "One of its sessions is training or being kept"})
def delete_workspace(key: str) -> Record:
    """Delete a workspace with its datasets, sessions, models, batches and analyses.

    Waiting sessions are cancelled; while one is training, the workspace cannot be deleted.
    """
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        _require_no_training(connection, workspace)
        pending, waiting, importing = _end_all(connection, workspace["id"])
        record(connection, "workspace_deleted", workspace_id=workspace["id"])
        user_id = current_user()["id"]
        bin_id = put_workspace(services(), connection, workspace, user_id)
    services().notify_batches()
    services().notify_curves()
    services().notify_views()
    with left_to_the_next_start("the deletion of what waited"):
        for session in pending:
            services().storage.remove_checkpoint(session["id"])
        for batch in waiting:
            services().storage.remove_batch_upload(workspace["id"], batch["id"])
        for each in importing:
            curve_files.remove_import(services().storage, each)
    finish(services(), bin_id)
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
@workspaces_bp.doc(responses={**_OWNER_ONLY, 429: "Too many tries in a minute"})
def add_member(key: str, json_data: MemberRequest) -> Record:
    """Give a user access to a workspace, or another role in it; editors change it, viewers read.

    Without a `role`, a new member is an editor and who has access already keeps the role.
    """
    with services().database.write() as connection:
        workspace = owned_workspace(connection, key)
        services().member_tries.count(current_user()["id"])
        user = accounts.find_user(connection, json_data.user)
        if user is not None and _may_get(json_data.role, user, workspace):
            _set_member(connection, workspace, user, json_data.role)
            return _members(connection, workspace)
        record(
            connection,
            "member_refused",
            workspace_id=workspace["id"],
            target=json_data.user,
        )
    log.warning(
        "user %s tried to add %s to workspace %d: refused",
        workspace["owner"],
        json_data.user,
        workspace["id"],
    )
    raise Invalid.field(
        "user",
        f"Expected a user who can be a member, received {json_data.user!r}. The administrator "
        "creates users with POST /api/tokens.",
    )


@workspaces_bp.delete("/<key>/members/<user>")
@workspaces_bp.output(Members)
@workspaces_bp.doc(responses={403: "Only the owner removes others"})
def remove_member(key: str, user: str) -> Record:
    """Withdraw access to a workspace from a member; members may leave it themselves."""
    with services().database.write() as connection:
        workspace = visible_workspace(connection, key)
        if workspace["role"] != "owner" and user != current_user()["name"]:
            raise Forbidden("Only the owner of the workspace removes other members.")
        member = accounts.find_user(connection, user)
        if member is None or not workspaces.remove_member(
            connection, workspace["id"], member["id"]
        ):
            raise NotFound(f"{user!r} is not a member of this workspace.")
        action = "member_removed" if workspace["role"] == "owner" else "member_left"
        record(connection, action, workspace_id=workspace["id"], target=user)
        return _members(connection, workspace)


def _may_get(role: str | None, user: Record, workspace: Record) -> bool:
    """Whether a user may have a role in a workspace; its owner stays its owner."""
    return role is None or user["id"] != workspace["owner_id"]


def _set_member(connection: Connection, workspace: Record, user: Record, role: str | None) -> None:
    """Add a member, or change its role if one is given; the owner stays as it is."""
    if user["id"] == workspace["owner_id"]:
        return
    what = {"workspace_id": workspace["id"], "target": user["name"]}
    earlier = workspaces.role_of(connection, workspace["id"], user["id"])
    if earlier is None:
        record(connection, "member_added", **what, detail=role or "editor")
        workspaces.add_member(
            connection,
            workspace["id"],
            user["id"],
            role=role or "editor",
            added_by=current_user()["id"],
        )
    elif role is not None and role != earlier:
        record(connection, "member_role_changed", **what, detail=f"{earlier} to {role}")
        workspaces.set_role(connection, workspace["id"], user["id"], role)


def _members(connection: Connection, workspace: Record) -> Record:
    details = workspaces.list_members(connection, workspace["id"])
    return {
        "owner": workspace["owner"],
        "members": [each["user"] for each in details],
        "details": details,
        "count": len(details),
    }


def _end_all(
    connection: Connection, workspace_id: int
) -> tuple[list[Record], list[Record], list[Record]]:
    """Cancel what waits in a workspace, and batches, imports and views that run.

    Its searches add no more trials.
    """
    pending = sessions.in_workspace(connection, workspace_id, status="pending")
    for session in pending:
        sessions.end(connection, session["id"], "cancelled")
    trials.close_all(connection, workspace_id, "cancelled")
    found = batches.in_workspace(connection, workspace_id)
    waiting = [each for each in found if each["status"] in batches.UNFINISHED]
    for batch in waiting:
        batches.end(connection, batch["id"], "cancelled")
        if batch["status"] == "running":  # should it come back before its thread has noticed
            batches.change(connection, batch["id"], request="cancel")
    importing = imports.unfinished_in(connection, workspace_id)
    for each in importing:
        imports.end(connection, each["id"], "cancelled")
        if each["status"] == "running":
            imports.change(connection, each["id"], request="cancel")
    for each in view_jobs.unfinished_in(connection, workspace_id):
        view_jobs.end(connection, each["id"], "cancelled")
        if each["status"] == "running":
            view_jobs.change(connection, each["id"], request="cancel")
    return pending, waiting, importing


def _require_no_training(connection: Connection, workspace: Record) -> None:
    training = sessions.in_workspace(connection, workspace["id"], status="training")
    if training:
        raise Conflict(
            f"Session {training[0]['id']} of this workspace is training: cancel it, or wait "
            "until it has ended."
        )
    being_kept = kept.requested_in(connection, workspace["id"])
    if being_kept is not None:
        require_not_being_kept(being_kept)
