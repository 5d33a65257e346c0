"""A client that can send what no proper client would: bytes over a socket."""

import re
import socket
from typing import NamedTuple

from benchmarks.servers.toy import TOKEN

LIMIT_SECONDS = 5.0

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)

AUTHORIZATION = f"Authorization: Bearer {TOKEN}"


class Answer(NamedTuple):
    """Status of an answer, and its body."""

    status: int
    body: bytes


def head(method: str, path: str, *headers: str) -> bytes:
    """A request's head with a Host and these header lines."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


class Connection:
    """One connection; a context manager."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        """Connect.

        Args:
            port: on this machine.
            receive_buffer: bytes that the kernel may hold for us; None leaves its default.

        Raises:
            OSError: refused, reset, or no answer within 5 s; so do all methods.
        """
        self.socket = socket.socket()
        self.socket.settimeout(LIMIT_SECONDS)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str) -> Answer:
        """GET."""
        self.socket.sendall(head("GET", path))
        return self.answer()

    def answer(self) -> Answer:
        """Read the next answer; one without a length ends with its head.

        Raises:
            ConnectionError: the connection ended before the answer did.
        """
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._some()
        first, _, body = received.partition(b"\r\n\r\n")
        status, length = _STATUS.match(first), _LENGTH.search(first + b"\r\n")
        if status is None:
            raise ConnectionError(f"Expected a status line, received {first[:40]!r}.")
        while length and len(body) < int(length[1]):
            body += self._some()
        return Answer(int(status[1]), body)

    def _some(self) -> bytes:
        piece = self.socket.recv(64 * 1024)
        if not piece:
            raise ConnectionResetError("The server closed the connection.")
        return piece

    def is_closed(self, seconds: float) -> bool:
        """Whether the server ends the connection within this time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(64 * 1024):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True
