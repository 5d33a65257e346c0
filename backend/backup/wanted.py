"""Which files belong into a backup: those that its copy of the database names."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from backend.database.file.soundness import open_read_only
from backend.storage import curve_files
from backend.storage.curve_sets.recorded import files_until
from backend.storage.layout import BESIDE_MODEL, DatasetFiles, Storage

_ENDED = ("completed", "cancelled")

_MODELS = (
    "SELECT file, sha256, json_extract(manifest, '$.neighbours.sha256'), "
    "json_extract(manifest, '$.related.sha256') FROM models"
)


class Wanted(NamedTuple):
    """A file that belongs into the backup.

    Attributes:
        path: relative to the data folder.
        sha256: what the database says, if it says it.
        is_needed: it must be there; the others need not exist.
        may_change: another file takes its name now and then.
    """

    path: str
    sha256: str | None = None
    is_needed: bool = False
    may_change: bool = False


def wanted_files(database: Path, storage: Storage) -> list[Wanted]:
    """The files that a database names; checkpoints first, which change and go."""
    with closing(open_read_only(database)) as connection:
        datasets = _datasets(connection)
        models = connection.execute(_MODELS).fetchall()
        batches = _batches(connection)
        of_curves = _of_curves(connection, storage)
        in_bin = _in_bin(connection)
        ended = ", ".join("?" * len(_ENDED))
        query = f"SELECT id FROM training_sessions WHERE status NOT IN ({ended})"
        sessions = {str(row[0]) for row in connection.execute(query, _ENDED)}
    wanted = [
        Wanted(_relative(path, storage), may_change=True)
        for path in sorted(storage.checkpoints.glob("[0-9]*"))
        if path.name.partition(".")[0] in sessions
    ]
    wanted += [Wanted(file, is_needed=True) for file in in_bin]
    for dataset in datasets:
        catalogue, *derived = storage.dataset_files(dataset)
        wanted.append(Wanted(_relative(catalogue, storage), dataset["sha256"], is_needed=True))
        wanted += [Wanted(_relative(path, storage)) for path in derived]
    for workspace_id, batch_id, status, sha256 in batches:
        place = workspace_id, batch_id
        if status == "completed":
            result = storage.batch_result(*place)
            wanted.append(Wanted(_relative(result, storage), sha256, is_needed=True))
            index = storage.batch_index(*place)
            wanted.append(Wanted(_relative(index, storage), is_needed=True))
        else:  # what is made of it grows: it is made again
            upload = storage.batch_upload(*place)
            wanted.append(Wanted(_relative(upload, storage), sha256, is_needed=True))
    wanted += [Wanted(_relative(path, storage), is_needed=True) for path in of_curves]
    for file, sha256, of_neighbours, of_related in models:
        model = storage.model(file)
        wanted.append(Wanted(_relative(model, storage), sha256, is_needed=True))
        for suffix in BESIDE_MODEL:
            wanted.append(Wanted(_relative(model.with_suffix(suffix), storage)))
        if of_neighbours is not None:  # without them the model does not predict
            neighbours = storage.model_neighbours(file)
            wanted.append(Wanted(_relative(neighbours, storage), of_neighbours, is_needed=True))
        if of_related is not None:  # nor, without these, a catalogue
            related = storage.model_related(file)
            wanted.append(Wanted(_relative(related, storage), of_related, is_needed=True))
    # The copy of a workspace's current model is made again at the next start.
    # Several datasets may read one file.
    once = {each.path: each for each in wanted}.values()
    return [each for each in once if each.is_needed or (storage.data_dir / each.path).exists()]


def _datasets(connection: sqlite3.Connection) -> list[DatasetFiles]:
    """What names the files of each dataset."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(datasets)")}
    # A database that no newer release than 0.3.0 has opened yet.
    identity, suffix = ("identity", "suffix") if "identity" in columns else ("sha256", "'csv'")
    query = f"SELECT workspace_id, sha256, {suffix}, {identity} FROM datasets"
    names = ("workspace_id", "sha256", "suffix", "identity")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def _batches(connection: sqlite3.Connection) -> list[tuple[int, int, str, str]]:
    """The batches that have files, if any: workspace, id, status, and the hash of the file."""
    if not _has_table(connection, "batches"):
        return []
    return connection.execute(
        "SELECT workspace_id, id, status, coalesce(result_sha256, file_sha256) FROM batches "
        "WHERE status IN ('pending', 'running', 'completed') AND expired_at IS NULL"
    ).fetchall()


def _of_curves(connection: sqlite3.Connection, storage: Storage) -> list[Path]:
    """The files of curve sets, and the received files of unfinished imports into them.

    An upload that comes in pieces is begun anew after a restore.
    """
    if not _has_table(connection, "curve_imports"):
        return []
    names = ("workspace_id", "curve_set_id", "id", "files", "asked")
    found = connection.execute(
        f"SELECT {', '.join(names)} FROM curve_imports WHERE status IN ('pending', 'running')"
    )
    jobs = [dict(zip(names, row, strict=True)) for row in found]
    # Which files of the server's folder are read is chosen again.
    jobs = [job for job in jobs if not json.loads(job["asked"]).get("server_folder")]
    received = [
        path
        for job in jobs
        for path in curve_files.all_to_import(storage, {**job, "files": json.loads(job["files"])})
    ]
    return received + [
        path
        for curve_set_id, workspace_id, number in connection.execute(
            "SELECT id, workspace_id, number FROM curve_sets WHERE number > 0"
        )
        for path in files_until(
            curve_files.folder(storage, {"id": curve_set_id, "workspace_id": workspace_id}), number
        )
    ]


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
    return bool(connection.execute(query, (name,)).fetchone()[0])


def _in_bin(connection: sqlite3.Connection) -> list[str]:
    """The files of what is in the bin."""
    if not _has_table(connection, "bin"):
        return []
    entries = connection.execute("SELECT files FROM bin WHERE gone_at IS NULL").fetchall()
    return [file for (files,) in entries for file in json.loads(files)]


def _relative(path: Path, storage: Storage) -> str:
    return path.relative_to(storage.data_dir).as_posix()
