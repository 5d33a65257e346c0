"""What follows a commit: if it fails, the request has not, and the next start repairs it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from backend.database.connection import DatabaseBusy
from backend.errors import ModelCorrupt

log = logging.getLogger(__name__)


@contextmanager
def left_to_the_next_start(what: str) -> Iterator[None]:
    """Log a failure and go on: whatever it left, the next start puts right.

    Args:
        what: is done, for the log: "the deletion of …".
    """
    try:
        yield
    except (OSError, DBAPIError, DatabaseBusy, ModelCorrupt) as error:
        log.error("%s failed and is left to the next start: %s", what, error)
