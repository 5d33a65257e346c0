"""What hostile clients can do to the others, and to the server's memory."""

import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from benchmarks.servers.load import CROWD
from benchmarks.servers.process import Server
from benchmarks.servers.wire import AUTHORIZATION, LIMIT_SECONDS, Connection, head

_HEALTH_REQUESTS = 200
_HEALTH_SECONDS = 20.0

_ENDLESS_BYTES = 100_000_000
_ENDLESS_SECONDS = 20.0

_HALF_LENGTH = 100_000
_HALF = bytes(_HALF_LENGTH // 2)


@dataclass(frozen=True)
class Crowd:
    """Connections that all do the same: send something, then a little every second."""

    first: bytes = b""
    then: bytes = b""  # one byte of it a second, from the start again at its end
    reads_slowly: bool = False
    size: int = CROWD


CROWDS = {
    "silent": Crowd(),
    "head byte by byte": Crowd(then=head("GET", "/health", *(f"X-{n}: x" for n in range(9)))),
    "half a body, no token": Crowd(
        head("POST", "/upload", f"Content-Length: {_HALF_LENGTH}") + _HALF
    ),
    "half a body, token": Crowd(
        head("POST", "/upload", AUTHORIZATION, f"Content-Length: {_HALF_LENGTH}") + _HALF
    ),
    "slow readers of 5 MB": Crowd(head("GET", "/large"), reads_slowly=True),
}

_UPLOAD = "POST /upload HTTP/1.1\r\n"
_HOST = "Host: 127.0.0.1\r\n"
_TOKEN = f"{AUTHORIZATION}\r\n"
_TAIL = f"{_TOKEN}Content-Length: 5\r\n\r\nhello"
_CHUNKED = "Transfer-Encoding: chunked\r\n"
_CHUNK = "5\r\nhello\r\n0\r\n\r\n"

# Heads that a server should refuse; the application answers 200 to what gets through to it.
BAD_HEADS = {
    "Content-Length: -1": f"{_UPLOAD}{_HOST}{_TOKEN}Content-Length: -1\r\n\r\nhello",
    "Content-Length: +2": f"{_UPLOAD}{_HOST}{_TOKEN}Content-Length: +2\r\n\r\nhello",
    "Content-Length: 1_4": f"{_UPLOAD}{_HOST}{_TOKEN}Content-Length: 1_4\r\n\r\nhellohellohell",
    "two equal Content-Length": f"{_UPLOAD}{_HOST}Content-Length: 5\r\n{_TAIL}",
    "Content-Length and chunked": f"{_UPLOAD}{_HOST}{_TOKEN}{_CHUNKED}Content-Length: 5\r\n\r\n"
    f"{_CHUNK}",
    "chunk of length +5": f"{_UPLOAD}{_HOST}{_TOKEN}{_CHUNKED}\r\n+5\r\nhello\r\n0\r\n\r\n",
    "two Hosts": f"{_UPLOAD}{_HOST}Host: example.org\r\n{_TAIL}",
    "no Host": f"{_UPLOAD}{_TAIL}",
    "NUL in a value": f"{_UPLOAD}{_HOST}X-A: a\0b\r\n{_TAIL}",
    "CR in a value": f"{_UPLOAD}{_HOST}X-A: a\rb\r\n{_TAIL}",
    "space before the colon": f"{_UPLOAD}{_HOST}X-A : b\r\n{_TAIL}",
    "folded line": f"{_UPLOAD}{_HOST}X-A: a\r\n b\r\n{_TAIL}",
    "bare LF as line end": f"{_UPLOAD}{_HOST}X-A: a\n{_TAIL}",
    "http://example.org/ as path": f"POST http://example.org/upload HTTP/1.1\r\n{_HOST}{_TAIL}",
}

_HEADER_LINE = b"X-A: " + b"a" * 993 + b"\r\n"

# What is sent first, and what is repeated then.
ENDLESS = {
    "head": (f"{_UPLOAD}{_HOST}", _HEADER_LINE),
    "path": ("GET /", b"a" * 1000),
    "trailer": (f"{_UPLOAD}{_HOST}{_TOKEN}{_CHUNKED}\r\n5\r\nhello\r\n0\r\n", _HEADER_LINE),
    "chunk extension": (f"{_UPLOAD}{_HOST}{_TOKEN}{_CHUNKED}\r\n5;", b"a" * 1000),
}


def health_beside(server: Server, crowd: Crowd) -> str:
    """The 99th percentile of the health check beside a crowd, and how far memory rises."""
    server.forget_peak()
    with _standing(server, crowd):
        slowest = _health_p99(server)
    return f"{slowest}, {server.growth_mb():+.0f} MB"


def health_beside_tiny_chunks(server: Server) -> str:
    """The same beside one connection that sends one-byte chunks without a pause or a token."""
    server.forget_peak()
    done = threading.Event()
    flood = threading.Thread(target=_flood, args=(server.port, done))
    flood.start()
    try:
        slowest = _health_p99(server)
    finally:
        done.set()
        flood.join()
    return f"{slowest}, {server.growth_mb():+.0f} MB"


def answer_to_bad_head(server: Server, text: str) -> str:
    """Status, and whether the connection is closed after it."""
    with Connection(server.port) as connection:
        connection.socket.sendall(text.encode("latin-1"))
        try:
            status = connection.answer().status
        except TimeoutError:
            return "no answer"
        except ConnectionError:
            return "closed"
        return f"{status}, {'closed' if connection.is_closed(1) else 'open'}"


def taken_without_end(server: Server, kind: str) -> str:
    """How much of what has no end is taken in 20 s, and how far memory rises."""
    first, unit = ENDLESS[kind]
    server.forget_peak()
    sent, end = 0, time.monotonic() + _ENDLESS_SECONDS
    with Connection(server.port) as connection:
        with suppress(OSError):
            connection.socket.sendall(first.encode())
            while sent < _ENDLESS_BYTES and time.monotonic() < end:
                connection.socket.sendall(unit * 64)
                sent += len(unit) * 64
        return f"{sent / 1e6:.1f} MB, {server.growth_mb():+.0f} MB"


def _health_p99(server: Server) -> str:
    milliseconds: list[float] = []
    end = time.monotonic() + _HEALTH_SECONDS
    for count in range(_HEALTH_REQUESTS):
        if count > 1 and time.monotonic() > end:
            break
        started = time.perf_counter()
        try:
            with Connection(server.port) as connection:
                connection.ask("/health")
        except OSError:
            return f"none in {LIMIT_SECONDS:.0f} s"
        milliseconds.append(1e3 * (time.perf_counter() - started))
        time.sleep(0.01)
    return f"{statistics.quantiles(milliseconds, n=100)[98]:.0f} ms"


@contextmanager
def _standing(server: Server, crowd: Crowd) -> Iterator[None]:
    """The crowd is there, and goes on, until the block ends."""
    connections = []
    for _ in range(crowd.size):
        connection = Connection(server.port, 4096 if crowd.reads_slowly else None)
        connections.append(connection)
        connection.socket.sendall(crowd.first)
    done = threading.Event()
    goes_on = threading.Thread(target=_go_on, args=(crowd, connections, done))
    goes_on.start()
    try:
        yield
    finally:
        done.set()
        goes_on.join()
        for connection in connections:
            connection.socket.close()


def _go_on(crowd: Crowd, connections: list[Connection], done: threading.Event) -> None:
    for position in itertools.count():
        for connection in connections:
            connection.socket.setblocking(False)
            with suppress(OSError):  # the server closed it, or has no room
                if crowd.then:
                    index = position % len(crowd.then)
                    connection.socket.send(crowd.then[index : index + 1])
                if crowd.reads_slowly:
                    connection.socket.recv(1)
        if done.wait(1):
            return


def _flood(port: int, done: threading.Event) -> None:
    chunks = b"1\r\nx\r\n" * 10_000
    while not done.is_set():
        with suppress(OSError), Connection(port) as connection:
            connection.socket.sendall(head("POST", "/upload", "Transfer-Encoding: chunked"))
            while not done.is_set():
                connection.socket.sendall(chunks)
