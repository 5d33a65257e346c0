"""The thread that reads the files of imports into their sets, one import at a time."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.curves import imports, sets, uploads
from backend.errors import Conflict, Unavailable
from backend.light_curves.ingest import Ingested, Progress, ingest
from backend.light_curves.outcomes import FileOutcome
from backend.light_curves.reader import CurveReader, Source
from backend.services.aftermath import left_to_the_next_start
from backend.services.context import Services
from backend.services.curves.folder_files import Chosen, chosen, is_of_folder
from backend.services.curves.uploads import KEPT_HOURS, remove
from backend.services.job_thread import MAX_RESTARTS, Cancelled, Forgotten, JobThread
from backend.services.quota import require_bytes
from backend.storage import curve_files
from backend.storage.curve_sets.recorded import forget_after
from backend.storage.curve_sets.versions import Version, remove_pending

# Of what was refused, or was odd.
_MOST_NAMED = 1000

_RECORD_SECONDS = 1.0
_CHECK_SECONDS = 0.5
_EXPIRY_SECONDS = 3600.0

# What is asked of the child that reads them.
_SAID = ("star", "time", "flux")

_INTERRUPTED = (
    f"The server was restarted {MAX_RESTARTS} times before one more of these files was read. Send "
    "them again when the server can run without interruption."
)


class NothingRead(Exception):
    """None of the files of an import has a light curve; the message says why."""


class CurveRunner(JobThread):
    """Does the waiting imports, and removes uploads that nobody goes on with."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            services, imports, "light_curves", "import", "that imports light curves", _INTERRUPTED
        )
        settings = services.settings
        self._reader = CurveReader(settings.table_memory_mb, settings.table_seconds)
        self._expiry_due = 0.0

    def _carry_out(self, job: Record, pause: Callable[[float], None]) -> None:
        with self._services.database.read() as connection:
            curve_set = sets.find(connection, job["curve_set_id"])
        if curve_set is None:
            raise Forgotten
        folder = curve_files.folder(self._services.storage, curve_set)
        # One that was written, and not recorded, is made again of the same packs.
        forget_after(folder, curve_set["number"])
        sources, sizes = self._sources(job)
        before = [0, *accumulate(sizes)]
        done = ingest(
            folder,
            sources,
            {name: job["asked"][name] for name in _SAID},
            self._reader,
            f"import-{job['id']}",
            _Every(_RECORD_SECONDS, lambda found: self._record(job, found, before[found.source])),
            _Check(lambda: pause(0.0)),
        )
        if done.version is None or not any(each.status != "refused" for each in done.outcomes):
            raise NothingRead(_why_nothing(done.outcomes))
        self._make(lambda: self._complete(job, done))

    def _sources(self, job: Record) -> Chosen:
        """The files, and the bytes of each.

        Raises:
            Conflict, Unavailable, OSError: as `folder_files.chosen`.
        """
        if is_of_folder(job["asked"]):
            return chosen(self._services, job)
        paths = curve_files.all_to_import(self._services.storage, job)
        named = zip(paths, job["files"], strict=True)
        sources = [Source(path, each["name"]) for path, each in named]
        return Chosen(sources, [each["size"] for each in job["files"]])

    def _after(self, job: Record) -> None:
        curve_files.remove_import(self._services.storage, job)

    def _remove_files(self, job: Record) -> None:
        with left_to_the_next_start(f"the deletion of the files of import {job['id']}"):
            curve_files.remove_import(self._services.storage, job)
            folder = curve_files.folder(self._services.storage, {**job, "id": job["curve_set_id"]})
            with self._services.database.read() as connection:
                curve_set = sets.find(connection, job["curve_set_id"])
            if curve_set is not None:
                forget_after(folder, curve_set["number"])
                remove_pending(folder)

    def _known_reason(self, job: Record, error: Exception) -> Record | None:
        if isinstance(error, NothingRead | Unavailable | Conflict):
            return {"reason": "bad_file", "message": str(error)}
        return None

    def _record(self, job: Record, progress: Progress, bytes_done: int) -> None:
        """Say in the row how far an import is.

        Raises:
            NoSpace: what it takes of the server's folder does not fit into the quota. Files that
                were sent have been counted, and are no smaller.
        """
        values = {
            "bytes_done": bytes_done,
            "taken": progress.files - progress.refused,
            "refused": progress.refused,
            "restarts": 0,
        }

        def change() -> None:
            with self._services.database.write() as connection:
                if is_of_folder(job["asked"]):
                    owner_id = workspaces.owner_of(connection, job["workspace_id"])
                    found = imports.find(connection, job["id"])
                    counted = 0 if found is None else found["stored_bytes"]
                    require_bytes(self._services, connection, owner_id, progress.bytes, counted)
                    values["stored_bytes"] = progress.bytes
                imports.change(connection, job["id"], **values)

        self._make(change)

    def _complete(self, job: Record, done: Ingested) -> None:
        """Record the new version of the set, and the end of the import."""
        assert done.version is not None
        version: Version = done.version
        with self._services.database.write() as connection:
            found = imports.find(connection, job["id"])
            curve_set = sets.find(connection, job["curve_set_id"])
            if found is None or curve_set is None:
                raise Forgotten
            if found["request"] == "cancel":
                raise Cancelled
            owner_id = workspaces.owner_of(connection, job["workspace_id"])
            more = max(0, version.bytes - curve_set["stored_bytes"])
            freed = found["stored_bytes"]
            require_bytes(self._services, connection, owner_id, more, freed)
            sets.change(
                connection,
                curve_set["id"],
                number=version.number,
                sha256=version.sha256,
                stars=version.stars,
                segments=version.segments,
                points=version.points,
                views=version.views,
                stored_bytes=version.bytes,
            )
            imports.end(
                connection,
                job["id"],
                "completed",
                number=version.number,
                bytes_done=found["bytes"],
                **_told(done.outcomes),
            )

    def _keep_house(self) -> None:
        """Remove the uploads of which nothing has come for long; once an hour."""
        if time.monotonic() < self._expiry_due:
            return
        with self._services.database.read() as connection:
            too_old = uploads.too_old(connection, KEPT_HOURS)
        for upload in too_old:
            with suppress(Conflict):  # a piece of it is coming just now
                remove(self._services, upload)
        self._expiry_due = time.monotonic() + _EXPIRY_SECONDS


