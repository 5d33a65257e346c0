"""Deletes for good: what is too old, what a quota needs the place of, what a user asks for.

First the rows go, some at a time, then the files, then the entry that names them: after a kill the
next turn goes on where it was.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from backend.database import datasets
from backend.database.bin import entries, remains
from backend.database.connection import Record
from backend.services.aftermath import left_to_the_next_start
from backend.services.bin.room import give_up
from backend.services.context import Services
from backend.storage import curve_files
from backend.storage.atomic import remove_partials_of
from backend.storage.layout import Storage

# Between two parts of what is deleted: others who wait to write have their turn.
_PAUSE_SECONDS = 0.01


def finish(services: Services, bin_id: int) -> None:
    """After the commit that deleted something for good, or did so without a bin: it goes now.

    A workspace goes beside the requests, if there is a thread for it: it may be large.
    """
    with services.database.read() as connection:
        entry = entries.gone_with(connection, bin_id)
    if entry is None:
        return
    if entry["kind"] != "workspace":
        remove(services, entry)
    elif services.bin_keeper is None:
        empty(services)
    else:
        services.notify_bin()


def empty(services: Services, is_closing: Callable[[], bool] = lambda: False) -> None:
    """Delete what is too old, and what is left of what was deleted for good.

    Args:
        services: the server's.
        is_closing: whether the rest is left for later: to the next turn, or the next start.
    """
    with left_to_the_next_start("the emptying of the bin"):
        _expire(services)
        with services.database.read() as connection:
            gone = entries.gone(connection)
        for entry in gone:
            remove(services, entry, is_closing)


def remove(
    services: Services, entry: Record, is_closing: Callable[[], bool] = lambda: False
) -> None:
    """Delete the rows of an entry that was deleted for good, its files, and then the entry."""
    what = f"the deletion of {entry['kind']} {entry['item_id']}, {', '.join(entry['files'][:2])}"
    with left_to_the_next_start(what):
        while _remove_part(services, entry):
            time.sleep(_PAUSE_SECONDS)
            if is_closing():
                return
        _remove_files(services, entry)


def _remove_part(services: Services, entry: Record) -> bool:
    with services.database.write() as connection:
        return remains.remove_part(connection, entry)


def _remove_files(services: Services, entry: Record) -> None:
    """Delete the files of an entry without rows, and then the entry.

    Under the write lock: a file that is needed again meanwhile, by an upload of the same bytes,
    stays.
    """
    storage = services.storage
    paths = [storage.data_dir / each for each in entry["files"]]
    if entry["kind"] == "workspace":  # its number is never used again: nobody is kept waiting
        for folder in (storage.uploads, storage.models):
            if (own := folder / str(entry["item_id"])).exists():
                shutil.rmtree(own)  # if it fails, the entry stays, and the next turn tries again
    with services.database.write() as connection:
        is_needed = _needed(storage, connection, entry)
        for path in paths:
            if not is_needed(path):
                path.unlink(missing_ok=True)
                curve_files.remove_folder_of(path)
        entries.forget(connection, entry["id"])
    remove_partials_of(each for each in paths if each.is_relative_to(storage.models))


def _expire(services: Services) -> None:
    with services.database.read() as connection:
        old = entries.too_old(connection, services.settings.bin_days)
    if old:
        with services.database.write() as connection:
            give_up(services, connection, old, "bin_expired")


def _needed(storage: Storage, connection: Connection, entry: Record) -> Callable[[Path], bool]:
    """Whether a dataset, or another entry of the bin, has a file as well; none has a model's."""
    if entry["kind"] != "dataset":
        return lambda path: False
    others = datasets.files_in(connection, entry["workspace_id"])
    identities = {each["identity"] for each in others}
    catalogues = {storage.dataset_files(each)[0] for each in others}
    in_bin = entries.files(connection, entry["workspace_id"])

    def is_needed(path: Path) -> bool:
        is_in_bin = path.relative_to(storage.data_dir).as_posix() in in_bin
        is_derived = path.suffix in (".npy", ".jsonl") and path.name.partition(".")[0] in identities
        return is_in_bin or is_derived or path in catalogues

    return is_needed
