"""What datasets and batches have in common whose light curves are prepared."""

import time
from collections.abc import Callable

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.context import Services
from backend.storage import curve_files
from backend.storage.curve_sets.packs import SUFFIX, DamagedPack
from backend.storage.curve_sets.recorded import recorded
from backend.storage.curve_sets.versions import read_version

_RECORD_SECONDS = 1.0


def packs_of_version(services: Services, curve_set: Record, sha256: str) -> tuple[str, ...]:
    """The packs of the version of a set with that hash; the newest comes first.

    Raises:
        Conflict: files of the set are damaged or missing.
    """
    folder = curve_files.folder(services.storage, curve_set)
    try:
        for number in range(curve_set["number"], 0, -1):
            if read_version(folder, number).sha256 == sha256:
                packs = recorded(folder, number)
                for each in packs:
                    (folder / f"{each}{SUFFIX}").stat()
                return packs
    except (DamagedPack, FileNotFoundError) as error:
        raise Conflict(
            f"The files of curve set {curve_set['id']} are damaged or missing on the server: "
            f"{error}. Restore them from a backup, or bring the light curves again."
        ) from error
    raise Conflict(f"Curve set {curve_set['id']} has no such version any more.")


class Progress:
    """Passes on what is new, but no more often than every so many seconds."""

    def __init__(self, call: Callable[[int, int], None]) -> None:
        """Take what is called with how many rows are done, and how many there are."""
        self._call = call
        self._last: tuple[int, int] | None = None
        self._due = 0.0

    def __call__(self, done: int, rows: int) -> None:
        """Pass it on, if it is time."""
        if (done, rows) != self._last and time.monotonic() >= self._due:
            self._call(done, rows)
            self._last = done, rows
            self._due = time.monotonic() + _RECORD_SECONDS
