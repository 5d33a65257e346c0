"""What is done to one session or to many alike: cancel, stop, delete, star, tag."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection

from backend.database import sessions
from backend.database.connection import Record
from backend.database.listing import facts
from backend.errors import Conflict
from backend.services.bin.put import put_each
from backend.services.context import Services
from backend.services.listing import marks
from backend.services.sessions.end import request_end
from backend.services.sessions.keep import require_not_being_kept

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


def delete(
    services: Services, connection: Connection, deletable: Sequence[Record], user_id: int
) -> list[int]:
    """Put sessions into the bin; gives their ids there, to `finish` after the commit.

    Args:
        services: the server's.
        connection: open for writing.
        deletable: their rows, which `require_deletable` has let pass in the same transaction.
        user_id: who deletes them.
    """
    titles = facts.titles_of(connection, [each["id"] for each in deletable])
    named = [(each, titles.get(each["id"]) or each["model_name"]) for each in deletable]
    bin_ids = put_each(services, connection, "session", named, user_id)
    sessions.remove(connection, *(each["id"] for each in deletable))
    return bin_ids


def require_deletable(session: Record) -> None:
    """Check that a session can be deleted.

    Raises:
        Conflict: it has not ended, is part of a study, or its best epoch is being kept.
    """
    require_ended(session, "deleted")
    require_no_study(session, "deleted")
    require_not_being_kept(session)


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


def mark(action: str, connection: Connection, session: Record, tags: Sequence[str]) -> None:
    """Change the star or the tags of a session; raises as `marks.after`."""
    session_id = session["id"]
    now = facts.tags_of(connection, session_id)
    said = marks.after(action, f"Session {session_id}", now, tags)
    facts.change(connection, session_id, **said)
    sessions.change(connection, session_id)


ACTIONS: dict[str, Action] = {
    "cancel": cancel,
    "stop": stop,
    **{name: partial(mark, name) for name in marks.ACTIONS},
}
