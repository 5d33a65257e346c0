"""From ASGI to the application: who may ask, the body, a thread, the answer.

The event loop waits for clients; threads only compute. A request gets a thread of its lane when
its body is there. A large body is not taken before the application asks for it: the request is
first handled without, and an application that refuses it (401, 404, 413, 507 …) is done.
"""

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextvars import copy_context
from http import HTTPStatus
from pathlib import Path
from typing import Any

from backend import request_ids, shortage
from backend.config import ANY_HOST
from backend.web.http_server.body import Body, BodyWanted, NotYetReceived, Receive
from backend.web.http_server.lanes import Lane, LaneFull
from backend.web.http_server.pace import Pace
from backend.web.http_server.seen import Observe, Seen, Send
from backend.web.http_server.wsgi import (
    IS_IDENTIFIED,
    KEEPS_PART,
    LIMIT,
    Header,
    Response,
    environment_of,
)

# How long a client may take to notice an early answer.
LINGER_SECONDS = 10.0

_RETRY_SECONDS = 2

# Tokens that are known to be valid.
_MOST_CALLERS = 10_000

# For a body that the application reads without having said how long it may be.
_DEFAULT_LIMIT = 1 << 20

_END_IS_UNCLEAR = (
    "Expected Content-Length, or from HTTP 1.1 on Transfer-Encoding: chunked; received both, or "
    "chunks in an older version."
)

# What may bring large bodies.
_UPLOADS = ("/api/training/upload-dataset", "/api/light-curves")

_CLOSE = (b"connection", b"close")

Piece = tuple[bytes, bool]  # whether it is the last one
Answer = tuple[int, list[Header], AsyncIterator[Piece]]

log = logging.getLogger(__name__)


class Gateway:
    """An ASGI application around a WSGI one."""

    def __init__(
        self,
        application: Any,
        allowed_hosts: tuple[str, ...],
        incoming: Path,
        observe: Observe = lambda _seen: None,
    ) -> None:
        """Make the lanes.

        Args:
            application: WSGI.
            allowed_hosts: the names that requests may call this server by, or ANY_HOST.
            incoming: the folder for bodies in progress.
            observe: called after each request with what was seen of it; it must not wait.
        """
        self._observe = observe
        self._application = application
        self._allowed_hosts = allowed_hosts
        self._incoming = incoming
        self._callers = _Callers()
        busy = "The server is busy with other requests; try again in a moment."
        self._reads = Lane("read", 8, 2000, when_full=busy)
        self._writes = Lane("write", 4, 500, when_full=busy)
        self._uploads = Lane(
            "upload", 4, 60, when_full="Too many uploads wait for their turn; try again later."
        )
        self._predictions = Lane(
            "predict", 16, 48, when_full="Too many predictions wait for their turn; try again."
        )
        # A server that is busy still says how busy, and whoever asks often stops nobody else.
        self._metrics = Lane("metrics", 2, 16, when_full="Other scrapes are being answered.")
        self._lanes = (
            self._reads,
            self._writes,
            self._uploads,
            self._predictions,
            self._metrics,
        )

    def close(self) -> None:
        """Drop the requests that wait."""
        for lane in self._lanes:
            lane.close()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        seen = Seen(scope)
        send = seen.through(send)
        request_ids.current.set(seen.request_id)  # each request has a task, and so a context
        headers = dict(scope["headers"])
        body = Body(receive, headers, self._incoming)
        try:
            host = headers.get(b"host", b"").decode("latin-1")
            if _is_end_unclear(scope, headers):
                body.is_received = False  # what follows is not the next request
                await send_answer(send, body, *refusal(400, _END_IS_UNCLEAR))
            elif not scope["raw_path"].startswith(b"/"):
                await send_answer(send, body, *refusal(400, "Expected a path that begins with /."))
            elif not self._is_known_as(host):
                await send_answer(send, body, *refusal(421, _misdirected(host)))
            else:
                await self._answer(scope, headers, body, send)
        except LaneFull as full:
            retry_after = (b"retry-after", str(_RETRY_SECONDS).encode())
            await send_answer(send, body, *refusal(429, str(full), retry_after))
        except TimeoutError:
            log.debug("a client did not read its answer in time; its connection ends")
        except Exception:  # what the application answers for is answered by then
            log.exception("a request failed in the server itself")
        finally:
            body.close()
            self._observe(seen)

    async def _answer(
        self, scope: dict[str, Any], headers: dict[bytes, bytes], body: Body, send: Send
    ) -> None:
        lane = self._lane_of(scope["method"], scope["path"])
        try:
            response = await self._respond(scope, body, lane, self._callers.name(scope, headers))
        except (MemoryError, OSError, RuntimeError) as error:
            if not shortage.is_shortage(error):
                raise
            log.error("a request is refused: %s", error)
            retry_after = (b"retry-after", str(shortage.RETRY_SECONDS).encode())
            return await send_answer(send, body, *refusal(503, shortage.MESSAGE, retry_after))
        try:
            pieces = _pieces(response)
            await send_answer(send, body, response.status, response.headers, pieces)
        finally:
            if not response.is_complete:
                await asyncio.to_thread(response.close)
        return None

    async def _respond(
        self, scope: dict[str, Any], body: Body, lane: Lane, caller: str
    ) -> Response:
        if body.is_small:
            await body.collect(body.length or 0)
        if not body.is_received and not body.is_small:
            environment = environment_of(scope, NotYetReceived(), body.length)
            try:
                return await self._run(lane, caller, environment)
            except BodyWanted:
                limit = environment.get(LIMIT, _DEFAULT_LIMIT)
                await body.collect(limit, keeps_part=environment.get(KEEPS_PART, False))
        return await self._run(lane, caller, environment_of(scope, body.stream, body.length))

    async def _run(self, lane: Lane, caller: str, environment: dict[str, Any]) -> Response:
        context = copy_context()  # a thread of a lane has none of the request's
        response = await lane.run(
            caller, lambda: context.run(Response, self._application, environment)
        )
        self._callers.learn(environment, response.status)
        return response

    def _lane_of(self, method: str, path: str) -> Lane:
        if path == "/metrics":
            return self._metrics
        if method in ("GET", "HEAD", "OPTIONS"):
            return self._reads
        if path.startswith("/api/predict"):
            return self._predictions
        if path.startswith(_UPLOADS):
            return self._uploads
        return self._writes

    def _is_known_as(self, host: str) -> bool:
        """Whether a Host header names this server; a port says nothing about it."""
        name = host.lower()
        if not name.endswith("]"):  # [::1]
            before, colon, port = name.rpartition(":")
            name = before if colon and port.isdigit() else name
        return ANY_HOST in self._allowed_hosts or name.rstrip(".") in self._allowed_hosts


