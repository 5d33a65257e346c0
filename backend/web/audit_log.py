"""Records in the audit log what the current request does."""

from collections.abc import Sequence
from typing import Any

from flask import request
from sqlalchemy import Connection

from backend.database import audit
from backend.database.connection import Record
from backend.web.auth import current_user
from backend.web.current import services

# A download in parts, or again within so many seconds, is recorded once.
_SAME_DOWNLOAD_SECONDS = 60


def record(
    connection: Connection,
    action: str,
    *,
    workspace_id: int | None = None,
    target: str | None = None,
    detail: str | None = None,
) -> None:
    """Record what the current user does, in the transaction that does it.

    Args:
        connection: open for writing; the entry stays only if it is committed.
        action: one of `web.schemas.audit.AuditAction`.
        workspace_id: of the workspace that it belongs to; it must not be deleted yet.
        target: what it is done to: "model 3", "token 12", a user's name.
        detail: more about it. Never a secret, a workspace's key or a cell of a catalogue.
    """
    what = {"workspace_id": workspace_id, "target": target, "detail": detail}
    audit.add(connection, keep(), action, **_who(), **what)


def record_each(connection: Connection, action: str, of_each: Sequence[Record]) -> None:
    """Record what the current user does to many things, as `record`.

    Args:
        connection: as there.
        action: as there.
        of_each: `{workspace_id, target, detail}` of each.
    """
    audit.add_each(connection, keep(), action, of_each, **_who())


def record_download(action: str, workspace_id: int, target: str, detail: str | None = None) -> None:
    """Record a download before it is sent; it is not sent if it cannot be recorded."""
    what = {"workspace_id": workspace_id, "target": target, "detail": detail, **_who()}
    with services().database.read() as connection:
        if audit.is_repeated(connection, action, _SAME_DOWNLOAD_SECONDS, **what):
            return
    with services().database.write() as connection:
        audit.add(connection, keep(), action, **what)


def keep() -> audit.Keep:
    """The bounds of the log."""
    settings = services().settings
    return audit.Keep(settings.audit_entries, settings.audit_days)


def _who() -> dict[str, Any]:
    user = current_user()
    return {"user_id": user["id"], "user": user["name"], "address": request.remote_addr}
