"""Users and their tokens."""

from sqlalchemy import Connection, delete, insert, select

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
    """The tokens of one user, or of all users, with the user's name and without the hash."""
    query = (
        select(tokens.c.id, tokens.c.hint, tokens.c.created_at, users.c.name.label("user"))
        .join(users)
        .order_by(tokens.c.id)
    )
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    return every(connection, query)


def add_token(connection: Connection, user_id: int, token_hash: str, hint: str) -> Record:
    """Store the hash of a new token."""
    statement = insert(tokens).values(user_id=user_id, hash=token_hash, hint=hint, created_at=now())
    return one(connection, statement.returning(tokens.c.id, tokens.c.hint, tokens.c.created_at))


def find_token(connection: Connection, token_id: int) -> Record | None:
    """The token with that id: `{id, user_id, hint, created_at}`."""
    query = select(tokens.c.id, tokens.c.user_id, tokens.c.hint, tokens.c.created_at)
    return first(connection, query.where(tokens.c.id == token_id))


def delete_token(connection: Connection, token_id: int) -> None:
    """Revoke a token."""
    connection.execute(delete(tokens).where(tokens.c.id == token_id))


def user_of_token(connection: Connection, token_hash: str) -> Record | None:
    """The user whose token has this hash, or None."""
    query = select(users).join(tokens, tokens.c.user_id == users.c.id)
    return first(connection, query.where(tokens.c.hash == token_hash))
