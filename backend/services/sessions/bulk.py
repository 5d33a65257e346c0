"""What is done to one session or to many alike: cancel, stop, delete, star, tag."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from backend.database import sessions
from backend.database.connection import Record
from backend.database.listing import facts
from backend.errors import Conflict
from backend.services.bin.put import put
from backend.services.context import Services
from backend.services.sessions.end import request_end
from backend.services.sessions.keep import require_not_being_kept

MOST_TAGS = 20

Action = Callable[[Connection, Record, Sequence[str]], None]


def end_or_refuse(connection: Connection, session: Record, request: str) -> str:
    """As `request_end`.

    Raises:
        Conflict: it has ended already.
    """
    message = request_end(connection, session, request)
    if message is None:
        raise Conflict(f"Session {session['id']} has already ended: it is {session['status']}.")
    return message


def delete(services: Services, connection: Connection, session: Record, user_id: int) -> int:
    """Put an ended session into the bin; gives the id there, to `finish` after the commit.

    Raises:
        Conflict: it has not ended, is part of a study, or its best epoch is being kept.
    """
    require_ended(session, "deleted")
    require_no_study(session, "deleted")
    require_not_being_kept(session)
    name = facts.marks_of(connection, session["id"]).get("title") or session["model_name"]
    bin_id = put(services, connection, "session", session, name, user_id)
    sessions.remove(connection, session["id"])
    return bin_id


def require_ended(session: Record, action: str) -> None:
    """Raise Conflict unless it has ended; `action` is what it cannot be, such as "deleted"."""
    if session["status"] not in sessions.ENDED:
        raise Conflict(
            f"Session {session['id']} is {session['status']} and cannot be {action} until it has "
            "ended: cancel it, or wait."
        )


def require_no_study(session: Record, action: str) -> None:
    """Raise Conflict if it is part of a study; `action` is what it cannot be."""
    if session["study_id"] is not None:
        raise Conflict(
            f"Session {session['id']} is part of study {session['study_id']} and is {action} with "
            "it alone."
        )


def cancel(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Cancel a session; one that is cancelled stays so.

    Raises:
        Conflict: it has ended otherwise.
    """
    if session["status"] != "cancelled":
        end_or_refuse(connection, session, "cancel")


def stop(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Stop a session after its epoch; raises as `cancel`."""
    if session["status"] != "cancelled":
        end_or_refuse(connection, session, "stop")


def star(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Give a session a star."""
    _mark(connection, session, is_starred=True)


def unstar(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Take the star of a session."""
    _mark(connection, session, is_starred=False)


def tag(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Add tags to those of a session.

    Raises:
        Conflict: it would have more than MOST_TAGS.
    """
    together = list(dict.fromkeys([*facts.tags_of(connection, session["id"]), *tags]))
    if len(together) > MOST_TAGS:
        raise Conflict(
            f"Session {session['id']} would have {len(together)} tags; expected at most "
            f"{MOST_TAGS}: remove some first."
        )
    _mark(connection, session, tags=facts.tags_as_text(together))


def untag(connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Remove tags of a session."""
    left = [each for each in facts.tags_of(connection, session["id"]) if each not in tags]
    _mark(connection, session, tags=facts.tags_as_text(left))


ACTIONS: dict[str, Action] = {
    "cancel": cancel,
    "stop": stop,
    "star": star,
    "unstar": unstar,
    "tag": tag,
    "untag": untag,
}


def _mark(connection: Connection, session: Record, **marks: object) -> None:
    facts.change(connection, session["id"], **marks)
    sessions.change(connection, session["id"])
