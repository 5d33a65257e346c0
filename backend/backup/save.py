"""Saves a data folder while its server works.

First the database is copied, as it is at one moment; then the files that this copy names. Files do
not change once they have their names, but they are deleted: then the database is copied again,
which does not name them any more.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from backend.backup import manifest as manifests
from backend.backup.copying import (
    Progress,
    Say,
    copy_file,
    in_words,
    link_file,
    remove,
    require_space,
    sync_folders,
    timed_path,
)
from backend.backup.manifest import DATABASE, FOLDERS, BackupFailed, Entry, Manifest
from backend.backup.wanted import Wanted, wanted_files
from backend.database.file.soundness import THOROUGH_BYTES, damage_in, open_read_only, require_log
from backend.database.schema import now
from backend.storage.atomic import sha256_of, sync
from backend.storage.layout import Storage

# How often the database is copied while files of it are deleted.
_TRIES = 5


def save(data_dir: Path, destination: Path, say: Say) -> Path:
    """Make a backup: a new folder in `destination`, which has its name only when it is whole.

    Raises:
        BackupFailed: it cannot be made; nothing is left of it.
    """
    if not (data_dir / DATABASE).exists():
        raise BackupFailed(f"there is no {DATABASE} in {data_dir}; EXOTRAIN_DATA_DIR names another")
    for name in FOLDERS:
        if destination.resolve().is_relative_to((data_dir / name).resolve()):
            raise BackupFailed(f"{destination} is in {data_dir / name}: choose a folder outside.")
    destination.mkdir(parents=True, exist_ok=True)
    with _new_folder(destination, say) as folder:
        copy = _Copy(data_dir, folder, _newest(destination), say)
        manifest = copy.run()
        (folder / manifests.NAME).write_text(manifest.as_json(), "utf-8")
        sync(folder / manifests.NAME)
        sync_folders(folder)
        target = _publish(folder, destination)
    _say_result(target, manifest, copy.shared, say)
    return target


def _say_result(target: Path, manifest: Manifest, shared: int, say: Say) -> None:
    for path in manifest.missing:
        say(f"WARNING: {path} is missing in the data folder; the backup does not have it either.")
    for path in manifest.damaged:
        say(f"WARNING: {path} is damaged in the data folder; the backup has it as it is.")
    unchanged = f", {shared:,} of them shared with the backup before" if shared else ""
    say(f"Saved {len(manifest.files):,} files{unchanged}, {in_words(manifest.size)}: {target}")


class _Copy:
    """The copy of a data folder that is being made."""

    def __init__(self, data_dir: Path, folder: Path, earlier: Path | None, say: Say) -> None:
        self._data_dir, self._folder, self._earlier, self._say = data_dir, folder, earlier, say
        self._done: dict[str, Entry] = {}
        self._shared: set[str] = set()

    @property
    def shared(self) -> int:
        """How many files are those of the earlier backup."""
        return len(self._shared & self._done.keys())

    def run(self) -> Manifest:
        """Copy the database and its files, and again if some of them were deleted meanwhile."""
        missing: list[str] = []
        for _ in range(_TRIES):
            made_at = now()
            schema = _copy_database(self._data_dir / DATABASE, self._folder / DATABASE)
            wanted = wanted_files(self._folder / DATABASE, Storage(self._data_dir))
            self._keep_only({each.path for each in wanted if not each.may_change})
            before, missing = missing, self._copy_files(wanted)
            if missing in ([], before):
                break
            self._say(f"{len(missing):,} files were deleted meanwhile: copying the database again")
        damaged = [each.path for each in wanted if self._is_damaged(each)]
        files = [_entry_of(self._folder / DATABASE), *self._done.values()]
        return Manifest(schema, made_at, files, missing, damaged)

    def _keep_only(self, paths: set[str]) -> None:
        """Remove what the newest copy of the database does not name, or what may have changed."""
        for path in self._done.keys() - paths:
            (self._folder / path).unlink()
            del self._done[path]

    def _copy_files(self, wanted: list[Wanted]) -> list[str]:
        """Copy what is not there yet; returns what was needed and is missing."""
        left = [each for each in wanted if each.path not in self._done]
        self._require_space(left)
        size = sum(_size(self._data_dir / each.path) for each in left)
        self._say(f"copying the database and {len(left):,} files, {in_words(size)}")
        progress, missing = Progress(len(left), size, self._say), []
        for each in left:
            try:
                entry = self._done[each.path] = self._copy_one(each)
                progress.add(entry.size)
            except FileNotFoundError:
                if each.is_needed:
                    missing.append(each.path)
        return missing

    def _copy_one(self, each: Wanted) -> Entry:
        source, target = self._data_dir / each.path, self._folder / each.path
        if self._earlier is not None and not each.may_change:
            entry = link_file(source, self._earlier / each.path, target, each.path)
            if entry is not None:
                self._shared.add(each.path)
                return entry
        return copy_file(source, target, each.path)

    def _require_space(self, left: list[Wanted]) -> None:
        """Check the space for what is not likely to be shared with the earlier backup."""
        sizes = {each.path: _size(self._data_dir / each.path) for each in left}
        if self._earlier is not None:
            for path, size in sizes.items():
                sizes[path] = 0 if _size(self._earlier / path) == size else size
        require_space(self._folder, sum(sizes.values()))

    def _is_damaged(self, each: Wanted) -> bool:
        entry = self._done.get(each.path)
        return entry is not None and each.sha256 not in (None, entry.sha256)


def _copy_database(source: Path, target: Path) -> int:
    """Copy the database as it is at this moment; writers do not wait for it. Returns its version.

    Raises:
        BackupFailed: it is damaged.
        CannotStart: the log is missing that alone may have its last commits.
    """
    target.unlink(missing_ok=True)
    require_log(source)  # to open it makes an empty one
    with closing(open_read_only(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        found = damage_in(copy, is_large=target.stat().st_size > THOROUGH_BYTES)
        (version,) = copy.execute("PRAGMA user_version").fetchone()
    if found is not None:
        raise BackupFailed(f"{source} is damaged: {found}. Restore an earlier backup.")
    sync(target)
    return version


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _entry_of(database: Path) -> Entry:
    return Entry(DATABASE, sha256_of(database), database.stat().st_size)


def _newest(destination: Path) -> Path | None:
    """The newest whole backup in a folder."""
    found = max(destination.glob(f"exotrain-*/{manifests.NAME}"), default=None)
    return None if found is None else found.parent


@contextmanager
def _new_folder(destination: Path, say: Say) -> Iterator[Path]:
    """A hidden folder, removed if the backup fails; and what killed backups left is removed."""
    for leftover in destination.glob(".exotrain-*.partial"):
        _remove_if_dead(leftover, say)
    folder = destination / f".exotrain-{os.getpid()}-{datetime.now(UTC):%H%M%S%f}.partial"
    folder.mkdir(0o700)
    try:
        with _locked(folder):
            yield folder
    finally:
        remove(folder, say)


def _remove_if_dead(folder: Path, say: Say) -> None:
    try:
        with _locked(folder):
            remove(folder, say)
    except (BlockingIOError, FileNotFoundError):
        pass  # another backup is being made there, or has its name now
    except OSError as error:  # no reason to make no backup
        say(f"WARNING: {folder} is left of a backup that was killed, and cannot be read: {error}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _publish(folder: Path, destination: Path) -> Path:
    """Give a whole backup its name."""
    target = timed_path(destination, "exotrain")
    folder.rename(target)
    try:
        sync(destination)
    except BaseException:
        target.rename(folder)  # it is said to have failed: then nothing looks like a backup
        raise
    return target
