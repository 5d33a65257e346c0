"""Versions of a dataset: its file, and the layer of labels as it was when it was frozen."""

import json
from typing import NamedTuple

from sqlalchemy import Connection

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.labels import versions, votes
from backend.errors import Invalid
from backend.services.context import Services
from backend.services.labels.layer import (
    Layer,
    changes_of,
    counts_with,
    current_layer,
    hash_of,
    labels_in_file,
)
from backend.services.quota import require_bytes
from backend.transit.columns import NO_LABEL


class Version(NamedTuple):
    """What a session trains on.

    Attributes:
        number: 0: the file as it is.
        sha256: of the file, how it is read, and the layer.
        layer: where its labels differ from the file's.
    """

    number: int
    sha256: str
    layer: Layer


def freeze(
    services: Services,
    connection: Connection,
    dataset: Record,
    user: Record,
    name: str | None = None,
) -> tuple[Version, bool]:
    """Make the layer as it is now a version; the same layer is the same version.

    Args:
        services: the server's.
        connection: open for writing.
        dataset: its row.
        user: who freezes it: id and name.
        name: of the version; a version that there is already gets it.

    Returns:
        the version, and whether it is new.

    Raises:
        Invalid: the file as it is was to get a name.
        NoSpace: the quota of the workspace's owner is used up.
        Conflict, Unavailable: the dataset's rows are missing, or are being read again.
    """
    layer = current_layer(services, connection, dataset)
    sha256 = hash_of(dataset, layer)
    if not layer:
        if name is not None:
            raise Invalid.field(
                "name",
                "Expected labels that differ from the file's, found none: version 0, the file as "
                "it is, has no name.",
            )
        return Version(0, sha256, {}), False
    earlier = versions.find_by_hash(connection, dataset["id"], sha256)
    if earlier is not None:
        if name is not None:
            versions.set_name(connection, dataset["id"], earlier["number"], name)
        return Version(earlier["number"], sha256, layer), False
    changes = changes_of(layer)
    # Its labels lie beside the table as well, a byte a row.
    size = len(json.dumps(changes)) + dataset["num_samples"]
    owner_id = workspaces.owner_of(connection, dataset["workspace_id"])
    require_bytes(services, connection, owner_id, size)
    created = versions.create(
        connection,
        dataset["id"],
        sha256=sha256,
        name=name,
        user=user["name"],
        changes=changes,
        class_counts=counts_with(dataset, layer, labels_in_file(services, dataset, layer)),
        num_excluded=list(layer.values()).count(NO_LABEL),
    )
    votes.grow(connection, dataset["id"], size)
    return Version(created["number"], sha256, layer), True


def version_of(connection: Connection, dataset: Record, number: int) -> Version:
    """A version by its number.

    Raises:
        Invalid: there is none with that number.
    """
    if number == 0:
        return Version(0, hash_of(dataset, {}), {})
    found = versions.find(connection, dataset["id"], number)
    if found is None:
        raise Invalid.field(
            "dataset_version",
            f"Expected 0, the file as it is, or the number of a version of dataset "
            f"{dataset['id']}, received {number}.",
        )
    return Version(number, found["sha256"], dict(found["changes"]))


def labelled_rows(connection: Connection, dataset: Record, number: int) -> int:
    """How many rows have a label in a version that there is."""
    version = versions.find(connection, dataset["id"], number)
    return sum((version or dataset)["class_counts"].values())


def described(connection: Connection, dataset: Record) -> list[Record]:
    """All versions of a dataset, newest first; the last one is the file as it is."""
    file = {
        "number": 0,
        "sha256": hash_of(dataset, {}),
        "name": None,
        "created_at": dataset["uploaded_at"],
        "user": None,
        "num_changed": 0,
        "num_excluded": 0,
        "class_counts": dataset["class_counts"],
    }
    return [*versions.of_dataset(connection, dataset["id"]), file]


def current(services: Services, connection: Connection, dataset: Record) -> Record:
    """The layer as it is now, frozen or not; raises like `DatasetTables.table`."""
    layer = current_layer(services, connection, dataset)
    sha256 = hash_of(dataset, layer)
    same = versions.find_by_hash(connection, dataset["id"], sha256)
    last = versions.newest(connection, dataset["id"])
    before = {} if last is None else dict(last["changes"])
    rows = before.keys() | layer.keys()
    number = 0 if not layer else None if same is None else same["number"]
    return {
        "number": number,
        "sha256": sha256,
        "num_changed": len(layer),
        "num_excluded": list(layer.values()).count(NO_LABEL),
        "class_counts": counts_with(dataset, layer, labels_in_file(services, dataset, layer)),
        "differs_from_newest": sum(before.get(row) != layer.get(row) for row in rows),
    }
