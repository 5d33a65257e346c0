"""The HTTP server: uvicorn in a thread, with bounds on what a connection may cost.

uvicorn and h11 read and write HTTP/1.1; they refuse whatever is not framed as it must be, and
heads above `MAX_HEAD_BYTES`. Added here: a head has a deadline, an answer that nobody reads ends,
and the number of connections is bounded.
"""

import asyncio
import logging
import resource
import socket
import threading
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from backend.web.http_server.gateway import Gateway

MAX_HEAD_BYTES = 64 * 1024

READ_BYTES = 32 * 1024

# Beyond the first few, the chunks of a body must have this mean size.
FEW_CHUNKS = 256
LEAST_MEAN_CHUNK = 64

# From the connection, or from the last answer, to the end of the next head; and from the end of
# an answer to the client's reading of its last piece. Keep-alive connections close after it too.
HEAD_SECONDS = 15.0

# Connections that wait to be accepted; and how many asyncio accepts before it looks at the others.
BACKLOG = 2048
_ACCEPTED_AT_ONCE = 100

# The address of an IPv4 client on a socket of both families.
_IPV4_IN_IPV6 = "::ffff:"

MAX_CONNECTIONS = 4096

# File descriptors for everything but connections: database, uploads, pipes of the workers.
_OTHER_DESCRIPTORS = 200
_MOST_DESCRIPTORS = 16_384

_SWEEP_SECONDS = 0.5

_REFUSAL = (
    b'{"type":"about:blank","title":"Bad Request","status":400,'
    b'"detail":"Expected an HTTP request with a valid head and a clearly framed body, '
    b'received something else."}'
)


class _Parser(h11.Connection):
    """h11's, with a least mean size of chunks: each costs as much time to read as many bytes."""

    _chunks = 0
    _bytes = 0

    def next_event(self) -> Any:
        """The next event.

        Raises:
            h11.RemoteProtocolError: the request is not HTTP, or comes in crumbs.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = self._bytes = 0
        elif isinstance(event, h11.Data):
            self._chunks += event.chunk_start
            self._bytes += len(event.data)
            if self._chunks > FEW_CHUNKS and self._bytes < LEAST_MEAN_CHUNK * self._chunks:
                raise h11.RemoteProtocolError(f"Chunks below {LEAST_MEAN_CHUNK} bytes.")
        return event


class _Connection(H11Protocol):
    """uvicorn's, with the time since which it has waited for a head."""

    _connections_allowed = MAX_CONNECTIONS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio reads 256 kB at once by default: more than a head may have, and half a second of
        # parsing where it is chunks of one byte.
        cast(Any, transport).max_size = READ_BYTES
        # asyncio does it only where the listening socket names its protocol. Without, the second
        # answer of a connection waits 40 ms for the client to acknowledge the first.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.conn = _Parser(h11.SERVER, MAX_HEAD_BYTES)
        super().connection_made(cast(asyncio.Transport, transport))
        if self.client and self.client[0].startswith(_IPV4_IN_IPV6):
            self.client = self.client[0].removeprefix(_IPV4_IN_IPV6), self.client[1]
        self.waiting_since = self.loop.time()
        self.stalled_since: float | None = None
        self.is_hanging_up = False
        self._make_room()

    def data_received(self, data: bytes) -> None:
        if not self.is_hanging_up:
            super().data_received(data)

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = None
        super().resume_writing()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Go on with a request of a client that has only ended its own side."""
        if not self.is_in_request:
            return False
        if self.cycle.more_body:
            self.send_400_response("")
            return False
        self.cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        self.waiting_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not HTTP, if an answer has not begun yet, and hang up.

        What the client still sends is read and dropped for a while: a connection that is closed
        with unread bytes is reset, and its client may never see the answer (RFC 9112, 9.6).
        """
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(_REFUSAL)).encode()),
            (b"connection", b"close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        try:
            for event in (response, h11.Data(data=_REFUSAL), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:  # in the middle of an answer
            self.transport.abort()
        else:
            self.waiting_since = self.loop.time()
            self.is_hanging_up = True
            if self.cycle is not None:  # nothing more comes for its application
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self.flow.resume_reading()
            self.transport.write_eof()

    @property
    def is_in_request(self) -> bool:
        """Whether a request is being answered; its deadlines are those of the gateway."""
        is_answered = self.is_hanging_up or self.cycle is None or self.cycle.response_complete
        return not is_answered

    def end_if_overdue(self) -> None:
        """Hang up on a client that has not sent a head, or has not read its answer, in time."""
        now = self.loop.time()
        is_waiting = self.transport.is_closing() or not self.is_in_request
        is_overdue = is_waiting and now - self.waiting_since > HEAD_SECONDS
        # Within an answer the gateway's pace decides first; between two it has no say.
        is_stalled = self.stalled_since is not None and now - self.stalled_since > HEAD_SECONDS + 1
        if is_overdue or is_stalled:
            self.transport.abort()

    def _make_room(self) -> None:
        """End the connection that has waited longest for a head; this one, if all are busy."""
        if len(self.connections) <= self._connections_allowed:
            return
        every = cast(set[_Connection], self.connections)
        staying = [each for each in every if not each.transport.is_closing()]
        if len(staying) > self._connections_allowed:
            idle = [each for each in staying if not each.is_in_request]
            min(idle, key=lambda each: each.waiting_since, default=self).transport.abort()


class Server:
    """Serves a gateway on a port, from a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        """Open the port; connections wait until `start`.

        Raises:
            OSError: it cannot be opened.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        every_family = host == "::" and socket.has_dualstack_ipv6()
        self._socket = socket.create_server(
            (host, port), family=family, backlog=BACKLOG, dualstack_ipv6=every_family
        )
        self.port = self._socket.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._has_ended = threading.Event()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections) if self._server else 0

    def start(self, gateway: Gateway, trusted_proxies: tuple[str, ...], grace_seconds: int) -> None:
        """Answer requests.

        Args:
            gateway: the application.
            trusted_proxies: addresses and networks whose X-Forwarded-For is believed.
            grace_seconds: how long requests may take to finish when the server stops.
        """
        _Connection._connections_allowed = min(MAX_CONNECTIONS, _raise_descriptor_limit())
        # It logs a line for each malformed request, and for each answer that was given up.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        config = uvicorn.Config(
            cast(Any, gateway),
            http=_Connection,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[("Server", "exotrain")],
            backlog=_ACCEPTED_AT_ONCE,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_keep_alive=int(HEAD_SECONDS),
            timeout_graceful_shutdown=grace_seconds,
        )
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._run, name="http", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the server; False if it still runs.

        Not by joining its thread: a signal that interrupts `join` makes Python 3.11 take the
        thread for ended.
        """
        return self._has_ended.wait(seconds)

    def stop(self) -> None:
        """Close the port, let requests finish for a while, and close every connection."""
        if self._server is not None:
            self._server.should_exit = True
            self._has_ended.wait((self._server.config.timeout_graceful_shutdown or 0) + 4)
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._has_ended.set()

    async def _serve(self) -> None:
        assert self._server is not None
        sweeping = asyncio.create_task(self._sweep(self._server))
        try:
            await self._server.serve([self._socket])
        finally:
            sweeping.cancel()

    async def _sweep(self, server: uvicorn.Server) -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        self._socket.listen(BACKLOG)  # asyncio has made the queue as short as what it takes at once
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            for connection in list(server.server_state.connections):
                cast(_Connection, connection).end_if_overdue()


def _raise_descriptor_limit() -> int:
    """Allow as many open files as the system lets us; returns those left for connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(
        64, (_MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft) - _OTHER_DESCRIPTORS
    )
