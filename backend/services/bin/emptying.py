"""Deletes for good: what is too old, what a quota needs the place of, what a user asks for.

First the rows go, then the files, then the entry that names them: after a kill the next turn goes
on where it was.
"""

import shutil
from pathlib import Path

from sqlalchemy import Connection

from backend.database import datasets
from backend.database.bin import entries
from backend.database.connection import Record
from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.storage.atomic import remove_partials
from backend.storage.layout import Storage


def finish(services: Services, bin_id: int) -> None:
    """After the commit that put something into the bin: without a bin its files go now."""
    if services.settings.bin_days == 0:
        with services.database.read() as connection:
            gone = [each for each in entries.gone(connection) if each["id"] == bin_id]
        for entry in gone:
            remove_files(services, entry)


def empty(services: Services) -> None:
    """Delete what is too old, and the files of what was deleted for good."""
    with left_to_the_next_start("the emptying of the bin"):
        _expire(services)
        with services.database.read() as connection:
            gone = entries.gone(connection)
        for entry in gone:
            remove_files(services, entry)


def remove_files(services: Services, entry: Record) -> None:
    """Delete the files of an entry that was deleted for good, and then the entry.

    Under the write lock: a file that is needed again meanwhile, by an upload of the same bytes,
    stays.
    """
    storage = services.storage
    what = f"the deletion of {entry['kind']} {entry['item_id']}, {', '.join(entry['files'][:2])}"
    with left_to_the_next_start(what), services.database.write() as connection:
        needed = _needed(storage, connection, entry["workspace_id"])
        paths = [storage.data_dir / each for each in entry["files"]]
        for path in paths:
            if path not in needed:
                path.unlink(missing_ok=True)
        for path in paths:
            if path.is_relative_to(storage.models):
                remove_partials(path)
        if entry["kind"] == "workspace":
            for folder in (storage.uploads, storage.models):
                shutil.rmtree(folder / str(entry["item_id"]), ignore_errors=True)
        entries.forget(connection, entry["id"])


def _expire(services: Services) -> None:
    with services.database.read() as connection:
        old = entries.too_old(connection, services.settings.bin_days)
    if old:
        with services.database.write() as connection:
            entries.give_up(connection, old)


def _needed(storage: Storage, connection: Connection, workspace_id: int) -> set[Path]:
    """The files of a workspace that datasets and other entries of the bin have in common."""
    of_datasets = (
        path
        for dataset in datasets.files_in(connection, workspace_id)
        for path in (*storage.dataset_files(dataset), *storage.all_version_labels(dataset))
    )
    in_bin = (storage.data_dir / each for each in entries.files(connection, workspace_id))
    return {*of_datasets, *in_bin}
