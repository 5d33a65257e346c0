"""Workspaces and their members."""

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from backend.database.connection import Record, every, first, one
from backend.database.schema import members, now, users, workspaces


def create(connection: Connection, key: str, name: str, owner_id: int) -> Record:
    """Add a workspace owned by one user."""
    statement = insert(workspaces).values(key=key, name=name, owner_id=owner_id, created_at=now())
    return one(connection, statement.returning(*workspaces.c))


def of_user(connection: Connection, user_id: int) -> list[Record]:
    """The workspaces that a user owns or is a member of, oldest first; `owner` is a name."""
    query = _workspaces().where(_has_access(user_id)).order_by(workspaces.c.id)
    return every(connection, query)


def find(connection: Connection, key: str, user_id: int) -> Record | None:
    """The workspace with that key, if the user has access."""
    query = _workspaces().where(workspaces.c.key == key, _has_access(user_id))
    return first(connection, query)


def find_by_id(connection: Connection, workspace_id: int, user_id: int) -> Record | None:
    """The workspace with that id, if the user has access."""
    query = _workspaces().where(workspaces.c.id == workspace_id, _has_access(user_id))
    return first(connection, query)


def remove(connection: Connection, workspace_id: int) -> None:
    """Delete a workspace and everything in it."""
    connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))


def list_members(connection: Connection, workspace_id: int) -> list[str]:
    """The names of the members, not including the owner."""
    query = select(users.c.name).join(members).where(members.c.workspace_id == workspace_id)
    return list(connection.execute(query.order_by(users.c.name)).scalars())


def add_member(connection: Connection, workspace_id: int, user_id: int) -> None:
    """Give a user access; no change if the user has it already."""
    statement = insert(members).prefix_with("OR IGNORE")
    connection.execute(statement.values(workspace_id=workspace_id, user_id=user_id))


def remove_member(connection: Connection, workspace_id: int, user_id: int) -> bool:
    """Remove a user's access; False if the user was not a member."""
    statement = delete(members).where(
        members.c.workspace_id == workspace_id, members.c.user_id == user_id
    )
    return connection.execute(statement).rowcount > 0


def set_current_model(connection: Connection, workspace_id: int, model_id: int | None) -> None:
    """Set the model that predictions in this workspace use."""
    connection.execute(
        update(workspaces).where(workspaces.c.id == workspace_id).values(current_model_id=model_id)
    )


def _workspaces() -> Select:
    owner = users.c.name.label("owner")
    return select(*workspaces.c, owner).join(users, users.c.id == workspaces.c.owner_id)


def _has_access(user_id: int) -> Any:
    mine = select(members.c.workspace_id).where(members.c.user_id == user_id)
    return or_(workspaces.c.owner_id == user_id, workspaces.c.id.in_(mine))


def id_of_key(connection: Connection, key: str) -> int | None:
    """The id of the workspace with that key, whoever may use it: the caller checks access."""
    query = select(workspaces.c.id).where(workspaces.c.key == key)
    return connection.execute(query).scalar_one_or_none()
