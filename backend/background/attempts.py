"""Tries again what failed: for as long as the database cannot be written, else a few times."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import OperationalError

from backend.database.connection import DatabaseBusy
from backend.shortage import is_shortage
from backend.troubles import Troubles

# Between attempts to write a database that is locked, full or out of reach.
DATABASE_SECONDS = 1.0

log = logging.getLogger(__name__)


def is_passing(error: Exception) -> bool:
    """Whether the same step may succeed later.

    The database is locked, full or out of reach, or files cannot be opened for the moment.
    """
    # SQLite's own error comes from the first statement of a new connection.
    if isinstance(error, OperationalError | sqlite3.OperationalError | DatabaseBusy):
        return True
    return isinstance(error, OSError) and is_shortage(error)


class Attempts:
    """The attempts of one thread, which end when it is to close."""

    def __init__(self, closing: threading.Event, troubles: Troubles) -> None:
        self._closing = closing
        self._troubles = troubles

    def make(
        self, step: Callable[..., None], *arguments: Any, pauses: tuple[float, ...] = ()
    ) -> bool:
        """Do something whole, again and again while the database cannot be written.

        Args:
            step, arguments: what to do; when it fails, it leaves nothing half done.
            pauses: seconds before each further attempt after it failed for another reason.

        Returns:
            Whether it is done; False: `closing` was set before.

        Raises:
            Exception: why the last attempt failed.
        """
        left = list(pauses)
        while True:
            try:
                step(*arguments)
            except Exception as error:
                if is_passing(error):
                    log.warning("the database cannot be written; trying again: %s", error)
                    self._troubles.note("database", 10 * DATABASE_SECONDS)
                    pause = DATABASE_SECONDS
                elif left:
                    log.exception("a step of the session queue failed; trying again")
                    pause = left.pop(0)
                else:
                    raise
            else:
                self._troubles.clear("database")
                return True
            if self._closing.wait(pause):
                return False