class _Every:
    """Calls a function with the newest value, but no more often than every so many seconds."""

    def __init__(self, seconds: float, call: Callable[[Progress], None]) -> None:
        self._seconds, self._call = seconds, call
        self._due = time.monotonic() + seconds

    def __call__(self, value: Progress) -> None:
        if time.monotonic() >= self._due:
            self._call(value)
            self._due = time.monotonic() + self._seconds


class _Check:
    """Asks now and then whether an import goes on."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._due = 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self._due:
            self._ask()
            self._due = time.monotonic() + _CHECK_SECONDS


def _told(outcomes: Sequence[FileOutcome]) -> Record:
    """What the row of an import says of its files."""
    refused = [each for each in outcomes if each.status == "refused"]
    notes = [
        {"file": each.file, "message": note}
        for each in outcomes
        for note in ([each.why] if each.status == "repeated" else each.notes)
    ]
    return {
        "taken": sum(each.status == "taken" for each in outcomes),
        "repeated": sum(each.status == "repeated" for each in outcomes),
        "refused": len(refused),
        "refusals": [{"file": each.file, "message": each.why} for each in refused[:_MOST_NAMED]],
        "notes": notes[:_MOST_NAMED],
    }


def _why_nothing(outcomes: Sequence[FileOutcome]) -> str:
    if not outcomes:
        return "The archive has no files."
    first = outcomes[0]
    if len(outcomes) == 1:
        return f"{first.file}: {first.why}"
    return (
        f"None of the {len(outcomes):,} files could be read. The first, {first.file}: {first.why}"
    )
