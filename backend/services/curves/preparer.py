"""The thread that prepares views: of a dataset's rows by a curve set, one after the other."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.database import datasets, workspaces
from backend.database.connection import Record
from backend.database.curves import sets, view_jobs
from backend.errors import Conflict, Unavailable
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import DamagedPart
from backend.light_curves.preparing.run import Inputs, TooManyDeaths, ViewMaker
from backend.light_curves.preparing.usual import usual_of_views
from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.services.curves.preparing import Progress, packs_of_version
from backend.services.curves.views import is_missing
from backend.services.job_thread import MAX_RESTARTS, Cancelled, Forgotten, JobThread
from backend.services.quota import require_bytes
from backend.shortage import is_shortage
from backend.storage import curve_files
from backend.storage.curve_sets.packs import DamagedPack

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more part was prepared. Ask for it "
    "again when the server can run without interruption."
)

log = logging.getLogger(__name__)


class ViewPreparer(JobThread):
    """Prepares the views that were asked for, and again those whose file is missing."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            services, view_jobs, "views", "views", "that prepares light curves", _INTERRUPTED
        )
        settings = services.settings
        self._maker = ViewMaker(settings.table_memory_mb, settings.table_seconds)

    def work(self) -> None:
        """Do what is to be done now; then look through views that an earlier version has made."""
        super().work()
        with self._services.database.read() as connection:
            found = view_jobs.with_status(connection, "completed")
        for views in found:
            if self._closing.is_set() or self._news.is_set():
                return  # what is new goes first
            if "usual" not in views["facts"]:
                self._look_through(views)

    def _recover(self) -> None:
        super()._recover()
        with self._services.database.write() as connection:
            for views in view_jobs.with_status(connection, "completed"):
                if is_missing(self._services, views):
                    view_jobs.begin_again(connection, views["id"])

    def _do(self, job: Record) -> None:
        super()._do(job)
        self._services.notify()  # sessions may have waited for it

    def _carry_out(self, job: Record, pause: Callable[[float], None]) -> None:
        storage = self._services.storage
        target, inputs = curve_files.views_of(storage, job), self._inputs(job)
        facts = self._maker.make(
            inputs,
            target,
            lambda number: curve_files.views_part(storage, job, number),
            Progress(lambda done, rows: self._record(job, done, rows)),
            lambda: pause(0.0),
        )
        size = target.stat().st_size
        usual = _usual(job, target, inputs.table)
        self._make(lambda: self._complete(job, facts, size, usual))

    def _after(self, job: Record) -> None:
        curve_files.remove_views_parts(self._services.storage, job)

    def _remove_files(self, job: Record) -> None:
        storage = self._services.storage
        with left_to_the_next_start(f"the deletion of the files of views {job['id']}"):
            curve_files.views_of(storage, job).unlink(missing_ok=True)
            curve_files.remove_views_parts(storage, job)

    def _known_reason(self, job: Record, error: Exception) -> Record | None:
        if isinstance(error, Conflict | DamagedPack | DamagedPart | TooManyDeaths):
            return {"reason": "damaged", "message": str(error)}
        return None

    def _inputs(self, job: Record) -> Inputs:
        """What is prepared.

        Raises:
            Conflict: files of the set or the table are damaged or missing.
            Unavailable: the table is being made again.
        """
        with self._services.database.read() as connection:
            dataset = datasets.find(connection, job["dataset_id"])
            curve_set = sets.find(connection, job["curve_set_id"])
        if dataset is None or curve_set is None:
            raise Forgotten
        tables = self._services.tables
        return Inputs(
            tables.table(dataset),
            tables.evidence(dataset),
            curve_files.folder(self._services.storage, curve_set),
            packs_of_version(self._services, curve_set, job["curves_sha256"]),
            f"{job['identity']} {job['curves_sha256']} {job['recipe']}",
        )

    def _record(self, job: Record, done: int, rows: int) -> None:
        """Say in the row how far it is; a part more is progress."""

        def change() -> None:
            with self._services.database.write() as connection:
                found = view_jobs.find(connection, job["id"])
                has_more = found is not None and done > found["rows_done"]
                values = {"restarts": 0} if has_more else {}
                view_jobs.change(connection, job["id"], rows=rows, rows_done=done, **values)

        self._make(change)

    def _look_through(self, views: Record) -> None:
        """Find what is usual in completed views, unless their table cannot be read now."""
        with self._services.database.read() as connection:
            dataset = datasets.find(connection, views["dataset_id"])
        if dataset is None:
            return
        try:
            table = self._services.tables.table(dataset)
        except (Conflict, Unavailable):
            return
        usual = _usual(views, curve_files.views_of(self._services.storage, views), table)

        def store() -> None:
            with self._services.database.write() as connection:
                found = view_jobs.find(connection, views["id"])
                if found is not None and found["status"] == "completed":
                    facts = {**found["facts"], "usual": usual}
                    view_jobs.change(connection, views["id"], facts=facts)

        self._make(store)

    def _complete(self, job: Record, facts: Facts, size: int, usual: dict[str, Any] | None) -> None:
        """Record that the views are there."""
        with self._services.database.write() as connection:
            found = view_jobs.find(connection, job["id"])
            dataset = datasets.find(connection, job["dataset_id"])
            if found is None or dataset is None:
                raise Forgotten
            if found["request"] == "cancel":
                raise Cancelled
            owner_id = workspaces.owner_of(connection, job["workspace_id"])
            require_bytes(self._services, connection, owner_id, size)
            rows = dataset["num_samples"]
            told = {"rows": rows, **facts.as_json(), "bytes": size, "usual": usual}
            view_jobs.end(
                connection,
                job["id"],
                "completed",
                rows=facts.rows_with_curve,
                rows_done=facts.rows_with_curve,
                facts=told,
                stored_bytes=size,
            )


def _usual(job: Record, views: Path, table: Path) -> dict[str, Any] | None:
    """What is usual of the numbers of views; None: the file cannot be read, as the log says.

    Raises:
        Exception: the machine is short of something, which may pass.
    """
    try:
        return usual_of_views(views, table)
    except Exception as error:  # views that took hours are not to be lost for this
        if is_shortage(error):
            raise
        log.warning("views %d: what is usual in them is not known: %s", job["id"], error)
        return None
