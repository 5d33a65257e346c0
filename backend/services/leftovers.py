"""Removes, at a start, what a killed server or worker left; for the launcher.

What is not known to be exotrain's own stays, and so does whatever may belong to another database:
one that is new, or that was restored, may lie beside files of which it has no row. Then it has no
row at all, or is younger than the files, or lacks more than a kill leaves.
"""

import logging
import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from backend.database import Database, accounts, batches, datasets, models, sessions
from backend.database.bin import entries
from backend.database.connection import Record
from backend.database.curves import imports, sets, uploads, view_jobs
from backend.storage import batch_views, curve_files
from backend.storage.layout import Storage
from backend.storage.survey import survey

# A kill ends one upload between its files and its row, and a few deletions. More files without a
# row than these leave are of another database.
_MOST_AFTER_A_KILL = 16

_SHOWN = 5

log = logging.getLogger(__name__)


def remove_leftovers(database: Database, storage: Storage) -> None:
    """Remove what belongs to nothing in the database; one line of the log names what stays."""
    with database.write() as connection:  # nothing is uploaded in between
        found = survey(storage)
        in_bin = {storage.data_dir / each for each in entries.files(connection)}
        of_datasets = {
            path
            for dataset in datasets.all_files(connection)
            for path in storage.dataset_files(dataset) + storage.all_version_labels(dataset)
        }
        saved = _files(storage, models.all_files(connection))
        unfinished = _files(storage, _files_of_sessions(connection))
        of_batches, are_batches = _files_of_batches(storage, connection)
        of_curves, are_curves = _files_of_curves(storage, connection)
        orphans = [
            ([path for path in found.of_batches if path not in of_batches], are_batches),
            ([path for path in found.of_curves if path not in of_curves], are_curves),
            ([path for path in found.of_datasets if path not in of_datasets], bool(of_datasets)),
            ([path for path in found.of_models if path not in saved | unfinished], bool(saved)),
        ]
        orphans = [([path for path in paths if path not in in_bin], has) for paths, has in orphans]
        stay = list(found.strangers)
        for paths, has_rows in orphans:
            own = _written_since(_first_moment(connection), paths) if has_rows else []
            is_after_a_kill = len({_stem(path) for path in own}) <= _MOST_AFTER_A_KILL
            gone = set(own) if is_after_a_kill else set()
            _remove(gone)
            stay += [path for path in paths if path not in gone]
        _remove(found.unfinished)
        for session_id, path in found.checkpoints:
            session = sessions.find(connection, session_id)
            if path in in_bin:
                continue
            if session is None:
                stay.append(path)
            elif _has_ended(session):
                _remove([path])
    if stay:
        _report(storage, stay)


def _files(storage: Storage, names: Iterable[str]) -> set[Path]:
    return {path for name in names for path in storage.model_files(name)}


def _files_of_sessions(connection: Connection) -> list[str]:
    """The names under which unfinished sessions save their models."""
    unfinished = sessions.with_status(connection, "pending", "training")
    return [each["model_file"] for each in unfinished if each["model_file"] is not None]


def _files_of_batches(storage: Storage, connection: Connection) -> tuple[set[Path], bool]:
    """The files that batches need, and whether there are batches."""
    needed, found = set(), batches.all_states(connection)
    for each in found:
        place = each["workspace_id"], each["id"]
        is_waiting = each["status"] in batches.UNFINISHED
        if is_waiting:
            needed.add(storage.batch_upload(*place))
            needed.update(batch_views.files(storage, *place))
        if is_waiting or batches.has_result(each):
            needed |= {storage.batch_result(*place), storage.batch_index(*place)}
    return needed, bool(found)


def _files_of_curves(storage: Storage, connection: Connection) -> tuple[set[Path], bool]:
    """The files of uploads in pieces, imports, sets and views, and whether there ever were any."""
    needed = {
        curve_files.part(storage, each["workspace_id"], each["id"])
        for each in uploads.everyone(connection)
    }
    for each in sets.all_places(connection):
        needed.update(curve_files.files(storage, each))
    for each in imports.all_unfinished(connection):
        needed.update(curve_files.all_to_import(storage, each))
    for each in view_jobs.with_status(connection, *view_jobs.UNFINISHED, "completed"):
        needed.add(curve_files.views_of(storage, each))
        if each["status"] != "completed":
            needed.update(curve_files.views_parts(storage, each))
    return needed, imports.is_any(connection) or bool(needed)


def _has_ended(session: Record) -> bool:
    """Whether nothing will need a session's checkpoint."""
    is_kept = session["checkpoint_bytes"] is not None or session["request"] is not None
    return session["status"] in sessions.ENDED and not is_kept


def _first_moment(connection: Connection) -> float:
    """When this database was begun, in seconds since 1970."""
    administrator = accounts.administrator(connection)
    if administrator is None:
        return math.inf
    return datetime.fromisoformat(administrator["created_at"]).timestamp()


def _written_since(moment: float, paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.stat().st_mtime >= moment]


def _stem(path: Path) -> Path:
    return path.with_name(path.name.partition(".")[0])


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _report(storage: Storage, paths: list[Path]) -> None:
    names = [str(path.relative_to(storage.data_dir)) for path in paths[:_SHOWN]]
    log.warning(
        "%d files or folders are not exotrain's own, or of another database: they stay. %s%s",
        len(paths),
        ", ".join(names),
        ", …" if len(paths) > _SHOWN else "",
    )
