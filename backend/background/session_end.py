"""The end of a session: its row in a transaction, files without a use after the commit.

A server that is killed in between leaves such files; the next one removes them.
"""

import logging

from sqlalchemy import Connection

from backend import wire
from backend.database import Database, models, sessions
from backend.database.bin import entries
from backend.database.connection import Record
from backend.shortage import is_shortage
from backend.storage.layout import Storage

log = logging.getLogger(__name__)


def record_model(
    connection: Connection, storage: Storage, session: Record, event: wire.Saved
) -> Record:
    """Record the model that a session has saved, and the figures of its epoch, if it has one."""
    file = session["model_file"]
    sessions.change(
        connection,
        session["id"],
        metrics=None if event.metrics is None else event.metrics.model_dump(),
        best_epoch=event.best_epoch,
        verdict=models.verdict_of({"manifest": event.manifest}),
    )
    return models.create(
        connection,
        session["workspace_id"],
        session_id=session["id"],
        name=session["model_name"],
        file=file,
        sha256=event.sha256,
        file_size=storage.model(file).stat().st_size,
        stored_bytes=storage.model_bytes(file),
        manifest=event.manifest,
    )


def end_without_model(
    connection: Connection,
    storage: Storage,
    session: Record,
    status: str,
    error: Record | None = None,
) -> None:
    """Set a session to failed or cancelled; `remove_files` follows the commit.

    The finished epochs of a failed one are put aside before: they can still be kept. Should the
    transaction fail, and the session go on, its next start takes them back.

    Args:
        connection: open for writing.
        storage: where its files are.
        session: its row, read in the same transaction.
        status: "failed", or "cancelled".
        error: of a failed one, `{reason, message}`. A cancelled one keeps what its row has.
    """
    kept_bytes = _put_aside(storage, session) if status == "failed" else None
    if status == "cancelled" and session["request"] == "cancel":
        error = session["error"]  # why it was pruned, if it was
    sessions.end(connection, session["id"], status, error, kept_bytes)


def _put_aside(storage: Storage, session: Record) -> int | None:
    """The size of the finished epochs that are kept; a disk that fails must not prevent the end."""
    try:
        return storage.keep_checkpoint(session["id"])
    except OSError as error:
        if is_shortage(error):
            if not storage.has_checkpoint(session["id"], session["starts"]):
                return None
            raise  # nothing is lost: the end is recorded again, whole
        log.exception("the finished epochs of session %s cannot be put aside", session["id"])
        return storage.kept_bytes(session["id"])  # it may be only their folder that is not synced


def remove_files(storage: Storage, session: Record) -> None:
    """Remove what a session without a model has written: `session` is its row before the end."""
    try:
        storage.remove_unfinished(session["id"], session["model_file"])
    except OSError as error:  # the end is committed: it must not look as if it had failed
        log.warning("files of session %s stay until the next start: %s", session["id"], error)


def remove_leftovers(database: Database, storage: Storage) -> None:
    """Remove the files of ended sessions that a killed server did not come to remove.

    Files of sessions that the database does not know stay: it may be another one.
    """
    with database.read() as connection:
        in_bin = entries.files(connection)
        unrecorded = [
            file
            for file in models.unrecorded_files(connection)
            if storage.model(file).relative_to(storage.data_dir).as_posix() not in in_bin
        ]
        found = (sessions.find(connection, each) for each in storage.sessions_with_checkpoint())
        ended = [each for each in found if each is not None and each["status"] in sessions.ENDED]
    try:
        for file in unrecorded:
            storage.remove_model(file)
        for session in ended:
            storage.remove_checkpoint(session["id"])
    except OSError as error:
        log.warning("files of ended sessions stay until the next start: %s", error)
