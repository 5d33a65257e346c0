"""The threads that predict batches, each one at a time; users take turns.

Those with light curves have a thread of their own: preparing them can take hours, in which nobody
else's catalogue is to wait.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection

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
from backend.troubles import Code

_EXPIRY_SECONDS = 3600.0

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more part of this catalogue was "
    "predicted. Post it again when the server can run without interruption."
)

log = logging.getLogger(__name__)


class BatchRunner:
    """Predicts the waiting batches, and removes old results.

    Attributes:
        queues: without light curves, and with them.
    """

    def __init__(self, services: Services, maker: ViewMaker | None = None) -> None:
        """Prepare only; `maker` prepares light curves, the settings' one if it is None."""
        settings = services.settings
        maker = maker or ViewMaker(settings.table_memory_mb, settings.table_seconds)
        self.queues = tuple(BatchQueue(services, maker, each) for each in (False, True))

    def start(self) -> None:
        """Go on with what the last end interrupted, then with both queues until `close`."""
        for queue in self.queues:
            queue.start()

    def notify(self) -> None:
        """Check the database: a batch was posted, or its `request` was set."""
        for queue in self.queues:
            queue.notify()

    def check(self) -> None:
        """Start a thread again that has ended, and say so in the health answer."""
        for queue in self.queues:
            queue.check()

    def close(self) -> None:
        """End; a batch that runs goes on at the next start."""
        for queue in self.queues:
            queue.close()

    def work(self) -> None:
        """Do what is to be done now, in this thread, until nothing waits."""
        for queue in self.queues:
            queue.work()


class _Rows:
    """The batches of one queue, as a `JobThread` asks for them."""

    UNFINISHED = batches.UNFINISHED
    find = staticmethod(batches.find)
    change = staticmethod(batches.change)
    end = staticmethod(batches.end)
    forget_requests = staticmethod(batches.forget_requests)

    def __init__(self, has_light_curves: bool) -> None:
        self._has_light_curves = has_light_curves

    def running(self, connection: Connection) -> list[Record]:
        return batches.running(connection, self._has_light_curves)

    def next_pending(self, connection: Connection, last_user_id: int) -> Record | None:
        return batches.next_pending(connection, last_user_id, self._has_light_curves)


class BatchQueue(JobThread):
    """One queue of batches; the one without light curves keeps house for both."""

    def __init__(self, services: Services, maker: ViewMaker, has_light_curves: bool) -> None:
        """Prepare only; `maker` prepares light curves."""
        name: Code = "batches_with_curves" if has_light_curves else "batches"
        what = f"that predicts batches {'with' if has_light_curves else 'without'} light curves"
        super().__init__(services, _Rows(has_light_curves), name, "batch", what, _INTERRUPTED)
        self._maker = maker
        self._keeps_house = not has_light_curves
        self._expiry_due = 0.0

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
        if not self._keeps_house or time.monotonic() < self._expiry_due:
            return
        with self._services.database.write() as connection:
            too_old = batches.too_old(connection, self._services.settings.batch_days)
            for batch in too_old:
                batches.expire(connection, batch["id"])
        self._expiry_due = time.monotonic() + _EXPIRY_SECONDS
        for batch in too_old:
            log.info("batch %d: its result is removed: its time is over", batch["id"])
            self._remove_files(batch)
