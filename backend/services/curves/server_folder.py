"""The thread that indexes the server's folder of light curves, at the start and when asked."""

import logging
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from backend.database.connection import Record
from backend.errors import DiskFull, Unavailable
from backend.lasting_thread import LastingThread
from backend.light_curves.mirror import FolderMissing, Mirror, open_mirror, refresh
from backend.light_curves.reader import CurveReader
from backend.services.context import Services
from backend.storage.atomic import remove_partials

# After a failure it looks again.
_RETRY_SECONDS = 60.0

# Of the ten seconds that the whole stop may take.
_CLOSE_SECONDS = 1.0

_MOST_REASONS = 20
_MOST_NAMED = 3

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The server stops."""


class _Contents(NamedTuple):
    """What is in the folder, as the API says it; see `web.schemas.curves.server_folder`."""

    files: int = 0
    stars: int = 0
    bytes: int = 0
    unused: int = 0
    reasons: tuple[Record, ...] = ()
    indexed_at: str | None = None


class ServerFolder:
    """Indexes the folder, and says what is in it."""

    def __init__(self, services: Services, root: Path) -> None:
        """Prepare only; `root` is the folder."""
        settings = services.settings
        self._root, self._index = root, services.storage.curves_index
        self._reader = CurveReader(settings.table_memory_mb, settings.table_seconds)
        self._lock = threading.Lock()
        self._state, self._why = "indexing", ""
        self._done, self._new = 0, 0
        self._contents = _Contents()
        self._is_asked = False
        self._closing = threading.Event()
        self._news = threading.Event()
        what = "that indexes the server's folder of light curves"
        self._thread = LastingThread("server_folder", what, self._run, self._closing)

    def start(self) -> None:
        """Index it, and again when that is asked, until `close`."""
        self._thread.start()

    def check(self) -> None:
        """Do nothing while the thread works; else start one."""
        self._thread.check()

    def close(self) -> None:
        """End; what was indexed stays."""
        self._closing.set()
        self._news.set()
        self._thread.end(_CLOSE_SECONDS)

    def look_again(self) -> None:
        """Index it again, the refused files too."""
        with self._lock:
            self._is_asked = True
            self._state = "indexing"
        self._news.set()

    @property
    def indexed_at(self) -> str | None:
        """When all of it was looked through last; None: never yet."""
        with self._lock:
            return self._contents.indexed_at

    def status(self) -> Record:
        """What is in it and how far it is, as the API says it."""
        with self._lock:
            return {
                "state": self._state,
                "why": self._why or None,
                "new_files": self._new,
                "new_files_done": self._done,
                **self._contents._asdict(),
            }

    def work(self) -> bool:
        """Index it once; whether that could be done."""
        with self._lock:
            is_thorough, self._is_asked = self._is_asked, False
            self._state = "indexing"
            self._done, self._new = 0, 0
        try:
            remove_partials(self._index)
            if self.indexed_at is None:
                self._show(open_mirror(self._root, self._index))
            found = refresh(
                self._root,
                self._index,
                self._reader,
                self._progress,
                self._check,
                is_thorough=is_thorough,
            )
        except _Stopped:
            return False
        except (OSError, FolderMissing, DiskFull, Unavailable) as error:
            log.warning("the server's folder of light curves cannot be indexed: %s", error)
            self._failed(_in_words(error), is_thorough)
            return False
        except Exception:
            log.exception("the server's folder of light curves cannot be indexed")
            self._failed("The server made a mistake: its log has the reason.", is_thorough)
            return False
        self._show(found)
        with self._lock:
            self._why = ""
            if not self._is_asked:
                self._state = "ready"
        log.info("the server's folder has %d light curves", self._contents.files)
        return True

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            is_done = self.work()
            self._news.wait(None if is_done else _RETRY_SECONDS)

    def _progress(self, done: int, new: int) -> None:
        with self._lock:
            self._done, self._new = done, new

    def _check(self) -> None:
        if self._closing.is_set():
            raise _Stopped

    def _show(self, mirror: Mirror) -> None:
        contents = _contents(mirror)
        with self._lock:
            self._contents = contents

    def _failed(self, why: str, is_thorough: bool) -> None:
        """Say why; the next attempt opens the refused files too, if this one was to."""
        with self._lock:
            self._state, self._why = "failed", why
            self._is_asked |= is_thorough


def _contents(mirror: Mirror) -> _Contents:
    unused = mirror.refused()
    counts = Counter(each.why for each in unused)
    named: dict[str, list[str]] = {why: [] for why, _ in counts.most_common(_MOST_REASONS)}
    for each in unused:
        if len(names := named.get(each.why, [])) < _MOST_NAMED and each.why in named:
            names.append(each.shown)
    used = [each for each in mirror.files.values() if not each.why]
    return _Contents(
        len(used),
        len(mirror.stars()),
        sum(each.size for each in used),
        len(unused),
        tuple(
            {"message": why, "files": counts[why], "names": names} for why, names in named.items()
        ),
        mirror.indexed_at,
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        where = "" if error.filename is None else f" ({Path(error.filename).name})"
        return f"The folder or its index cannot be read or written: {error.strerror}{where}."
    return str(error)
