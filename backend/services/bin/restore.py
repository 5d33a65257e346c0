"""Brings back from the bin what was deleted, with its ids, files and references."""

from sqlalchemy import Connection

from backend.database import analyses, datasets, sessions
from backend.database.bin import entries, rows
from backend.database.connection import Record
from backend.services.context import Services
from backend.services.quota import require_analysis_place, require_workspace_place
from backend.storage.layout import Storage


def restore(services: Services, connection: Connection, entry: Record) -> list[Record]:
    """Put the rows of an entry back; those of others too that they cannot be without.

    A session comes back with the dataset that it learnt from, if that is in the bin as well; what
    was deleted for good is missing, as if it had been deleted afterwards.

    Args:
        services: the server's.
        connection: open for writing.
        entry: from `entries.find`.

    Returns:
        The entries that were restored, this one last.

    Raises:
        TooMany: the owner has no place for another workspace, or for so many analyses.
    """
    kept = rows.kept(connection, entry["id"])
    restored = []
    for table, row_id in list(rows.missing(connection, kept)):
        holder = rows.holder_of(connection, table, row_id)
        needed = None if holder is None else entries.find(connection, holder)
        if needed is not None and needed["id"] != entry["id"]:
            restored += restore(services, connection, needed)
    number = len(kept.get("analyses", ()))
    if entry["kind"] == "workspace":
        require_workspace_place(services, connection, entry["owner_id"])
        number += analyses.count_in(connection, entry["item_id"])
    if number:
        require_analysis_place(services, connection, entry["owner_id"], number)
    kept = rows.kept(connection, entry["id"])  # a link of another entry may have changed it
    rows.put_back(connection, rows.Taken(kept, [rows.Link(*each) for each in entry["links"]]))
    if entry["kind"] == "dataset":
        for dataset in kept["datasets"]:
            _count_again(services.storage, connection, dataset)
    for model in kept.get("models", ()):
        if model["session_id"] is not None:  # it names its model
            sessions.change(connection, model["session_id"])
    entries.forget(connection, entry["id"])
    return [*restored, entry]


def _count_again(storage: Storage, connection: Connection, restored: Record) -> None:
    """Measure the datasets of one file anew: the oldest of them counts it."""
    same = [
        each
        for each in datasets.files_in(connection, restored["workspace_id"])
        if each["sha256"] == restored["sha256"]
    ]
    for place, dataset in enumerate(same):
        catalogue, *derived = storage.dataset_files(dataset)
        counted = derived if place else [catalogue, *derived]
        size = sum(path.stat().st_size for path in counted if path.exists())
        datasets.set_stored_bytes(connection, dataset["id"], size)
