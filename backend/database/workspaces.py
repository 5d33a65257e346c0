"""Workspaces and their members."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from backend.database.bin.tables import bin_entries
from backend.database.connection import Record, every, first, one
from backend.database.curves.tables import curve_imports, curve_sets, curve_views
from backend.database.labels.tables import label_layers
from backend.database.schema import (
    analyses,
    batches,
    datasets,
    members,
    models,
    now,
    training_sessions,
    users,
    workspaces,
)

# A deleted workspace stays as it is: what is in it can be very much. That the bin has an entry of
# it is what hides it, until it is restored or nothing of it is left.
_hiding = bin_entries.alias("hiding")
IS_THERE = ~exists().where(
    _hiding.c.workspace_id == workspaces.c.id, _hiding.c.kind == "workspace"
).correlate(workspaces)


def create(connection: Connection, key: str, name: str, owner_id: int) -> Record:
    """Add a workspace owned by one user."""
    statement = insert(workspaces).values(key=key, name=name, owner_id=owner_id, created_at=now())
    return one(connection, statement.returning(*workspaces.c))


def of_user(connection: Connection, user_id: int) -> list[Record]:
    """The workspaces that a user owns or is a member of, oldest first.

    `owner` is a name, `role` is the user's: owner, editor or viewer.
    """
    query = _workspaces(user_id).where(_has_access(user_id)).order_by(workspaces.c.id)
    return every(connection, query)


def find(connection: Connection, key: str, user_id: int) -> Record | None:
    """The workspace with that key, if the user has access."""
    return first(connection, _BY_KEY, key=key, user_id=user_id)


def accessible(query: Select, table: Table, user_id: Any) -> Select:
    """A query of records in workspaces, limited to those that a user has access to.

    The user's `role` is added to each: owner, editor or viewer. Access is decided in the statement
    that looks the record up, so that somebody else's takes the same path as none.

    Args:
        query: of `table`, which has a column workspace_id.
        table: such as datasets, training_sessions or models.
        user_id: the user, or the parameter of a statement that is made once.
    """
    query = query.join_from(table, workspaces, workspaces.c.id == table.c.workspace_id)
    return _with_role(query, user_id)


# What each row of a table takes.
_TAKEN: tuple[tuple[Table, ColumnElement[int]], ...] = (
    (datasets, func.coalesce(datasets.c.stored_bytes, datasets.c.file_size)),
    (models, func.coalesce(models.c.stored_bytes, models.c.file_size)),
    (analyses, func.coalesce(analyses.c.stored_bytes, 0)),
    (batches, batches.c.stored_bytes),
    (curve_sets, curve_sets.c.stored_bytes),
    (curve_imports, curve_imports.c.stored_bytes),
    (curve_views, curve_views.c.stored_bytes),
    (training_sessions, func.coalesce(training_sessions.c.checkpoint_bytes, 0)),
)


def stored_bytes(connection: Connection, workspace_ids: Sequence[int]) -> dict[int, int]:
    """The bytes that datasets with their labels, models, analyses, batches, light curves, their
    views and kept epochs take.

    What `stored_sizes` has not measured yet counts with its main file.
    """
    total = dict.fromkeys(workspace_ids, 0)
    for table, taken in _TAKEN:
        size = func.sum(taken)
        query = select(table.c.workspace_id, size.label("size")).group_by(table.c.workspace_id)
        for row in connection.execute(query.where(table.c.workspace_id.in_(workspace_ids))):
            total[row.workspace_id] += row.size
    layers = select(datasets.c.workspace_id, func.sum(label_layers.c.stored_bytes).label("size"))
    layers = layers.join(label_layers).group_by(datasets.c.workspace_id)
    for row in connection.execute(layers.where(datasets.c.workspace_id.in_(workspace_ids))):
        total[row.workspace_id] += row.size
    # The current model has a copy.
    copies = select(workspaces.c.id, models.c.file_size).join(
        models, models.c.id == workspaces.c.current_model_id
    )
    for row in connection.execute(copies.where(workspaces.c.id.in_(workspace_ids))):
        total[row.id] += row.file_size
    return total


def stored_by_kind(connection: Connection) -> dict[str, int]:
    """The bytes of `stored_bytes` in all workspaces together, by the table that counts them."""
    found = {}
    for table, taken in (*_TAKEN, (label_layers, label_layers.c.stored_bytes)):
        size = select(func.coalesce(func.sum(taken), 0)).select_from(table)
        found[table.name] = connection.execute(size).scalar_one()
    return found


def owner_of(connection: Connection, workspace_id: int) -> int:
    """The id of the user who owns a workspace."""
    query = select(workspaces.c.owner_id).where(workspaces.c.id == workspace_id)
    return connection.execute(query).scalar_one()


def owned_by(connection: Connection, user_id: int) -> list[int]:
    """The ids of the workspaces that a user owns, without those in the bin."""
    query = select(workspaces.c.id).where(workspaces.c.owner_id == user_id, IS_THERE)
    return list(connection.execute(query).scalars())


def is_there(connection: Connection, workspace_id: int) -> bool:
    """Whether there is a workspace with that id, which is not in the bin."""
    query = select(workspaces.c.id).where(workspaces.c.id == workspace_id, IS_THERE)
    return connection.execute(query).first() is not None


def set_name(connection: Connection, workspace_id: int, name: str) -> None:
    """Give a workspace another name."""
    connection.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(name=name))


def remove(connection: Connection, workspace_id: int) -> None:
    """Delete a workspace and everything in it."""
    connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))


def list_members(connection: Connection, workspace_id: int) -> list[Record]:
    """The members, not including the owner: `{user, role, added_by, added_at}`, by name.

    Who added a member, and when, is not known of those whom release 0.2.0 or an earlier one added.
    """
    adder = users.alias("adder")
    query = (
        select(
            users.c.name.label("user"),
            members.c.role,
            adder.c.name.label("added_by"),
            members.c.added_at,
        )
        .join_from(members, users, users.c.id == members.c.user_id)
        .join(adder, adder.c.id == members.c.added_by, isouter=True)
        .where(members.c.workspace_id == workspace_id)
        .order_by(users.c.name)
    )
    return every(connection, query)


def add_member(
    connection: Connection, workspace_id: int, user_id: int, *, role: str, added_by: int
) -> None:
    """Give a user access; the caller has checked that the user has none."""
    connection.execute(
        insert(members).values(
            workspace_id=workspace_id,
            user_id=user_id,
            role=role,
            added_by=added_by,
            added_at=now(),
        )
    )


def set_role(connection: Connection, workspace_id: int, user_id: int, role: str) -> None:
    """Change a member's role."""
    statement = update(members).where(
        members.c.workspace_id == workspace_id, members.c.user_id == user_id
    )
    connection.execute(statement.values(role=role))


