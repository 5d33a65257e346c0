"""/api/bin: what was deleted, for some days."""

from datetime import datetime, timedelta

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database.bin import entries
from backend.database.connection import Record
from backend.database.schema import iso
from backend.errors import NotFound
from backend.services.bin.emptying import finish
from backend.services.bin.restore import restore
from backend.web.access import NO_WORKSPACE, require_role, workspace_by_key
from backend.web.audit_log import record
from backend.web.auth import current_user
from backend.web.current import services
from backend.web.schemas.base import Done
from backend.web.schemas.bin import Bin, BinQuery, RestoreAnswer

bin_bp = APIBlueprint("bin", __name__, url_prefix="/api/bin", tag="Bin")


@bin_bp.get("")
@bin_bp.input(BinQuery, location="query")
@bin_bp.output(Bin)
@bin_bp.doc(responses=NO_WORKSPACE)
def list_bin(query_data: BinQuery) -> Record:
    """List what was deleted and can be restored, newest first.

    Of one workspace; or, without a `workspace_key`, the deleted workspaces that were yours. Viewers
    have nothing to restore.
    """
    with services().database.read() as connection:
        if query_data.workspace_key is None:
            found = entries.workspaces_of(connection, current_user()["id"])
        else:
            workspace = workspace_by_key(connection, query_data.workspace_key)
            is_viewer = workspace["role"] == "viewer"
            found = [] if is_viewer else entries.in_workspace(connection, workspace["id"])
    days = services().settings.bin_days
    shown = [{**each, "until": _until(each, days)} for each in found]
    return {"entries": shown, "count": len(shown), "days": days}


@bin_bp.post("/<int:bin_id>/restore")
@bin_bp.output(RestoreAnswer)
@bin_bp.doc(responses={429: "The owner has as many workspaces or analyses as the quota allows"})
def restore_bin_entry(bin_id: int) -> Record:
    """Restore something with its id, its files and what was deleted with it.

    What it cannot be without comes back too if it is in the bin: the dataset of a session.
    """
    with services().database.write() as connection:
        restored = restore(services(), connection, _usable(connection, bin_id))
        for each in restored:
            _record(connection, "bin_restored", each)
    services().notify()
    names = " and ".join(f"{each['kind']} {each['item_id']} ({each['name']})" for each in restored)
    return {"message": f"Restored: {names}.", "restored": restored}


@bin_bp.delete("/<int:bin_id>")
@bin_bp.output(Done)
def delete_bin_entry(bin_id: int) -> Record:
    """Delete something for good."""
    with services().database.write() as connection:
        entry = _usable(connection, bin_id)
        entries.give_up(connection, [bin_id])
        _record(connection, "bin_deleted", entry)
    finish(services(), bin_id)
    return {"message": f"{entry['kind'].capitalize()} {entry['item_id']} was deleted for good."}


def _usable(connection: Connection, bin_id: int) -> Record:
    """The entry with that id.

    Raises:
        NotFound: there is none, or the user has no access to its workspace.
        Forbidden: the user is a viewer there.
    """
    found = entries.find_for(connection, bin_id, current_user()["id"])
    if found is None:
        raise NotFound(f"There is nothing with the number {bin_id} in the bin.")
    require_role(found)
    return found


def _record(connection: Connection, action: str, entry: Record) -> None:
    record(
        connection,
        action,
        workspace_id=entry["workspace_id"],
        target=f"{entry['kind']} {entry['item_id']}",
        detail=entry["name"],
    )


def _until(entry: Record, days: int) -> str:
    return iso(datetime.fromisoformat(entry["deleted_at"]) + timedelta(days=days))
