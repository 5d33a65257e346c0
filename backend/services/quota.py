"""The quotas of a user: stored bytes, waiting sessions, workspaces, analyses, tokens.

What is in a workspace counts for its owner, a session for who started it. Each check is made in the
transaction that adds something, so that two requests at once cannot both take the last place.
"""

from sqlalchemy import Connection

from backend.database import accounts, analyses, batches, sessions, workspaces
from backend.database.bin import entries as bin_entries
from backend.database.connection import Record
from backend.database.curves import imports, view_jobs
from backend.errors import NoSpace, TooMany
from backend.services.bin.room import make_room
from backend.services.context import Services
from backend.storage.incoming import MEGABYTE


def require_bytes(
    services: Services, connection: Connection, owner_id: int, size: int, freed: int = 0
) -> None:
    """Check that `size` more bytes fit into the workspaces of their owner once `freed` are gone.

    What is in the bin counts, and gives way: the oldest first. A connection that only reads takes
    for granted that it will.

    Raises:
        NoSpace: they do not.
    """
    use = stored_bytes(services, connection, owner_id)
    over = use["used"] - freed + size - use["allowed"]
    if over > 0 and not _gives_way(services, connection, owner_id, over):
        left = max(0, use["allowed"] - use["used"])
        raise NoSpace(
            f"Expected at most {_mb(use['allowed'])} in all workspaces of their owner, found "
            f"{_mb(use['used'])}: {_mb(size)} more do not fit into the {_mb(left)} that are left. "
            "Delete datasets, models, analyses, predicted catalogues or the kept epochs of failed "
            "sessions, or have the administrator raise EXOTRAIN_QUOTA_MB."
        )


def require_waiting_place(services: Services, connection: Connection, user_id: int) -> None:
    """Check that one more session of a user may wait.

    Raises:
        TooMany: the quota is used up.
    """
    _require_place_among(services, "sessions", sessions.waiting_of(connection, user_id))


def require_batch_place(services: Services, connection: Connection, user_id: int) -> None:
    """Check that one more batch of a user may wait.

    Raises:
        TooMany: the quota, the same number as of sessions, is used up.
    """
    _require_place_among(services, "batches", batches.waiting_of(connection, user_id))


def require_import_place(services: Services, connection: Connection, user_id: int) -> None:
    """Check that one more import of light curves of a user may wait.

    Raises:
        TooMany: the quota, the same number as of sessions, is used up.
    """
    _require_place_among(
        services, "imports of light curves", imports.waiting_of(connection, user_id)
    )


def require_views_place(services: Services, connection: Connection, user_id: int) -> None:
    """Check that one more preparation of views of a user may wait; not for a session's own.

    Raises:
        TooMany: the quota, the same number as of sessions, is used up.
    """
    waiting = view_jobs.waiting_of(connection, user_id)
    _require_place_among(services, "preparations of light curves", waiting)


def _require_place_among(services: Services, kind: str, waiting: list[int]) -> None:
    allowed = services.settings.quota_pending
    if len(waiting) >= allowed:
        ids = ", ".join(map(str, waiting))
        raise TooMany(
            f"Expected at most {allowed} waiting {kind} of one user, found {len(waiting)} of "
            f"yours: {ids}. Wait for one to start, cancel one, or have the administrator raise "
            "EXOTRAIN_QUOTA_PENDING."
        )


def require_workspace_place(services: Services, connection: Connection, user_id: int) -> None:
    """Check that a user may have one more workspace.

    Raises:
        TooMany: the quota is used up.
    """
    allowed = services.settings.quota_workspaces
    found = len(workspaces.owned_by(connection, user_id))
    if found >= allowed:
        raise TooMany(
            f"Expected at most {allowed} workspaces of one owner, found {found}. Delete one, or "
            "have the administrator raise EXOTRAIN_QUOTA_WORKSPACES."
        )


def require_analysis_place(
    services: Services, connection: Connection, owner_id: int, more: int = 1
) -> None:
    """Check that the workspaces of an owner may have so many more analyses.

    Raises:
        TooMany: the quota is used up.
    """
    allowed = services.settings.quota_analyses
    found = analyses.count_of_owner(connection, owner_id)
    if found + more > allowed:
        raise TooMany(
            f"Expected at most {allowed:,} analyses in all workspaces of their owner, found "
            f"{found:,}. Delete some, or have the administrator raise EXOTRAIN_QUOTA_ANALYSES."
        )


def require_token_place(services: Services, connection: Connection, user: Record) -> None:
    """Check that a user may have one more token.

    Raises:
        TooMany: the quota is used up.
    """
    allowed = services.settings.quota_tokens
    found = accounts.count_tokens(connection, user["id"])
    if found >= allowed:
        raise TooMany(
            f"Expected at most {allowed} tokens of {user['name']}, found {found}, the expired ones "
            "included. Revoke one, or have the administrator raise EXOTRAIN_QUOTA_TOKENS."
        )


def stored_bytes(services: Services, connection: Connection, owner_id: int) -> Record:
    """The bytes in all workspaces of an owner and in their bin: `{used, allowed}`."""
    owned = workspaces.owned_by(connection, owner_id)
    used = sum(workspaces.stored_bytes(connection, owned).values())
    used += bin_entries.stored_bytes(connection, owner_id)
    return {"used": used, "allowed": services.settings.quota_mb * MEGABYTE}


def waiting_sessions(services: Services, connection: Connection, user_id: int) -> Record:
    """The waiting sessions that a user started: `{used, allowed}`."""
    used = len(sessions.waiting_of(connection, user_id))
    return {"used": used, "allowed": services.settings.quota_pending}


def usage(services: Services, connection: Connection, user_id: int) -> Record:
    """What a user takes and may take, by quota: `{used, allowed}`."""
    settings = services.settings
    owned = len(workspaces.owned_by(connection, user_id))
    saved = analyses.count_of_owner(connection, user_id)
    tokens = accounts.count_tokens(connection, user_id)
    return {
        "stored_bytes": stored_bytes(services, connection, user_id),
        "waiting_sessions": waiting_sessions(services, connection, user_id),
        "workspaces": {"used": owned, "allowed": settings.quota_workspaces},
        "analyses": {"used": saved, "allowed": settings.quota_analyses},
        "tokens": {"used": tokens, "allowed": settings.quota_tokens},
    }


def _gives_way(services: Services, connection: Connection, owner_id: int, over: int) -> bool:
    if not services.database.is_writing(connection):
        return bin_entries.stored_bytes(connection, owner_id) >= over
    return make_room(services, connection, owner_id, over)


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB"
