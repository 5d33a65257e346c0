"""Makes tokens, and what is stored of them; the administrator's first one."""

import hashlib
import secrets
from typing import Any

from sqlalchemy import Connection

from backend.config import Settings
from backend.database import Database, accounts
from backend.database.connection import Record

ADMINISTRATOR = "admin"

_HINT_LENGTH = 6


def hash_token(token: str) -> str:
    """The stored form of a token, its SHA-256: a random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_token(connection: Connection, user: Record, **limits: Any) -> tuple[str, Record]:
    """Create a token for a user.

    Args:
        connection: open for writing.
        user: whose token it is.
        limits: name, is_read_only, expires_at.

    Returns:
        the secret, which is not stored, and the stored record.
    """
    token = secrets.token_urlsafe(32)
    hint = token[:_HINT_LENGTH]
    return token, accounts.add_token(connection, user["id"], hash_token(token), hint, **limits)


def ensure_administrator(database: Database, settings: Settings) -> str | None:
    """Create the first user, and a token if there is no other way in.

    Returns:
        the new token, to be shown once, or None if EXOTRAIN_TOKEN or an earlier token is valid.
    """
    with database.write() as connection:
        administrator = accounts.administrator(connection)
        if administrator is None:
            administrator = accounts.create_user(connection, ADMINISTRATOR, is_admin=True)
        if settings.token or accounts.list_tokens(connection, administrator["id"]):
            return None
        return new_token(connection, administrator)[0]