class _Callers:
    """Who asks: a token that the application has accepted before, else an address.

    A token that it has not is no name: whoever makes up tokens would be as many callers.
    """

    def __init__(self) -> None:
        self._accepted: OrderedDict[str, None] = OrderedDict()

    def name(self, scope: dict[str, Any], headers: dict[bytes, bytes]) -> str:
        """The name of who makes a request."""
        token = _hashed(headers.get(b"authorization", b"").decode("latin-1"))
        address = str(scope["client"][0]) if scope["client"] else ""
        return token if token in self._accepted else address

    def learn(self, environment: dict[str, Any], status: int) -> None:
        """Remember, or forget, the token of a request that was answered."""
        token = _hashed(environment.get("HTTP_AUTHORIZATION", ""))
        if environment.get(IS_IDENTIFIED):
            self._accepted[token] = None
            if len(self._accepted) > _MOST_CALLERS:
                self._accepted.popitem(last=False)
        elif status == 401:
            self._accepted.pop(token, None)


def _hashed(authorization: str) -> str:
    return hashlib.sha256(authorization.encode()).hexdigest()


async def send_answer(
    send: Send,
    body: Body,
    status: int,
    headers: list[Header],
    pieces: AsyncIterator[Piece],
) -> None:
    """Send an answer; if a part of the request's body is still to come, let the client notice.

    Raises:
        TimeoutError: the client reads too slowly.
    """
    is_early = not body.is_received
    if is_early:
        headers = [*headers, _CLOSE]
    pace = Pace()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    async for piece, is_last in pieces:
        is_end = is_last and not is_early
        message = {"type": "http.response.body", "body": piece, "more_body": not is_end}
        await pace.within(send(message))
        pace.transferred += len(piece)
    if is_early:
        # A client that waits to be asked may have lost its patience in the meantime.
        await body.discard(1.0 if body.awaits_continue else LINGER_SECONDS)
        await pace.within(send({"type": "http.response.body", "body": b"", "more_body": False}))


def refusal(status: int, detail: str, *headers: Header) -> Answer:
    """A problem of the server itself, before the application is asked (RFC 9457)."""
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    content = json.dumps({**problem, "detail": detail}).encode()
    described = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(content)).encode()),
        *headers,
    ]
    return status, described, _once(content)


async def _once(content: bytes) -> AsyncIterator[Piece]:
    yield content, True


async def _pieces(response: Response) -> AsyncIterator[Piece]:
    yield response.first, response.is_complete
    while not response.is_complete:  # of a file: an answer that has begun does not wait in a lane
        piece = await asyncio.to_thread(response.next_piece)
        yield piece, response.is_complete


def _is_end_unclear(scope: dict[str, Any], headers: dict[bytes, bytes]) -> bool:
    """Whether a proxy in front may see the body's end elsewhere: RFC 9112, section 6.1."""
    return b"transfer-encoding" in headers and (
        b"content-length" in headers or scope["http_version"] != "1.1"
    )


def _misdirected(host: str) -> str:
    return (
        "Expected a request to a name of this server, received one to "
        f"{host[:100]!r}. Whoever runs it can allow that name with EXOTRAIN_ALLOWED_HOSTS."
    )
