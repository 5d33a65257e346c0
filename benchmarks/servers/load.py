"""What honest clients notice: speed, uploads, many at once."""

import asyncio
import selectors
import statistics
import time

from benchmarks.servers.process import Server
from benchmarks.servers.wire import AUTHORIZATION, LIMIT_SECONDS, Connection, head

UPLOAD_BYTES = 300_000_000
_PIECE = bytes(64 * 1024)

CROWD = 200

_SPEED_SECONDS = 3.0


def speed(server: Server, connections: int) -> str:
    """Over kept connections: requests a second; median and processor milliseconds of one."""
    selector = selectors.DefaultSelector()
    request = head("GET", "/health")
    asked: dict[Connection, float] = {}
    milliseconds = []
    for connection in [Connection(server.port) for _ in range(connections)]:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.socket.sendall(request)
        asked[connection] = time.perf_counter()
    busy, started = server.processor_seconds(), time.perf_counter()
    while time.perf_counter() - started < _SPEED_SECONDS:
        for key, _ in selector.select(LIMIT_SECONDS):
            connection = key.data
            connection.answer()
            milliseconds.append(1e3 * (time.perf_counter() - asked[connection]))
            connection.socket.sendall(request)
            asked[connection] = time.perf_counter()
    rate = len(milliseconds) / (time.perf_counter() - started)
    busy = 1e3 * (server.processor_seconds() - busy) / len(milliseconds)
    for connection in asked:
        connection.socket.close()
    return f"{rate:,.0f}/s, {statistics.median(milliseconds):.2f} ms, {busy:.2f} ms"


def upload(server: Server) -> str:
    """300 MB with a token: seconds, and how far the server's memory rises."""
    server.forget_peak()
    started = time.monotonic()
    with Connection(server.port) as connection:
        connection.socket.sendall(_upload_head(AUTHORIZATION))
        _send_until_answered(connection, wait=True)
        connection.socket.settimeout(30)
        assert str(UPLOAD_BYTES).encode() in connection.answer().body
    return f"{time.monotonic() - started:.1f} s, {server.growth_mb():+.0f} MB"


def refused_upload(server: Server) -> str:
    """300 MB without a token: status, and how much was sent, and how long it took, until then."""
    server.forget_peak()
    started = time.monotonic()
    with Connection(server.port) as connection:
        connection.socket.sendall(_upload_head())
        sent = _send_until_answered(connection, wait=False)
        connection.socket.settimeout(30)
        status = _status(connection)
    seconds = time.monotonic() - started
    return f"{status} after {sent / 1e6:.1f} MB, {seconds:.2f} s, {server.growth_mb():+.0f} MB"


def refused_upload_sent_whole(server: Server) -> str:
    """What a client reads that sends all 300 MB before it looks for an answer."""
    with Connection(server.port) as connection:
        connection.socket.sendall(_upload_head())
        try:
            _send_until_answered(connection, wait=True)
        except TimeoutError:
            return "the server stops reading"
        return _status(connection)


def expectation(server: Server) -> str:
    """What comes first for "Expect: 100-continue", without and with a token."""
    first = []
    for headers in ((), (AUTHORIZATION,)):
        with Connection(server.port) as connection:
            connection.socket.sendall(_upload_head(*headers, "Expect: 100-continue"))
            first.append(_status(connection))
    return ", ".join(first)


def honest_crowd(server: Server) -> str:
    """How many of 200 clients that come at once get an answer, and when the last has it."""
    started = time.monotonic()
    answered = sum(asyncio.run(_ask_at_once(server.port)))
    return f"{CROWD - answered} refused, {time.monotonic() - started:.2f} s"


async def _ask_at_once(port: int) -> list[bool]:
    return await asyncio.gather(*(_is_answered(port) for _ in range(CROWD)))


async def _is_answered(port: int) -> bool:
    try:
        async with asyncio.timeout(2 * LIMIT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head("GET", "/health"))
            answer = await reader.readline()
            writer.close()
    except OSError:
        return False
    return b" 200 " in answer


def _upload_head(*headers: str) -> bytes:
    return head("POST", "/upload", *headers, f"Content-Length: {UPLOAD_BYTES}")


def _send_until_answered(connection: Connection, wait: bool) -> int:
    """Send the 300 MB, or with `wait` unset as much as it takes to get an answer.

    Returns:
        How many bytes were sent.
    """
    sent = 0
    with selectors.DefaultSelector() as selector:
        selector.register(connection.socket, selectors.EVENT_READ)
        while sent < UPLOAD_BYTES and (wait or not selector.select(0)):
            piece = _PIECE[: UPLOAD_BYTES - sent]
            try:
                connection.socket.sendall(piece)
            except ConnectionError:
                break  # an answer may lie here even so
            sent += len(piece)
    return sent


def _status(connection: Connection) -> str:
    try:
        return str(connection.answer().status)
    except TimeoutError:
        return "no answer"
    except ConnectionError:
        return "reset"
