"""The copy of each workspace's current model, for users to take.

Nothing else reads it: a copy that cannot be written neither loses nor delays a model. It is tried
again until it is written.
"""

import logging
import time

from sqlalchemy import Connection

from backend.database import Database, models
from backend.database.connection import Record
from backend.errors import ModelCorrupt
from backend.storage.layout import Storage
from backend.troubles import Troubles

RETRY_SECONDS = 10.0

log = logging.getLogger(__name__)


class CurrentCopies:
    """Writes the copies. Used from the supervisor's thread alone."""

    def __init__(self, database: Database, storage: Storage, troubles: Troubles) -> None:
        self._database = database
        self._storage = storage
        self._troubles = troubles
        self._missing: set[int] = set()  # of these workspaces
        self._due = 0.0

    @property
    def seconds_to_retry(self) -> float | None:
        """How long until a copy is tried again; None: none is missing."""
        return max(0.0, self._due - time.monotonic()) if self._missing else None

    def write_if_current(self, connection: Connection, model: Record) -> bool:
        """Copy a model that was just recorded if its workspace uses it; whether it does.

        Before the commit: a reader of the row finds the file.
        """
        is_current = models.is_current(connection, model)
        if is_current:
            self._write(model["workspace_id"], model["file"], model["sha256"])
        return is_current

    def _write(self, workspace_id: int, file: str, sha256: str) -> None:
        """Copy a model, or note that its copy is missing."""
        try:
            self._storage.promote(workspace_id, file, sha256)
        except ModelCorrupt as error:  # trying again does not mend it
            log.error("the copy of the current model stays as it was: %s", error)
            self._missing.discard(workspace_id)
        except Exception:  # whatever it is, the model itself is there
            log.exception("the copy of the current model %s cannot be written", file)
            self._missing.add(workspace_id)
            self._due = time.monotonic() + RETRY_SECONDS
            self._troubles.note("current_copy", 3 * RETRY_SECONDS)
        else:
            self._missing.discard(workspace_id)
            if not self._missing:
                self._troubles.clear("current_copy")

    def retry(self) -> None:
        """Write the missing copies, if it is time to."""
        if self.seconds_to_retry == 0:
            for workspace_id in list(self._missing):
                self._write_again(workspace_id)

    def _write_again(self, workspace_id: int) -> None:
        # Under the write lock: a promotion in between would be overwritten with the older model.
        with self._database.write() as connection:
            model = models.current_of(connection, workspace_id)
            if model is None:
                self._missing.discard(workspace_id)
            else:
                self._write(workspace_id, model["file"], model["sha256"])
