"""What is noticed of a request, from its head to the end of its answer."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from backend import request_ids

Send = Callable[[dict[str, Any]], Awaitable[None]]

Observe = Callable[["Seen"], None]

_HEADER = request_ids.HEADER.lower().encode()

# Its name in ASGI's scope and in the WSGI environment.
SEEN = "exotrain.seen"


class Seen:
    """One request.

    Attributes:
        request_id: what it is called in the log and in its answer.
        method: of HTTP, as the client wrote it.
        raw_path: as the client wrote it, decoded, without the query.
        status: of the answer; 500 if none began.
        route: the template of its path; the application writes it, None: no route matched.
        path: the path without what is not for a log; the application writes it.
        user_id: whose token it carries; the application writes it.
    """

    def __init__(self, scope: dict[str, Any]) -> None:
        """Begin to notice: the head has come."""
        received = [value for name, value in scope["headers"] if name == _HEADER]
        self.request_id = request_ids.chosen(value.decode("latin-1") for value in received)
        self.method: str = scope["method"]
        self.raw_path: str = scope["path"]
        self.status = 500
        self.route: str | None = None
        self.path: str | None = None
        self.user_id: int | None = None
        self._began = self._ended = time.perf_counter()
        scope[SEEN] = self

    @property
    def seconds(self) -> float:
        """From the head to the last piece of the answer so far.

        How long a refused client takes to notice it does not count.
        """
        return self._ended - self._began

    def through(self, send: Send) -> Send:
        """A `send` of ASGI that notices what it sends, and adds the request's number."""

        async def sending(message: dict[str, Any]) -> None:
            if "status" in message:
                self.status = message["status"]
                own = (_HEADER, self.request_id.encode())
                message = {**message, "headers": [*message["headers"], own]}
            await send(message)
            if "status" in message or message.get("body"):
                self._ended = time.perf_counter()

        return sending
