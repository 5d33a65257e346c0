"""What is noticed of a request, from its head to the end of its answer."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]

Observe = Callable[["Seen"], None]

# Its name in ASGI's scope and in the WSGI environment.
SEEN = "exotrain.seen"


class Seen:
    """One request.

    Attributes:
        method: of HTTP, as the client wrote it.
        status: of the answer; 500 if none began.
        route: the template of its path; the application writes it, None: no route matched.
    """

    def __init__(self, scope: dict[str, Any]) -> None:
        """Begin to notice: the head has come."""
        self.method: str = scope["method"]
        self.status = 500
        self.route: str | None = None
        self._began = self._ended = time.perf_counter()
        scope[SEEN] = self

    @property
    def seconds(self) -> float:
        """From the head to the last piece of the answer so far.

        How long a refused client takes to notice it does not count.
        """
        return self._ended - self._began

    def through(self, send: Send) -> Send:
        """A `send` of ASGI that notices what it sends."""

        async def sending(message: dict[str, Any]) -> None:
            self.status = message.get("status", self.status)
            await send(message)
            if "status" in message or message.get("body"):
                self._ended = time.perf_counter()

        return sending
