"""How much of its time a search has used: it counts only while the search is open."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from backend.database.connection import Record, every
from backend.database.schema import studies, training_sessions


def used_seconds(search: Record, parts: Iterable[Record]) -> float:
    """How long a search has been open since its first trial began, without what lies between.

    After it was opened again, time counts from the next trial that begins, or at once if one runs.

    Args:
        search: its row: `state`, `used_seconds`, `reopened_at`.
        parts: its sessions: `started_at`, `completed_at`.
    """
    now = datetime.now(UTC)
    spans = [
        (_moment(each["started_at"], now), _moment(each["completed_at"], now))
        for each in parts
        if each["started_at"] is not None
    ]
    earlier: float | None = search["used_seconds"]
    if search["state"] != "open":
        return _covered(spans) if earlier is None else earlier
    begun = [began for began, _ in spans]
    if search["reopened_at"] is not None:
        opened = _moment(search["reopened_at"], now)
        # Not those that had ended before.
        begun = [max(each, opened) for each, ended in spans if each >= opened or ended > opened]
    return (earlier or 0.0) + max(0.0, (now - min(begun, default=now)).total_seconds())


def used_by(connection: Connection, search: Record) -> float:
    """The same of a search whose sessions are read here."""
    own, study_id = training_sessions.c, search["study_id"]
    # With its workspace, so that the index of the list answers: the rows have long evaluations.
    place = select(studies.c.workspace_id).where(studies.c.id == study_id).scalar_subquery()
    query = select(own.started_at, own.completed_at)
    query = query.where(own.workspace_id == place, own.study_id == study_id)
    return used_seconds(search, every(connection, query))


def _covered(spans: list[tuple[datetime, datetime]]) -> float:
    """How long something ran: what is known of a search that an earlier version closed."""
    seconds, until = 0.0, datetime.min.replace(tzinfo=UTC)
    for began, ended in sorted(spans):
        seconds += max(0.0, (ended - max(began, until)).total_seconds())
        until = max(until, ended)
    return seconds


def _moment(written: str | None, now: datetime) -> datetime:
    return now if written is None else datetime.fromisoformat(written)
