"""Users, their tokens, workspaces and members."""

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from backend.database.records import Record, every, first, one
from backend.database.schema import members, now, tokens, users, workspaces


def find_user(connection: Connection, name: str) -> Record | None:
    """The user of that name."""
    return first(connection, select(users).where(users.c.name == name))


def administrator(connection: Connection) -> Record | None:
    """The first user, or None in a fresh database."""
    return first(connection, select(users).where(users.c.is_admin).order_by(users.c.id))


def create_user(connection: Connection, name: str, *, is_admin: bool = False) -> Record:
    """Add a user; the caller has made sure that the name is free."""
    statement = insert(users).values(name=name, is_admin=is_admin, created_at=now())
    return one(connection, statement.returning(*users.c))


def list_tokens(connection: Connection, user_id: int | None = None) -> list[Record]:
    """Tokens with their user's name, without the hash; of all users when `user_id` is None."""
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
    """Whose token it is."""
    query = select(users).join(tokens, tokens.c.user_id == users.c.id)
    return first(connection, query.where(tokens.c.hash == token_hash))


def create_workspace(connection: Connection, key: str, name: str, owner_id: int) -> Record:
    """Add a workspace that belongs to one user."""
    statement = insert(workspaces).values(key=key, name=name, owner_id=owner_id, created_at=now())
    return one(connection, statement.returning(*workspaces.c))


def list_workspaces(connection: Connection, user_id: int) -> list[Record]:
    """The workspaces that a user owns or is a member of, oldest first; `owner` is a name."""
    query = _workspaces().where(_may_use(user_id)).order_by(workspaces.c.id)
    return every(connection, query)


def find_workspace(connection: Connection, key: str, user_id: int) -> Record | None:
    """The workspace with that key, if the user may use it."""
    query = _workspaces().where(workspaces.c.key == key, _may_use(user_id))
    return first(connection, query)


def find_workspace_by_id(connection: Connection, workspace_id: int, user_id: int) -> Record | None:
    """The workspace with that id, if the user may use it."""
    query = _workspaces().where(workspaces.c.id == workspace_id, _may_use(user_id))
    return first(connection, query)


def delete_workspace(connection: Connection, workspace_id: int) -> None:
    """Forget a workspace and everything in it."""
    connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))


def list_members(connection: Connection, workspace_id: int) -> list[str]:
    """The names of the members, without the owner."""
    query = select(users.c.name).join(members).where(members.c.workspace_id == workspace_id)
    return list(connection.execute(query.order_by(users.c.name)).scalars())


def add_member(connection: Connection, workspace_id: int, user_id: int) -> None:
    """Let a user use the workspace; no change when the user may already."""
    statement = insert(members).prefix_with("OR IGNORE")
    connection.execute(statement.values(workspace_id=workspace_id, user_id=user_id))


def remove_member(connection: Connection, workspace_id: int, user_id: int) -> bool:
    """Take the right away; False if the user was no member."""
    statement = delete(members).where(
        members.c.workspace_id == workspace_id, members.c.user_id == user_id
    )
    return connection.execute(statement).rowcount > 0


def set_current_model(connection: Connection, workspace_id: int, model_id: int | None) -> None:
    """Name the model that predictions of this workspace use."""
    connection.execute(
        update(workspaces).where(workspaces.c.id == workspace_id).values(current_model_id=model_id)
    )


def _workspaces() -> Select:
    owner = users.c.name.label("owner")
    return select(*workspaces.c, owner).join(users, users.c.id == workspaces.c.owner_id)


def _may_use(user_id: int) -> Any:
    mine = select(members.c.workspace_id).where(members.c.user_id == user_id)
    return or_(workspaces.c.owner_id == user_id, workspaces.c.id.in_(mine))