def role_of(connection: Connection, workspace_id: int, user_id: int) -> str | None:
    """A member's role: editor or viewer; None for everybody else."""
    query = select(members.c.role).where(
        members.c.workspace_id == workspace_id, members.c.user_id == user_id
    )
    return connection.execute(query).scalar_one_or_none()


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


def _workspaces(user_id: Any) -> Select:
    owner = users.c.name.label("owner")
    query = select(*workspaces.c, owner)
    query = query.join_from(workspaces, users, users.c.id == workspaces.c.owner_id)
    return _with_role(query, user_id)


def _with_role(query: Select, user_id: Any) -> Select:
    is_owner = workspaces.c.owner_id == user_id
    is_member = and_(members.c.workspace_id == workspaces.c.id, members.c.user_id == user_id)
    return (
        query.add_columns(case((is_owner, "owner"), else_=members.c.role).label("role"))
        .join_from(workspaces, members, is_member, isouter=True)
        .where(or_(is_owner, members.c.role.is_not(None)), IS_THERE)
    )


def _has_access(user_id: int) -> Any:
    mine = select(members.c.workspace_id).where(members.c.user_id == user_id)
    return or_(workspaces.c.owner_id == user_id, workspaces.c.id.in_(mine))


def id_of_key(connection: Connection, key: str) -> int | None:
    """The id of the workspace with that key, whoever may use it: the caller checks access."""
    query = select(workspaces.c.id).where(workspaces.c.key == key, IS_THERE)
    return connection.execute(query).scalar_one_or_none()


# Each prediction asks for it: to make a statement takes longer than to run it.
_BY_KEY = _workspaces(bindparam("user_id")).where(workspaces.c.key == bindparam("key"))
