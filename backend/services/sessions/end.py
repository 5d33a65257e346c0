"""Asks for the end of a session: now, or after the epoch that it trains."""

from sqlalchemy import Connection

from backend.database import kept, sessions
from backend.database.connection import Record

_EFFECTS = {
    "stop": "stops after the current epoch and keeps the best weights",
    "cancel": "ends now and keeps nothing",
}


def request_end(connection: Connection, session: Record, request: str) -> str | None:
    """Request the end of a session; either request cancels one that has not learnt anything.

    Args:
        connection: open for writing.
        session: its row, read in the same transaction.
        request: "stop" or "cancel".

    Returns:
        What happens, as a sentence; None: it has ended already. Where it is cancelled at once, its
        files go after the commit, with `session_end.remove_files`.
    """
    session_id, status = session["id"], session["status"]
    effect = f"Session {session_id} {_EFFECTS[request]}."
    if status == "pending" and request == "stop" and session["epochs_completed"]:
        # Interrupted, or to be started again after a crash: the epochs that it has are kept.
        sessions.change(connection, session_id, request=request)
        return effect
    if status == "pending":
        sessions.end(connection, session_id, "cancelled")
        return f"Session {session_id} was waiting and has been cancelled."
    if status == "training":
        # A cancel is not weakened by a later stop.
        if session["request"] != "cancel":
            sessions.change(connection, session_id, request=request)
        return effect
    if kept.is_requested(session) and request == "cancel":
        sessions.change(connection, session_id, request=None, stage=None, evaluation=None)
        return f"Session {session_id} is no longer being kept; its finished epochs stay."
    return None
