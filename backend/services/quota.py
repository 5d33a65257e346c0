"""The quotas: stored bytes and waiting sessions of a workspace, tokens of a user."""

from sqlalchemy import Connection

from backend.database import accounts, analyses, datasets, sessions, workspaces
from backend.database.connection import Record
from backend.errors import NoSpace, TooMany
from backend.services.context import Services
from backend.storage.incoming import MEGABYTE


def require_quota(services: Services, connection: Connection, workspace_id: int, size: int) -> None:
    """Check that `size` more bytes fit into the workspace.

    Raises:
        NoSpace: they do not.
    """
    quota = services.settings.quota_mb * MEGABYTE
    stored = datasets.stored_bytes(connection, workspace_id)
    if stored + size > quota:
        raise NoSpace(
            f"Expected at most {quota / MEGABYTE:,.0f} MB in this workspace, found "
            f"{stored / MEGABYTE:,.1f} MB and {size / MEGABYTE:,.1f} MB more. Delete datasets or "
            "models, or ask the administrator to raise EXOTRAIN_QUOTA_MB."
        )


def require_waiting_place(services: Services, connection: Connection, workspace_id: int) -> None:
    """Check that one more session may wait.

    Raises:
        TooMany: the quota is used up.
    """
    allowed = services.settings.quota_pending
    waiting = sessions.in_workspace(connection, workspace_id, status="pending")
    if len(waiting) >= allowed:
        ids = ", ".join(str(each["id"]) for each in reversed(waiting))
        raise TooMany(
            f"Expected at most {allowed} waiting sessions in this workspace, found "
            f"{len(waiting)}: {ids}. Wait for one to start, cancel one, or have the "
            "administrator raise EXOTRAIN_QUOTA_PENDING."
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


def usage(services: Services, connection: Connection, user_id: int) -> Record:
    """What a user takes and may take, by quota: `{used, allowed}`."""
    settings = services.settings
    owned = [
        each["id"]
        for each in workspaces.of_user(connection, user_id)
        if each["owner_id"] == user_id
    ]
    counts = {
        "stored_bytes": (
            sum(workspaces.stored_bytes(connection, owned).values()),
            settings.quota_mb * MEGABYTE,
        ),
        "waiting_sessions": (
            sum(sessions.count(connection, "pending", each) for each in owned),
            settings.quota_pending,
        ),
        "workspaces": (len(owned), settings.quota_workspaces),
        "analyses": (
            sum(len(analyses.in_workspace(connection, each)) for each in owned),
            settings.quota_analyses,
        ),
        "tokens": (accounts.count_tokens(connection, user_id), settings.quota_tokens),
    }
    return {name: {"used": used, "allowed": allowed} for name, (used, allowed) in counts.items()}
