"""The uploaded catalogues of a workspace."""

from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from backend.database.connection import Record, every, first, one
from backend.database.listing import facts, model_facts
from backend.database.schema import datasets, now, training_sessions
from backend.database.workspaces import accessible

# What names a dataset's files.
_FILES = (datasets.c.workspace_id, datasets.c.sha256, datasets.c.suffix, datasets.c.identity)


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Record an upload.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: name, sha256, suffix, identity, read_as, file_size, num_samples, num_rejected,
            source, class_counts, profile, stored_bytes.
    """
    statement = insert(datasets).values(workspace_id=workspace_id, uploaded_at=now(), **values)
    return one(connection, statement.returning(*datasets.c))


def find(connection: Connection, dataset_id: int) -> Record | None:
    """The dataset with that id, in any workspace."""
    return first(connection, select(datasets).where(datasets.c.id == dataset_id))


def find_for(connection: Connection, dataset_id: int, user_id: int) -> Record | None:
    """The dataset with that id and the user's `role`, if the user has access to it."""
    query = select(datasets).where(datasets.c.id == dataset_id)
    return first(connection, accessible(query, datasets, user_id))


def find_by_identity(connection: Connection, workspace_id: int, identity: str) -> Record | None:
    """The dataset in the workspace of that file, read in that way, or None."""
    query = select(datasets).where(
        datasets.c.workspace_id == workspace_id, datasets.c.identity == identity
    )
    return first(connection, query)


def of_file(connection: Connection, workspace_id: int, sha256: str) -> list[Record]:
    """The datasets in the workspace that read the file with that hash, oldest first."""
    query = select(datasets.c.id, datasets.c.suffix).where(
        datasets.c.workspace_id == workspace_id, datasets.c.sha256 == sha256
    )
    return every(connection, query.order_by(datasets.c.id))


def in_workspace(connection: Connection, workspace_id: int) -> list[Record]:
    """All datasets of a workspace, newest first, without their profiles."""
    columns = [column for column in datasets.c if column.name != "profile"]
    query = select(*columns).where(datasets.c.workspace_id == workspace_id)
    return every(connection, query.order_by(datasets.c.id.desc()))


def sessions_using(connection: Connection, dataset_id: int) -> list[int]:
    """The ids of the sessions that still need the dataset: pending, training or being kept."""
    is_unfinished = training_sessions.c.status.in_(("pending", "training"))
    query = select(training_sessions.c.id).where(
        training_sessions.c.dataset_id == dataset_id,
        or_(is_unfinished, training_sessions.c.request == "keep"),
    )
    return list(connection.execute(query.order_by(training_sessions.c.id)).scalars())


def set_name(connection: Connection, dataset_id: int, name: str) -> None:
    """Give a dataset another name; sessions keep the one that it had when they started."""
    connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(name=name))


def remove(connection: Connection, dataset_id: int) -> None:
    """Delete a dataset; its sessions stay, without a dataset."""
    trained = training_sessions.c.dataset_id == dataset_id
    version = training_sessions.c.version + 1
    connection.execute(update(training_sessions).where(trained).values(version=version))
    removed = find(connection, dataset_id)
    if removed is not None:
        facts.name_dataset(connection, dataset_id, removed["name"])
        model_facts.name_dataset(connection, removed)
    connection.execute(delete(datasets).where(datasets.c.id == dataset_id))
    if removed is None:
        return
    others = of_file(connection, removed["workspace_id"], removed["sha256"])
    if others and others[0]["id"] > dataset_id:  # the oldest one counts the file
        grown = datasets.c.stored_bytes + removed["file_size"]
        heir = datasets.c.id == others[0]["id"]
        connection.execute(update(datasets).where(heir).values(stored_bytes=grown))


def unmeasured(connection: Connection) -> list[Record]:
    """The datasets whose size on disk is not known, each with what names its files."""
    query = select(datasets.c.id, *_FILES)
    return every(connection, query.where(datasets.c.stored_bytes.is_(None)))


def set_stored_bytes(connection: Connection, dataset_id: int, size: int) -> None:
    """Record what the files of a dataset take on disk."""
    connection.execute(
        update(datasets).where(datasets.c.id == dataset_id).values(stored_bytes=size)
    )


def every_one(connection: Connection) -> list[Record]:
    """All datasets of all workspaces, oldest first, without their profiles.

    Of these only `evidence`, as JSON: None where no release has looked for it.
    """
    columns = [column for column in datasets.c if column.name != "profile"]
    evidence = func.json_extract(datasets.c.profile, "$.evidence").label("evidence")
    return every(connection, select(*columns, evidence).order_by(datasets.c.id))


def set_evidence(connection: Connection, dataset: Record, found: Record, size: int) -> None:
    """Record which columns of evidence a dataset has.

    Args:
        connection: open for writing.
        dataset: with its profile.
        found: these columns, `{}` for none.
        size: of the file that was added, in bytes.
    """
    stored = dataset["stored_bytes"]
    values = {
        "profile": {**dataset["profile"], "evidence": found},
        "stored_bytes": None if stored is None else stored + size,
    }
    connection.execute(update(datasets).where(datasets.c.id == dataset["id"]).values(values))


def all_files(connection: Connection) -> list[Record]:
    """What names the files of every dataset: `{workspace_id, sha256, suffix, identity}`."""
    return every(connection, select(*_FILES))
