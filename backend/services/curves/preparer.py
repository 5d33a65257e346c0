"""The thread that prepares views: of a dataset's rows by a curve set, one after the other."""

from collections.abc import Callable

from backend.database import datasets, workspaces
from backend.database.connection import Record
from backend.database.curves import sets, view_jobs
from backend.errors import Conflict
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import DamagedPart
from backend.light_curves.preparing.run import Inputs, TooManyDeaths, ViewMaker
from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.services.curves.preparing import Progress, packs_of_version
from backend.services.curves.views import is_missing
from backend.services.job_thread import MAX_RESTARTS, Cancelled, Forgotten, JobThread
from backend.services.quota import require_bytes
from backend.storage import curve_files
from backend.storage.curve_sets.packs import DamagedPack

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more part was prepared. Ask for it "
    "again when the server can run without interruption."
)


class ViewPreparer(JobThread):
    """Prepares the views that were asked for, and again those whose file is missing."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            services, view_jobs, "views", "views", "that prepares light curves", _INTERRUPTED
        )
        settings = services.settings
        self._maker = ViewMaker(settings.table_memory_mb, settings.table_seconds)

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
        target = curve_files.views_of(storage, job)
        facts = self._maker.make(
            self._inputs(job),
            target,
            lambda number: curve_files.views_part(storage, job, number),
            Progress(lambda done, rows: self._record(job, done, rows)),
            lambda: pause(0.0),
        )
        size = target.stat().st_size
        self._make(lambda: self._complete(job, facts, size))

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

    def _complete(self, job: Record, facts: Facts, size: int) -> None:
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
            told = {"rows": dataset["num_samples"], **facts.as_json(), "bytes": size}
            view_jobs.end(
                connection,
                job["id"],
                "completed",
                rows=facts.rows_with_curve,
                rows_done=facts.rows_with_curve,
                facts=told,
                stored_bytes=size,
            )
