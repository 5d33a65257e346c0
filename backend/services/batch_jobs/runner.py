"""The thread that predicts batches, one at a time; users take turns."""

import logging
import time
from collections.abc import Callable

from backend.background.predictor import PredictionFailed
from backend.database import batches
from backend.database.connection import Record
from backend.errors import Conflict, ModelCorrupt, Unavailable
from backend.light_curves.preparing.parts import DamagedPart
from backend.light_curves.preparing.run import TooManyDeaths, ViewMaker
from backend.services.aftermath import left_to_the_next_start
from backend.services.batch_jobs.work import Unusable, Work
from backend.services.context import Services
from backend.services.job_thread import MAX_RESTARTS, JobThread
from backend.storage import batch_views
from backend.storage.curve_sets.packs import DamagedPack
from backend.transit.catalog.names.read_as import ReadAsError
from backend.transit.catalog.reader import CatalogError

_EXPIRY_SECONDS = 3600.0

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more part of this catalogue was "
    "predicted. Post it again when the server can run without interruption."
)

log = logging.getLogger(__name__)


class BatchRunner(JobThread):
    """Predicts the waiting batches, and removes old results."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            services, batches, "batches", "batch", "that predicts batches", _INTERRUPTED
        )
        self._expiry_due = 0.0
        settings = services.settings
        self._maker = ViewMaker(settings.table_memory_mb, settings.table_seconds)

    def _carry_out(self, job: Record, pause: Callable[[float], None]) -> None:
        Work(self._services, job, self._maker, self._make, pause).run()

    def _after(self, job: Record) -> None:
        place = job["workspace_id"], job["id"]
        self._services.storage.remove_batch_upload(*place)
        batch_views.remove(self._services.storage, *place)

    def _remove_files(self, job: Record) -> None:
        place = job["workspace_id"], job["id"]
        with left_to_the_next_start(f"the deletion of the files of batch {job['id']}"):
            self._services.storage.remove_batch_upload(*place)
            self._services.storage.remove_batch_result(*place)
            batch_views.remove(self._services.storage, *place)

    def _known_reason(self, job: Record, error: Exception) -> Record | None:
        match error:
            case Unusable():
                return {"reason": error.reason, "message": str(error)}
            case CatalogError() | ReadAsError() | Unavailable():
                return {"reason": "bad_file", "message": str(error)}
            case ModelCorrupt():
                return {"reason": "model_corrupt", "message": str(error)}
            case PredictionFailed():
                return {"reason": "predictor", "message": str(error)}
            case Conflict() | DamagedPack() | DamagedPart() | TooManyDeaths():
                return {"reason": "light_curves", "message": str(error)}
        return None

    def _keep_house(self) -> None:
        """Remove the results whose time is over; once an hour."""
        if time.monotonic() < self._expiry_due:
            return
        with self._services.database.write() as connection:
            too_old = batches.too_old(connection, self._services.settings.batch_days)
            for batch in too_old:
                batches.expire(connection, batch["id"])
        self._expiry_due = time.monotonic() + _EXPIRY_SECONDS
        for batch in too_old:
            log.info("batch %d: its result is removed: its time is over", batch["id"])
            self._remove_files(batch)
