"""The whole queue of sessions, and how long sessions took: what a guess of a wait is made from."""

from sqlalchemy import Connection, func, select

from backend.database import queue
from backend.database.connection import Record, every
from backend.database.schema import training_sessions, workspaces

# A guess follows the latest sessions: the machine and the tables change.
_RECENT = 20

_started, _ended = training_sessions.c.started_at, training_sessions.c.completed_at


def under_way(connection: Connection) -> list[Record]:
    """All sessions that wait or train, of all workspaces, oldest first.

    `{id, status, asker, is_interrupted, is_of_study, started_at}`.
    """
    query = (
        select(
            training_sessions.c.id,
            training_sessions.c.status,
            queue.asked_by(training_sessions).label("asker"),
            _started.is_not(None).label("is_interrupted"),
            training_sessions.c.study_id.is_not(None).label("is_of_study"),
            _started,
        )
        .join(workspaces)
        .where(training_sessions.c.status.in_(("pending", "training")))
    )
    return every(connection, query.order_by(training_sessions.c.id))


def recent_seconds(connection: Connection) -> list[float]:
    """How long the sessions took that have completed last."""
    took = (func.julianday(_ended) - func.julianday(_started)) * 86400.0
    query = (
        select(took)
        .where(training_sessions.c.status == "completed", _started.is_not(None))
        .order_by(training_sessions.c.id.desc())
        .limit(_RECENT)
    )
    return list(connection.execute(query).scalars())
