"""Failed sessions whose finished epochs are still there, so that the best can become a model.

`checkpoint_bytes` is the size of what is there, None where nothing is. While the `request` of a
failed session is "keep", its best epoch waits to become a model, or is becoming one.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from backend.database import sessions
from backend.database.connection import Record, every, first
from backend.database.schema import iso, training_sessions, workspaces
from backend.database.workspaces import IS_THERE

KEPT_DAYS = 7

_REQUESTED = (training_sessions.c.status == "failed", training_sessions.c.request == "keep")


def keepable_until(session: Record) -> str | None:
    """The time until which a session's best epoch can be kept; None: there is none."""
    if session["checkpoint_bytes"] is None or session["completed_at"] is None:
        return None
    return iso(datetime.fromisoformat(session["completed_at"]) + timedelta(days=KEPT_DAYS))


def is_requested(session: Record) -> bool:
    """Whether the best epoch of a session is to become a model."""
    return (session["status"], session["request"]) == ("failed", "keep")


def has_started(session: Record) -> bool:
    """Whether the best epoch of a session is becoming a model: a worker was given it."""
    return is_requested(session) and session["stage"] is not None


def requested(connection: Connection) -> list[Record]:
    """The sessions whose best epoch is to become a model, oldest first."""
    query = select(training_sessions).where(*_REQUESTED)
    return every(connection, query.order_by(training_sessions.c.id))


def requested_in(connection: Connection, workspace_id: int) -> Record | None:
    """A session of a workspace whose best epoch is to become a model, if there is one."""
    in_workspace = training_sessions.c.workspace_id == workspace_id
    return first(connection, select(training_sessions).where(in_workspace, *_REQUESTED))


def with_checkpoint(connection: Connection, workspace_id: int | None = None) -> list[Record]:
    """The sessions that can be kept, of a workspace or of all."""
    query = select(training_sessions).where(training_sessions.c.checkpoint_bytes.is_not(None))
    if workspace_id is not None:
        query = query.where(training_sessions.c.workspace_id == workspace_id)
    return every(connection, query)


def too_old(connection: Connection, moment: datetime) -> list[int]:
    """The ids of the sessions whose time is over.

    One that is being kept is none of them, nor is one whose workspace is in the bin.
    """
    oldest = iso(moment.astimezone(UTC) - timedelta(days=KEPT_DAYS))
    query = select(training_sessions.c.id).join(workspaces)
    is_over = training_sessions.c.completed_at < oldest, training_sessions.c.request.is_(None)
    has_epochs = training_sessions.c.checkpoint_bytes.is_not(None)
    return list(connection.execute(query.where(has_epochs, *is_over, IS_THERE)).scalars())


def forget(connection: Connection, session_id: int) -> None:
    """Record that nothing of a session can be kept any more."""
    sessions.change(connection, session_id, checkpoint_bytes=None)
