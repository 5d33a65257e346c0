"""The toy application that every server runs: WSGI, and ASGI through a2wsgi."""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

THREADS = 16
TOKEN = "toy"

LARGE_BYTES = 5_000_000
_PIECE = 64 * 1024

# A toy that is not asked through a2wsgi does not need it.
asgi: Any = None


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
) -> Iterable[bytes]:
    """Answer as the service does: 401 before the body is read, then the body, then its size."""
    if environ["PATH_INFO"] == "/health":
        return _json(start_response, "200 OK", {"status": "healthy"})
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Length", str(LARGE_BYTES))])
        return _large()
    if environ.get("HTTP_AUTHORIZATION") != f"Bearer {TOKEN}":
        return _json(start_response, "401 Unauthorized", {"title": "Expected a token."})
    body, taken = environ["wsgi.input"], 0
    while piece := body.read(_PIECE):
        taken += len(piece)
    return _json(start_response, "200 OK", {"bytes": taken})


def _json(start_response: Callable[..., Any], status: str, answer: dict[str, Any]) -> list[bytes]:
    text = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
    start_response(status, headers)
    return [text]


def _large() -> Iterator[bytes]:
    for start in range(0, LARGE_BYTES, _PIECE):
        yield bytes(min(_PIECE, LARGE_BYTES - start))


with contextlib.suppress(ImportError):
    from a2wsgi import WSGIMiddleware

    asgi = WSGIMiddleware(application, workers=THREADS)
