"""The HTTP server: cheroot, made to answer a large request before it has taken all of it.

An upload without a valid token, or one that is too large, is refused as soon as that is known. A
client gets to read the refusal only if its connection is not cut while it is still sending, and
a refused body must not be collected in memory. So here

- "100 Continue" is sent when the application first reads the body, not before: a client that
  waits for it (curl does, for more than a megabyte) sends nothing that would be refused;
- after an early answer the rest of the body is read and thrown away, for a while;
- a chunked body is handed on as it comes, however large its chunks are;
- a request whose length is unclear is refused before any of its body is read.
"""

import contextlib
import io
import re
import socket
import time
from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest
from cheroot.wsgi import Server as CherootServer
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException, RequestTimeout

MAX_HEADER_BYTES = 64 * 1024

# How long a client may take to notice an early answer, and how much is thrown away meanwhile.
LINGER_SECONDS = 10.0

# An unread rest of this size is taken, so that the connection can serve the next request.
_SMALL_REST_BYTES = 64 * 1024

_LONGEST_CHUNK_LINE = 1024
_PIECE = 64 * 1024

_CONTENT_LENGTH = b"Content-Length"
_TRANSFER_ENCODING = b"Transfer-Encoding"

# 1*DIGIT by RFC 9110, section 8.6. Twenty digits or more are longer than any body, and Python
# refuses to convert a few thousand.
_LENGTH = re.compile(rb"[0-9]{1,19}")

_EXPECT = b"Expect"
_HELD_BACK = b"X-Held-Back-Expect"


class Body(io.RawIOBase):
    """A request's body as the application reads it; it ends where the body ends."""

    def __init__(self, connection: Any, length: int | None, awaits_continue: bool) -> None:
        """Begin to read.

        Args:
            connection: cheroot's; its `rfile` stands at the body's first byte.
            length: in bytes, or None for a chunked body.
            awaits_continue: the client sends nothing until it receives "100 Continue".
        """
        super().__init__()
        self._connection = connection
        self._is_chunked = length is None
        self._left = length or 0  # in the body, or in the chunk
        self._is_complete = length == 0
        self.awaits_continue = awaits_continue and not self._is_complete

    @property
    def is_complete(self) -> bool:
        """Whether it has been read to its end."""
        return self._is_complete

    @property
    def has_small_rest(self) -> bool:
        """Whether the rest is small and certain to come, so that it is best read."""
        return not self._is_chunked and not self.awaits_continue and self._left <= _SMALL_REST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the body goes.

        Raises:
            ClientDisconnected: the client went away.
            RequestTimeout: it sent nothing for too long.
            BadRequest: the chunks are not framed as they must be.
        """
        if self._is_complete or not len(buffer):
            return 0
        try:
            return self._read_some(buffer)
        except TimeoutError:
            raise RequestTimeout("The request's body stopped arriving.") from None
        except ConnectionError:
            raise ClientDisconnected() from None

    def _read_some(self, buffer: Any) -> int:
        if self.awaits_continue:
            self.awaits_continue = False
            self._connection.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._is_chunked and not self._left:
            self._left = self._next_chunk()
            if self._is_complete:
                return 0
        piece = self._connection.rfile.read(min(len(buffer), self._left, _PIECE))
        if not piece:
            raise ClientDisconnected()
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        if not self._left:
            self._end_part()
        return len(piece)

    def _end_part(self) -> None:
        if not self._is_chunked:
            self._is_complete = True
        elif self._connection.rfile.read(2) != b"\r\n":
            raise BadRequest("Expected a line end after a chunk of the body.")

    def _next_chunk(self) -> int:
        """The length of the next chunk; 0, and the trailer read, at the end."""
        digits = self._line().partition(b";")[0].strip()
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            raise BadRequest("Expected the length of a chunk of the body, in hexadecimal.")
        length = int(digits, 16)
        if length == 0:
            while self._line():
                pass
            self._is_complete = True
        return length

    def _line(self) -> bytes:
        line = self._connection.rfile.readline(_LONGEST_CHUNK_LINE)
        if not line.endswith(b"\r\n"):
            raise BadRequest("Expected a line of at most 1024 bytes between chunks of the body.")
        return line[:-2]


class _Headers(dict[bytes, bytes]):
    """A request's headers; cheroot by itself keeps the last of several lengths, and reads "-1"."""

    def __setitem__(self, name: bytes, value: bytes) -> None:
        """Add a header line.

        Raises:
            ValueError: a length that is not a number, or a second one; cheroot answers 400.
        """
        if name == _CONTENT_LENGTH and name in self:
            raise ValueError("Expected one Content-Length, received several.")
        if name == _CONTENT_LENGTH and not _LENGTH.fullmatch(value):
            raise ValueError("Expected a Content-Length of 1 to 19 digits and nothing else.")
        super().__setitem__(name, value)


class _HeaderReader(HeaderReader):
    """Keeps "Expect: 100-continue" from cheroot, which would answer it at once."""

    def __call__(self, rfile: Any, hdict: dict | None = None) -> dict:
        headers = super().__call__(rfile, hdict)
        expectation = headers.pop(_EXPECT, b"")
        if expectation.lower() == b"100-continue":
            headers[_HELD_BACK] = expectation
        return headers


class _Request(HTTPRequest):
    header_reader = _HeaderReader()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.inheaders = _Headers()

    def parse_request(self) -> None:
        """Read the head; when it is refused, let the client notice while it is still sending."""
        super().parse_request()
        if not self.ready:
            self._linger()

    def read_request_headers(self) -> bool:
        """Read the headers; refuse those that leave open where the body ends.

        A proxy in front of the server may see the end elsewhere, and so take a part of the body
        for another request: RFC 9112, section 6.1.
        """
        if not super().read_request_headers():
            return False
        encoding = self.inheaders.get(_TRANSFER_ENCODING)
        if encoding is None:
            return True
        if _CONTENT_LENGTH in self.inheaders:
            problem = "Expected Content-Length or Transfer-Encoding, received both."
        elif encoding.lower() != b"chunked" or not self.chunked_read:
            problem = "Expected Transfer-Encoding to be chunked, once, and in HTTP/1.1."
        else:
            return True
        self.simple_response("400 Bad Request", problem)
        return False

    def respond(self) -> None:
        """Call the application; if it left a part of the body unread, let the client notice."""
        awaits_continue = self.inheaders.pop(_HELD_BACK, None) is not None
        length = None if self.chunked_read else int(self.inheaders.get(_CONTENT_LENGTH, 0))
        body = self.rfile = Body(self.conn, length, awaits_continue)
        self.server.gateway(self).respond()
        if self.ready:
            self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")
        if not body.is_complete and not body.awaits_continue:
            self._linger()

    def send_headers(self) -> None:
        """Send the status and the headers; they say whether the connection stays open."""
        if self.rfile.has_small_rest:
            with contextlib.suppress(HTTPException):
                self.rfile.read()
        if not self.rfile.is_complete:
            self.close_connection = True
        super().send_headers()

    def _linger(self) -> None:
        """Throw away what the client still sends, until it has read the answer and hangs up."""
        deadline = time.monotonic() + LINGER_SECONDS
        connection = self.conn.socket
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(LINGER_SECONDS)
            while connection.recv(_PIECE) and time.monotonic() < deadline:
                pass


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request


class Server(CherootServer):
    """cheroot's WSGI server with the above."""

    ConnectionClass = _Connection
    max_request_header_size = MAX_HEADER_BYTES
