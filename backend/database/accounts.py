"""Users and their tokens."""

from typing import Any

from sqlalchemy import Connection, Select, Update, delete, func, insert, select, update

from backend.database.connection import Record, every, first, one
from backend.database.schema import now, tokens, users


def find_user(connection: Connection, name: str) -> Record | None:
    """The user of that name."""
    return first(connection, select(users).where(users.c.name == name))


def administrator(connection: Connection) -> Record | None:
    """The first user, or None in a fresh database."""
    return first(connection, select(users).where(users.c.is_admin).order_by(users.c.id))


def create_user(connection: Connection, name: str, *, is_admin: bool = False) -> Record:
    """Add a user; the caller has checked that the name is free."""
    statement = insert(users).values(name=name, is_admin=is_admin, created_at=now())
    return one(connection, statement.returning(*users.c))


def list_tokens(connection: Connection, user_id: int | None = None) -> list[Record]:
    """The tokens of one user, or of all users, oldest first, as `find_token` gives them."""
    query = _tokens().order_by(tokens.c.id)
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    return every(connection, query)


def count_tokens(connection: Connection, user_id: int) -> int:
    """The number of a user's tokens, the expired ones too."""
    query = select(func.count()).where(tokens.c.user_id == user_id)
    return connection.execute(query).scalar_one()


def add_token(
    connection: Connection, user_id: int, token_hash: str, hint: str, **limits: Any
) -> Record:
    """Store the hash of a new token.

    Args:
        connection: open for writing.
        user_id: whose token it is.
        token_hash: of the secret.
        hint: its first characters.
        limits: name, is_read_only, expires_at.
    """
    statement = insert(tokens).values(
        user_id=user_id, hash=token_hash, hint=hint, created_at=now(), **limits
    )
    token_id = one(connection, statement.returning(tokens.c.id))["id"]
    return one(connection, _tokens().where(tokens.c.id == token_id))


def find_token(connection: Connection, token_id: int) -> Record | None:
    """The token with that id, with its user's name and without its hash.

    `{id, user_id, user, hint, name, read_only, created_at, last_used_at, expires_at}`.
    """
    return first(connection, _tokens().where(tokens.c.id == token_id))


def find_token_by_hash(connection: Connection, token_hash: str) -> Record | None:
    """The token with that hash, as `find_token` gives it, and whether its user `is_admin`."""
    query = _tokens().add_columns(users.c.is_admin).where(tokens.c.hash == token_hash)
    return first(connection, query)


def delete_token(connection: Connection, token_id: int) -> None:
    """Revoke a token."""
    connection.execute(delete(tokens).where(tokens.c.id == token_id))


def token_was_used(token_id: int, moment: str) -> Update:
    """The statement that notes when a token was last used."""
    return update(tokens).where(tokens.c.id == token_id).values(last_used_at=moment)


def _tokens() -> Select:
    return select(
        tokens.c.id,
        tokens.c.user_id,
        users.c.name.label("user"),
        tokens.c.hint,
        tokens.c.name,
        tokens.c.is_read_only.label("read_only"),
        tokens.c.created_at,
        tokens.c.last_used_at,
        tokens.c.expires_at,
    ).join(users)
