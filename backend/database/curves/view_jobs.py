"""Prepared views: what light curves show of the rows of a dataset, jobs and what came of them.

There is one for each dataset, version of a curve set and recipe.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select

from backend.database import queue
from backend.database.connection import Record, every, first, one
from backend.database.curves.tables import curve_views
from backend.database.schema import datasets, now, studies, training_sessions
from backend.database.search.tables import searches

UNFINISHED = ("pending", "running")
ENDED = ("completed", "failed", "cancelled")

_STATES = {"failed": "failed", "cancelled": "been cancelled"}

# Of sessions that need what they learn from.
_NEEDING = ("pending", "training")


def create(connection: Connection, dataset: Record, curve_set: Record, **values: Any) -> Record:
    """Add pending views.

    Args:
        connection: open for writing.
        dataset: its row.
        curve_set: the row of the set; both are of one workspace.
        values: curves_sha256, recipe, user_id.
    """
    statement = insert(curve_views).values(
        workspace_id=dataset["workspace_id"],
        dataset_id=dataset["id"],
        identity=dataset["identity"],
        curve_set_id=curve_set["id"],
        status="pending",
        created_at=now(),
        **values,
    )
    return one(connection, statement.returning(*curve_views.c))


def find(connection: Connection, views_id: int) -> Record | None:
    """The views with that id."""
    return first(connection, select(curve_views).where(curve_views.c.id == views_id))


def find_for_inputs(
    connection: Connection, workspace_id: int, identity: str, curves_sha256: str, recipe: int
) -> Record | None:
    """The views of a dataset's rows by a version of a curve set.

    Args:
        connection: open for reading.
        workspace_id: of both.
        identity: of the dataset.
        curves_sha256: of the version.
        recipe: how they are made.
    """
    own = (
        curve_views.c.workspace_id == workspace_id,
        curve_views.c.identity == identity,
        curve_views.c.curves_sha256 == curves_sha256,
        curve_views.c.recipe == recipe,
    )
    return first(connection, select(curve_views).where(*own))


def find_for_spec(
    connection: Connection, workspace_id: int, spec: Mapping[str, Any]
) -> Record | None:
    """The views that sessions of a stored spec learn from, one that reads light curves."""
    return find_for_inputs(
        connection,
        workspace_id,
        spec["dataset_sha256"],
        spec["curves_sha256"],
        spec["curve_recipe"],
    )


def are_being_made_for(connection: Connection, session: Record) -> bool:
    """Whether a session that reads light curves is to wait until its views are made."""
    found = find_for_spec(connection, session["workspace_id"], session["spec"])
    return found is not None and found["status"] in UNFINISHED


def why_missing_for(connection: Connection, session: Record) -> Record | None:
    """Why a session that reads light curves cannot start, as its row says it; None: it can."""
    found = find_for_spec(connection, session["workspace_id"], session["spec"])
    if found is not None and found["status"] == "completed":
        return None
    said = "" if found is None or found["error"] is None else f": {found['error']['message']}"
    state = "were given up" if found is None else f"have {_STATES.get(found['status'], 'ended')}"
    return {
        "reason": "data",
        "message": f"The views of the light curves that this session learns from {state}{said}. "
        "Retry the session: they are made again.",
    }


def of_set(
    connection: Connection, curve_set_id: int, limit: int | None = None, before: int | None = None
) -> list[Record]:
    """The views by all versions of a set, newest first; `before` is an id."""
    query = select(curve_views).where(curve_views.c.curve_set_id == curve_set_id)
    query = queue.filtered(query, curve_views, None, before)
    return every(connection, query.order_by(curve_views.c.id.desc()).limit(limit))


def of_dataset(connection: Connection, dataset_id: int) -> list[Record]:
    """The views of a dataset's rows by all curve sets."""
    return every(connection, select(curve_views).where(curve_views.c.dataset_id == dataset_id))


def unfinished_in(connection: Connection, workspace_id: int) -> list[Record]:
    """The unfinished ones of a workspace, oldest first."""
    own = curve_views.c.workspace_id == workspace_id, curve_views.c.status.in_(UNFINISHED)
    return every(connection, select(curve_views).where(*own).order_by(curve_views.c.id))


def waiting_of(connection: Connection, user_id: int) -> list[int]:
    """The ids of the pending ones that a user asked for and no session waits for, oldest first."""
    own = curve_views.c.status == "pending", curve_views.c.user_id == user_id
    found = every(connection, select(curve_views).where(*own).order_by(curve_views.c.id))
    return [each["id"] for each in found if not sessions_needing(connection, each)]


