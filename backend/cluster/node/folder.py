"""A node's own folder: what was sent to it, once each, and the data folders of its workers.

Nothing in it is needed again: it can be deleted whenever no session trains on the node.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.storage.atomic import replacing, sha256_of
from backend.storage.layout import Storage
from backend.storage.permissions import FOLDER_MODE

# What was not used for longest is deleted above this.
MOST_CACHED_BYTES = 20_000_000_000

# A folder that nobody has written for as long, of a node that may be gone.
_FORGOTTEN_SECONDS = 7 * 86_400.0


class DamagedOnTheWay(RuntimeError):
    """What arrived does not have the hash that it left with."""


class NodeFolder:
    """The folder of one node.

    cache/<sha256>              a table, a checkpoint, a model, as it was sent
    work/<pid>-<random>/        the data folder of a worker; the process may be gone

    Args:
        node: Ray's id of it.
    """

    def __init__(self, node: str) -> None:
        self._base = _base()
        self.path = self._base / node
        self._cache = self.path / "cache"
        self._work = self.path / "work"
        for folder in (self.path, self._cache, self._work):
            folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)

    def make_data_folder(self) -> Path:
        """A new data folder for a worker of this process."""
        folder = self._work / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(FOLDER_MODE)
        Storage(folder).make_folders()
        return folder

    def remove_data_folder(self, folder: Path) -> None:
        """Delete it; what cannot be deleted goes with `sweep`."""
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Delete the data folders of processes that are gone, and what is used least."""
        for folder in self._work.iterdir():
            if not _is_used(folder):
                shutil.rmtree(folder, ignore_errors=True)
        for other in self._base.iterdir():
            if other != self.path and _is_forgotten(other):
                shutil.rmtree(other, ignore_errors=True)
        self._limit_cache()

    def put(self, sha256: str, target: Path, fetch: Callable[[], Iterator[bytes]]) -> None:
        """Put a file in its place; it is fetched if this node does not have it.

        Args:
            sha256: of the file.
            target: a path in the data folder of a worker.
            fetch: its bytes, in pieces.

        Raises:
            DamagedOnTheWay: what was fetched is something else.
            OSError: for example, the disk is full.
        """
        cached = self._cache / sha256
        target.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        with self._locked(sha256):  # once, however many sessions begin with it
            if not cached.exists():
                with replacing(cached) as partial, open(partial, "wb") as file:
                    for piece in fetch():
                        file.write(piece)
                    file.flush()
                    found = sha256_of(partial)
                    if found != sha256:
                        raise DamagedOnTheWay(f"expected the hash {sha256}, received {found}")
            os.utime(cached)
            os.link(cached, target)

    @contextmanager
    def _locked(self, sha256: str) -> Iterator[None]:
        with open(self.path / f"{sha256[:2]}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _limit_cache(self) -> None:
        found = []
        for each in self._cache.iterdir():
            with contextlib.suppress(FileNotFoundError):  # a partial file that has its name now
                found.append((each.stat(), each))
        total = sum(stat.st_size for stat, _ in found)
        for stat, path in sorted(found, key=lambda each: each[0].st_mtime):
            if total <= MOST_CACHED_BYTES:
                break
            # Another session may be linking it; and what cannot be deleted stops none.
            with contextlib.suppress(OSError), self._locked(path.name.lstrip(".")):
                path.unlink(missing_ok=True)
                total -= stat.st_size


def _base() -> Path:
    """The folder of all nodes on this machine.

    Raises:
        PermissionError: somebody else has made it.
    """
    named = os.environ.get("EXOTRAIN_NODE_DIR")
    base = Path(named or Path(tempfile.gettempdir()) / f"exotrain-node-{os.getuid()}")
    base.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    # In /tmp anybody may have been first.
    if base.is_symlink() or base.lstat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to another user: set EXOTRAIN_NODE_DIR")
    return base


def _is_forgotten(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        if any(_is_used(each) for each in (folder / "work").iterdir()):
            return False
        used = max((folder / part).stat().st_mtime for part in ("cache", "work"))
        return time.time() - used > _FORGOTTEN_SECONDS
    return False


def _is_used(folder: Path) -> bool:
    """Whether the process of a worker's data folder runs, as far as its name says."""
    pid = folder.name.partition("-")[0]
    return not pid.isdecimal() or is_running(int(pid))


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
