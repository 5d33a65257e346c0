"""Puts a backup in the place of a data folder's content.

Everything is copied beside it and checked first; then folders and files are renamed. What was there
is kept aside. From the first rename to the last, a file says that the database is in use, and the
database itself comes last: a server does not start on half of it.
"""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from backend.backup import manifest as manifests
from backend.backup.copying import (
    Progress,
    Say,
    copy_file,
    in_words,
    remove,
    require_space,
    sync_folders,
    timed_path,
)
from backend.backup.manifest import DATABASE, FOLDERS, BackupFailed, Manifest
from backend.database.file import upgrades
from backend.database.file.soundness import Mark, mark_of, remove_mark, require_sound, write_mark
from backend.storage.atomic import sync
from backend.storage.lock import data_folder_lock

# In the data folder, so that renaming is enough; its name begins like everything of ours.
PARTIAL_FOLDER = "exotrain.restore.partial"


def restore(data_dir: Path, source: Path, say: Say) -> None:
    """Restore a backup, or the newest one in a folder of backups.

    Raises:
        BackupFailed: the backup is damaged, or too new; nothing was changed.
        CannotStart: a server uses the data folder.
    """
    folder = _backup_in(source)
    manifest = Manifest.read(folder)
    _require_readable(folder, manifest)
    with data_folder_lock(data_dir):
        partial = data_dir / PARTIAL_FOLDER
        if partial.exists():
            shutil.rmtree(partial)  # of a restore that was killed
        require_space(data_dir, manifest.size)
        partial.mkdir(0o700)
        try:
            say(f"checking and copying {len(manifest.files):,} files, {in_words(manifest.size)}")
            _copy_all(folder, manifest, partial, say)
            aside = _Switch(data_dir, partial).run()
        finally:
            remove(partial, say)
    say(f"Restored {folder}, made at {manifest.made_at} by exotrain {manifest.exotrain}.")
    say(f"What was in {data_dir} is kept in {aside}." if aside else f"{data_dir} was empty.")


def _backup_in(source: Path) -> Path:
    if (source / manifests.NAME).exists():
        return source
    found = max(source.glob(f"exotrain-*/{manifests.NAME}"), default=None)
    if found is None:
        raise BackupFailed(f"there is no backup in {source}.")
    return found.parent


def _require_readable(folder: Path, manifest: Manifest) -> None:
    """Find at once what needs no reading: a newer schema, missing files, other sizes."""
    if manifest.schema > upgrades.VERSION:
        raise BackupFailed(
            f"{folder} was made by exotrain {manifest.exotrain} with schema version "
            f"{manifest.schema}; this exotrain knows at most {upgrades.VERSION}."
        )
    for entry in manifest.files:
        path = folder / entry.path
        size = path.stat().st_size if path.is_file() else None
        if size != entry.size:
            found = "is missing" if size is None else f"has {size:,} bytes"
            raise BackupFailed(
                f"the backup is damaged: {path} {found}, expected {entry.size:,} bytes. Nothing "
                "was changed; restore another one."
            )


def _copy_all(folder: Path, manifest: Manifest, target: Path, say: Say) -> None:
    progress = Progress(len(manifest.files), manifest.size, say)
    for entry in manifest.files:
        copied = copy_file(folder / entry.path, target / entry.path, entry.path)
        if copied.sha256 != entry.sha256:
            raise BackupFailed(
                f"the backup is damaged: {folder / entry.path} has the SHA-256 {copied.sha256}, "
                f"expected {entry.sha256}. Nothing was changed; restore another one."
            )
        progress.add(entry.size)
    for name in FOLDERS:
        (target / name).mkdir(exist_ok=True)
    sync_folders(target)
    require_sound(target / DATABASE)


class _Switch:
    """Renames what is there aside, and what was restored into its place; or undoes it."""

    def __init__(self, data_dir: Path, partial: Path) -> None:
        self._data_dir, self._partial = data_dir, partial
        self._database = data_dir / DATABASE
        self._aside = timed_path(data_dir, "exotrain-before-restore")
        self._undo: list[Callable[[], object]] = []

    def run(self) -> Path | None:
        """Switch; returns the folder where the old content is, None if there was none."""
        old = self._old()
        self._aside.mkdir(0o700)
        try:
            self._undo.append(self._aside.rmdir)
            self._announce()
            for path in old:
                self._move(path, self._aside / path.name)
            sync(self._aside)
            for name in (*FOLDERS, DATABASE):
                self._move(self._partial / name, self._data_dir / name)
            sync(self._data_dir)
        except BaseException as error:
            self._put_back(error)
            raise
        with contextlib.suppress(OSError):  # the next start then checks the database, no more
            remove_mark(self._database)
        if old:
            return self._aside
        shutil.rmtree(self._aside, ignore_errors=True)
        return None

    def _put_back(self, why: BaseException) -> None:
        """Undo what was done. If that fails no server starts: the database comes last.

        Raises:
            BackupFailed: it fails.
        """
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # a second one must not end the undoing
        try:
            for step in reversed(self._undo):
                step()
        except OSError as error:
            raise BackupFailed(
                f"{str(why) or 'it was interrupted'}, and what was there could not be put back "
                f"({error}): what is not in {self._data_dir} any more is in {self._aside}. Restore "
                "again; or move it back, the database last."
            ) from why

    def _old(self) -> list[Path]:
        """What exotrain has in the data folder, which may have other things in it."""
        found = sorted(self._data_dir.glob(f"{DATABASE}*"))
        found += [self._data_dir / name for name in FOLDERS if (self._data_dir / name).exists()]
        return [path for path in found if path != mark_of(self._database)]

    def _announce(self) -> None:
        mark = mark_of(self._database)
        if mark.exists():
            kept = self._aside / mark.name
            self._undo.append(lambda: kept.unlink(missing_ok=True))  # half of it, if that fails
            kept.write_bytes(mark.read_bytes())
            self._undo.append(lambda: kept.replace(mark))
        else:
            self._undo.append(lambda: remove_mark(self._database))
        write_mark(self._database, Mark())

    def _move(self, source: Path, target: Path) -> None:
        def back() -> None:
            if os.path.lexists(target) and not os.path.lexists(source):
                target.rename(source)

        self._undo.append(back)  # before: a signal may come before the line after the rename
        source.rename(target)