def running(connection: Connection) -> list[Record]:
    """Those that are being prepared, or were when the server was ended."""
    return with_status(connection, "running")


def with_status(connection: Connection, *statuses: str) -> list[Record]:
    """Those of all workspaces in one of these states, oldest first."""
    query = select(curve_views).where(curve_views.c.status.in_(statuses))
    return every(connection, query.order_by(curve_views.c.id))


def next_pending(connection: Connection, last_user_id: int) -> Record | None:
    """The ones whose turn it is, as `queue.next_pending`."""
    return queue.next_pending(connection, curve_views, last_user_id, ())


def forget_requests(connection: Connection) -> None:
    """Clear what was asked of those that have ended meanwhile: nothing will answer it."""
    asked = curve_views.c.request.is_not(None), curve_views.c.status.not_in(UNFINISHED)
    for views_id in connection.execute(select(curve_views.c.id).where(*asked)).scalars().all():
        change(connection, views_id, request=None)


def change(connection: Connection, views_id: int, **values: Any) -> None:
    """Change some columns, and with them the row's version."""
    queue.change(connection, curve_views, views_id, **values)


def begin_again(connection: Connection, views_id: int, **values: Any) -> None:
    """Let ended views wait for their turn once more."""
    change(
        connection,
        views_id,
        status="pending",
        request=None,
        restarts=0,
        rows_done=0,
        facts=None,
        error=None,
        stored_bytes=0,
        started_at=None,
        completed_at=None,
        **values,
    )


def end(
    connection: Connection, views_id: int, status: str, error: Record | None = None, **values: Any
) -> None:
    """Set the final state: completed, failed (with `{reason, message}`) or cancelled."""
    change(
        connection,
        views_id,
        status=status,
        error=error,
        request=None,
        completed_at=now(),
        **values,
    )


def remove(connection: Connection, views_id: int) -> None:
    """Forget views."""
    connection.execute(delete(curve_views).where(curve_views.c.id == views_id))


def sessions_needing(connection: Connection, views: Record) -> list[int]:
    """The ids of sessions that wait or train and learn from these views."""
    spec = training_sessions.c.spec
    query = (
        select(training_sessions.c.id)
        .join(datasets, datasets.c.id == training_sessions.c.dataset_id)
        .where(
            *_need(views["workspace_id"]),
            datasets.c.identity == views["identity"],
            func.json_extract(spec, "$.curves_sha256") == views["curves_sha256"],
        )
    )
    return _ids(connection, query)


def sessions_needing_set(connection: Connection, curve_set: Record) -> list[int]:
    """The ids of sessions that wait or train and learn from light curves of a set."""
    own = func.json_extract(training_sessions.c.spec, "$.curve_set_id") == curve_set["id"]
    query = select(training_sessions.c.id).where(*_need(curve_set["workspace_id"]), own)
    return _ids(connection, query)


def searches_needing(connection: Connection, views: Record) -> list[int]:
    """The ids of studies whose search is open, and whose trials to come learn from these views."""
    query = (
        _open_searches(views["workspace_id"])
        .join(datasets, datasets.c.id == studies.c.dataset_id)
        .where(
            datasets.c.identity == views["identity"],
            func.json_extract(studies.c.settings, "$.spec.curves_sha256") == views["curves_sha256"],
        )
    )
    return _ids(connection, query)


def searches_needing_set(connection: Connection, curve_set: Record) -> list[int]:
    """The ids of studies whose search is open, and whose trials learn from curves of a set."""
    own = func.json_extract(studies.c.settings, "$.spec.curve_set_id") == curve_set["id"]
    return _ids(connection, _open_searches(curve_set["workspace_id"]).where(own))


def _open_searches(workspace_id: int) -> Select[Any]:
    query = select(studies.c.id).join(searches, searches.c.study_id == studies.c.id)
    return query.where(studies.c.workspace_id == workspace_id, searches.c.state == "open")


def _need(workspace_id: int) -> tuple[ColumnElement[bool], ...]:
    own = training_sessions.c.workspace_id == workspace_id
    return own, training_sessions.c.status.in_(_NEEDING)


def _ids(connection: Connection, query: Select[Any]) -> list[int]:
    return sorted(connection.execute(query).scalars())
