"""Which uploads that come in pieces a request is writing; there is one at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from backend.errors import Conflict


class Sending:
    """The uploads that requests hold."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: set[int] = set()

    @contextmanager
    def alone(self, upload_id: int) -> Iterator[None]:
        """Hold an upload.

        Raises:
            Conflict: another request has it.
        """
        with self._lock:
            if upload_id in self._ids:
                raise Conflict(
                    f"Another request is sending a piece of upload {upload_id}, or using it. Wait "
                    "for its end, then ask how much has been received."
                )
            self._ids.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._ids.discard(upload_id)
