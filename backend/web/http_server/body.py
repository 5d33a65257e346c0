"""Receives a request's body before a thread works on the request.

The event loop collects it: a little in memory, more in an unnamed file, which the system removes
even if the server is killed. So a client that sends slowly, or stops, costs no thread.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, cast

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from backend import shortage
from backend.errors import DiskFull, NoSpace, Unavailable, UserError
from backend.storage import disk
from backend.storage.incoming import MEGABYTE, RESERVED_BYTES, require_space
from backend.web.http_server.pace import Pace

Receive = Callable[[], Awaitable[dict[str, Any]]]

# Collected in memory, and before the application has agreed to it.
SMALL_BYTES = 64 * 1024

_SPACE_CHECK_BYTES = 8 * MEGABYTE


class BodyWanted(BaseException):
    """The application reads a body that has not been received yet. Not an error of its own."""


class NotYetReceived(io.RawIOBase):
    """Stands for the body until it is known that the application wants it."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        """Refuse to be read.

        Raises:
            BodyWanted: always.
        """
        raise BodyWanted


class Failed(io.RawIOBase):
    """A body that did not arrive: whoever reads it learns why."""

    def __init__(self, why: Exception) -> None:
        super().__init__()
        self._why = why

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        """Raise the reason."""
        raise self._why


def _not_stored(error: OSError, folder: Path) -> UserError:
    if shortage.is_shortage(error):
        return Unavailable(shortage.MESSAGE, Retry_After=str(shortage.RETRY_SECONDS))
    what = "The request's body could not be stored:"
    if disk.is_full(error):
        return DiskFull(f"{what} {disk.full_message(error, folder)}", RESERVED_BYTES)
    return NoSpace(f"{what} {error.strerror}")


class Body:
    """One request's body, as far as it has come."""

    def __init__(self, receive: Receive, headers: dict[bytes, bytes], folder: Path) -> None:
        """Nothing is received yet.

        Args:
            receive: ASGI's.
            headers: of the request, names in lower case.
            folder: for what is too large for memory.
        """
        length = headers.get(b"content-length")
        self._receive = receive
        self._folder = folder
        self.is_chunked = b"transfer-encoding" in headers
        self.length = int(length) if length is not None else None
        self.awaits_continue = headers.get(b"expect", b"").lower() == b"100-continue"
        self.is_received = not self.is_chunked and not self.length
        self.stream: IO[bytes] = io.BytesIO()

    @property
    def is_small(self) -> bool:
        """Whether it can be received before the application is asked for its consent."""
        is_short = self.length is not None and self.length <= SMALL_BYTES
        return is_short and not self.awaits_continue

    async def collect(self, limit: int, *, keeps_part: bool = False) -> None:
        """Receive it into `stream`; if that fails, whoever reads `stream` learns why.

        Args:
            limit: in bytes; what is longer is not taken to its end.
            keeps_part: if the client hangs up or stops, `stream` is what has come until then.
        """
        pace = Pace()
        spool = tempfile.SpooledTemporaryFile(SMALL_BYTES, dir=str(self._folder))  # noqa: SIM115
        self.stream = cast(IO[bytes], spool)
        try:
            while not self.is_received and pace.transferred <= limit:
                message = await pace.within(self._receive())
                if message["type"] == "http.disconnect":
                    raise ClientDisconnected
                await self._append(message["body"], pace.transferred)
                pace.transferred += len(message["body"])
                self.is_received = not message["more_body"]
        except TimeoutError:
            if not keeps_part:
                self._fail(RequestTimeout("The request's body arrived too slowly, or stopped."))
        except ClientDisconnected as error:
            if not keeps_part:
                self._fail(error)
        except UserError as error:
            self._fail(error)
        except OSError as error:  # Werkzeug takes it for a client that has gone
            self._fail(_not_stored(error, self._folder))
        if not isinstance(self.stream, Failed):
            self.length = pace.transferred
            spool.seek(0)

    async def discard(self, seconds: float) -> None:
        """Throw away what still comes, so that the client reads the answer and hangs up itself."""
        try:
            async with asyncio.timeout(seconds):
                while not self.is_received:
                    message = await self._receive()
                    is_last = message["type"] == "http.disconnect" or not message["more_body"]
                    self.is_received = is_last
        except TimeoutError:
            return

    def close(self) -> None:
        """Give the memory and the file back."""
        with contextlib.suppress(OSError):  # what a full disk does not take is lost anyway
            self.stream.close()

    async def _append(self, piece: bytes, before: int) -> None:
        if before + len(piece) <= SMALL_BYTES:
            self.stream.write(piece)
            return
        await asyncio.to_thread(self._append_to_file, piece, before)

    def _append_to_file(self, piece: bytes, before: int) -> None:
        if before // _SPACE_CHECK_BYTES != (before + len(piece)) // _SPACE_CHECK_BYTES:
            require_space(self._folder, _SPACE_CHECK_BYTES)
        self.stream.write(piece)

    def _fail(self, why: Exception) -> None:
        self.close()
        self.stream = cast(IO[bytes], Failed(why))
