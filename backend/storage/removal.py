"""Files that go when the transaction that forgets them is committed."""

import logging
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from backend.storage.atomic import partial_of

log = logging.getLogger(__name__)


class Removal:
    """Takes files away around a transaction: if it fails, they are in their place again.

    For files that no start could delete, since the row that knew them is gone. After a kill before
    the commit their row has no file, after the commit they are partial files: the next start copes
    with both.
    """

    def __init__(self) -> None:
        self._aside: list[tuple[Path, Path]] = []

    def add(self, path: Path) -> None:
        """Take a file away, if it is there."""
        aside = partial_of(path)
        with suppress(FileNotFoundError):
            path.rename(aside)
            self._aside.append((path, aside))

    def __enter__(self) -> "Removal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for path, aside in self._aside:
            try:
                if kind is None:
                    aside.unlink()
                else:
                    aside.rename(path)
            except OSError as failure:
                what = "deleted" if kind is None else "put back"
                log.error("%s, now %s, cannot be %s: %s", path, aside.name, what, failure)
