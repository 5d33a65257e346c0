"""The epochs of training sessions and their metrics, which are read as the JSON that is stored."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, Text, bindparam, cast, delete, insert, select

from backend.database import sessions
from backend.database.connection import Record
from backend.database.schema import epochs, training_sessions

_METRICS = cast(epochs.c.metrics, Text).label("metrics")

# A polled statement is made once: to make one takes longer than to run it.
_HISTORY = (
    select(epochs.c.epoch, _METRICS)
    .where(epochs.c.session_id == bindparam("session_id"), epochs.c.epoch > bindparam("after"))
    .order_by(epochs.c.epoch)
)


class StoredEpoch(NamedTuple):
    """An epoch's number, from 1, and its metrics as stored: a JSON object."""

    number: int
    metrics: str


def add(connection: Connection, session_id: int, epoch: int, metrics: Record) -> None:
    """Record a finished epoch; an epoch that a resumed session repeats is replaced."""
    statement = insert(epochs).prefix_with("OR REPLACE")
    connection.execute(statement.values(session_id=session_id, epoch=epoch, metrics=metrics))
    sessions.change(
        connection,
        session_id,
        epochs_completed=epoch,
        batches_done=0,
        metrics=metrics,
        starts_without_epoch=0,
    )


def forget_after(connection: Connection, session_id: int, epoch: int) -> None:
    """Delete the epochs that a session resumed after `epoch` will repeat."""
    connection.execute(
        delete(epochs).where(epochs.c.session_id == session_id, epochs.c.epoch > epoch)
    )
    sessions.change(connection, session_id, epochs_completed=epoch, batches_done=0)


def history(connection: Connection, session_id: int, after_epoch: int = 0) -> list[StoredEpoch]:
    """The epochs after `after_epoch`, oldest first."""
    rows = connection.execute(_HISTORY, {"session_id": session_id, "after": after_epoch})
    return [StoredEpoch(*row) for row in rows]


def latest(
    connection: Connection, session_ids: Collection[int], count: int
) -> dict[int, list[StoredEpoch]]:
    """The last `count` epochs of each of some sessions, oldest first."""
    if not session_ids:
        return {}
    first_shown = training_sessions.c.epochs_completed - count
    query = (
        select(epochs.c.session_id, epochs.c.epoch, _METRICS)
        .join(training_sessions)
        .where(epochs.c.session_id.in_(session_ids), epochs.c.epoch > first_shown)
        .order_by(epochs.c.session_id, epochs.c.epoch)
    )
    found: dict[int, list[StoredEpoch]] = {}
    for session_id, *epoch in connection.execute(query):
        found.setdefault(session_id, []).append(StoredEpoch(*epoch))
    return found
