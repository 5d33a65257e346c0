"""The end of a session that saved no model: its row in a transaction, its files after the commit.

A server that is killed in between leaves files without a use; the next one removes them.
"""

import logging

from sqlalchemy import Connection

from backend.database import Database, models, sessions
from backend.database.connection import Record
from backend.storage.layout import Storage

log = logging.getLogger(__name__)


def end_without_model(
    connection: Connection, session: Record, status: str, error: Record | None = None
) -> None:
    """Set a session to failed or cancelled; `remove_files` follows the commit.

    Args:
        connection: open for writing.
        session: its row, read in the same transaction.
        status: "failed", or "cancelled".
        error: of a failed one, `{reason, message}`.
    """
    sessions.end(connection, session["id"], status, error)


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
        unrecorded = models.unrecorded_files(connection)
        found = (sessions.find(connection, each) for each in storage.sessions_with_checkpoint())
        ended = [each for each in found if each is not None and each["status"] in sessions.ENDED]
    for file in unrecorded:
        storage.remove_model(file)
    for session in ended:
        storage.remove_checkpoint(session["id"])
