"""Calls a WSGI application (PEP 3333) for a request that came by ASGI."""

import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from werkzeug.wsgi import FileWrapper

from backend.web.http_server.seen import SEEN

# Pieces of an answer: each is one turn in a thread.
PIECE_BYTES = 64 * 1024

# The application's word on how long a body may be, in the WSGI environment.
LIMIT = "exotrain.body_limit"

# Its word that what has come of a body is worth having if the rest does not come.
KEEPS_PART = "exotrain.keeps_part"

# Its word that the request's token is valid.
IS_IDENTIFIED = "exotrain.is_identified"

Header = tuple[bytes, bytes]


class Response:
    """An answer as it comes: status, headers, and then piece after piece."""

    def __init__(self, application: Any, environment: dict[str, Any]) -> None:
        """Call the application, and get the first piece."""
        self.status = 500
        self.headers: list[Header] = []
        self._body: Iterable[bytes] = application(environment, self._start)
        self._pieces = iter(self._body)
        self.is_complete = False
        self.first = self.next_piece()

    def next_piece(self) -> bytes:
        """The next piece; `is_complete` says whether it is the last one."""
        piece = bytearray()
        try:
            for part in self._pieces:
                piece += part
                if len(piece) >= PIECE_BYTES:
                    return bytes(piece)
        except BaseException:
            self.close()
            raise
        self.close()
        return bytes(piece)

    def close(self) -> None:
        """Give back what the answer holds, such as an open file."""
        if not self.is_complete:
            self.is_complete = True
            getattr(self._body, "close", lambda: None)()

    def _start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        self.status = int(status.partition(" ")[0])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return _no_write


def environment_of(scope: dict[str, Any], stream: Any, length: int | None) -> dict[str, Any]:
    """The WSGI environment of a request.

    Args:
        scope: ASGI's, of an HTTP request.
        stream: the body, readable.
        length: of the body in bytes, or None if it is not known yet.
    """
    host, port = scope["server"]
    environment: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _in_pieces,
        SEEN: scope.get(SEEN),
    }
    for name, value in _joined(scope["headers"]):
        environment[name] = value
    if length is not None:
        environment["CONTENT_LENGTH"] = str(length)
    return environment


def _in_pieces(file: IO[bytes], _size: int = 0) -> FileWrapper:
    return FileWrapper(file, PIECE_BYTES)


def _joined(headers: list[Header]) -> Iterator[tuple[str, str]]:
    """Headers under their WSGI names; several of one name are one list."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        if b"_" in raw_name or raw_name == b"transfer-encoding":
            continue  # `X_Forwarded_For` would pass for X-Forwarded-For; the body is decoded
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        separator = "; " if name == "HTTP_COOKIE" else ", "
        found[name] = f"{found[name]}{separator}{value}" if name in found else value
    yield from found.items()


def _no_write(_data: bytes) -> None:
    raise RuntimeError("Expected the body as the application's answer, received a call of write.")
