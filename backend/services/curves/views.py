"""Prepared views: asked for, found again, given up. The thread of `preparer` makes them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from backend.database import batches
from backend.database.connection import Record
from backend.database.curves import view_jobs
from backend.errors import Conflict
from backend.services.context import Services
from backend.services.quota import require_views_place
from backend.storage import curve_files
from backend.storage.removal import Removal
from backend.transit.photometry.view_rows import RECIPE


def ask(
    services: Services, connection: Connection, dataset: Record, curve_set: Record, user_id: int
) -> Record:
    """As `ensure`, for a user who wants the views without a session: those that wait have a quota.

    Views that a session waits for do not count: the session does.

    Raises:
        Conflict: the set has no version yet.
        TooMany: as many preparations of the user wait as may wait.
    """
    _require_version(curve_set)
    found = find(connection, dataset, curve_set)
    if found is None or _is_to_be_made(services, found):
        require_views_place(services, connection, user_id)
    return ensure(services, connection, dataset, curve_set, user_id)


def ensure(
    services: Services, connection: Connection, dataset: Record, curve_set: Record, user_id: int
) -> Record:
    """The views of a dataset's rows by the newest version of a set; they are asked for if need be.

    Those that have failed, were cancelled or whose file is missing wait for their turn again; in
    the others nothing is changed. The caller then calls `notify_views`.

    Args:
        services: the data folder.
        connection: open for writing.
        dataset: its row.
        curve_set: the row of the set; both are of one workspace.
        user_id: who asks.

    Returns:
        the row of `curve_views`.

    Raises:
        Conflict: the set has no version yet.
    """
    _require_version(curve_set)
    found = find(connection, dataset, curve_set)
    if found is None:
        return view_jobs.create(
            connection,
            dataset,
            curve_set,
            curves_sha256=curve_set["sha256"],
            recipe=RECIPE,
            user_id=user_id,
        )
    if _is_to_be_made(services, found):
        view_jobs.begin_again(
            connection, found["id"], user_id=user_id, curve_set_id=curve_set["id"]
        )
    elif found["request"] == "cancel":
        view_jobs.change(connection, found["id"], request=None)
    again = view_jobs.find(connection, found["id"])
    assert again is not None
    return again


def find(connection: Connection, dataset: Record, curve_set: Record) -> Record | None:
    """The views of a dataset's rows by the newest version of a set, if they were asked for."""
    if curve_set["number"] == 0:
        return None
    return view_jobs.find_for_inputs(
        connection, dataset["workspace_id"], dataset["identity"], curve_set["sha256"], RECIPE
    )


def is_missing(services: Services, views: Record) -> bool:
    """Whether completed views have no file: it is in no backup, and is made again."""
    if views["status"] != "completed":
        return False
    path = curve_files.views_of(services.storage, views)
    return not path.is_file() or path.stat().st_size != views["stored_bytes"]


def describe(views: Record) -> Record:
    """Views as the API shows them."""
    is_done = views["status"] == "completed"
    progress = 1.0 if is_done else views["rows_done"] / views["rows"] if views["rows"] else 0.0
    return {**views, "progress": progress}


def require_unused(connection: Connection, views: Record) -> None:
    """Check that no session needs views, and no trial that a search will add.

    Raises:
        Conflict: some do; it names them.
    """
    using = {
        "sessions": view_jobs.sessions_needing(connection, views),
        "studies": view_jobs.searches_needing(connection, views),
    }
    _refuse_if_any("These views are", using)


def require_unused_set(connection: Connection, curve_set: Record) -> None:
    """Check that no session, study or batch needs light curves of a set, or views by them.

    Raises:
        Conflict: some do; it names them.
    """
    sessions = set(view_jobs.sessions_needing_set(connection, curve_set))
    studies = set(view_jobs.searches_needing_set(connection, curve_set))
    for views in view_jobs.of_set(connection, curve_set["id"]):
        sessions.update(view_jobs.sessions_needing(connection, views))
        studies.update(view_jobs.searches_needing(connection, views))
    using = {
        "sessions": sorted(sessions),
        "studies": sorted(studies),
        "batches": batches.needing_set(connection, curve_set),
    }
    _refuse_if_any(f"Curve set {curve_set['id']} is", using)


def forget(
    services: Services, connection: Connection, removal: Removal, found: list[Record]
) -> None:
    """Delete views for good, with their files: they can be made again at any time.

    Args:
        services: the data folder.
        connection: open for writing.
        removal: around its transaction.
        found: their rows. Of those that are being prepared the thread removes the parts.
    """
    for views in found:
        view_jobs.remove(connection, views["id"])
        removal.add(curve_files.views_of(services.storage, views))
        if views["status"] != "running":
            for path in curve_files.views_parts(services.storage, views):
                removal.add(path)


def _require_version(curve_set: Record) -> None:
    if curve_set["number"] == 0:
        raise Conflict(
            f"Curve set {curve_set['id']} has no light curves yet: wait until its import has "
            "ended, or add files."
        )


def _is_to_be_made(services: Services, views: Record) -> bool:
    return views["status"] in ("failed", "cancelled") or is_missing(services, views)


def _refuse_if_any(what: str, using: Mapping[str, Sequence[int]]) -> None:
    named = [f"{kind} ({', '.join(map(str, ids))})" for kind, ids in using.items() if ids]
    if named:
        users = ", ".join([*named[:-2], " and ".join(named[-2:])])
        raise Conflict(
            f"{what} used by unfinished {users}: cancel them, or wait until they have ended."
        )
