"""Headers of every response: security and caching."""

from flask import Flask, Response, request

_CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def init_app(app: Flask) -> None:
    """Add the headers to every response of an application."""
    app.after_request(_add_headers)
    app.after_request(_answer_unchanged)


def answer_unchanged(etag: str) -> Response | None:
    """304 if the client has the response with this ETag, whichever way it was compressed; or None.

    For what is known to be unchanged before it is read.
    """
    known = request.if_none_match
    for tag in known.as_set(include_weak=True):
        if tag and tag.partition(":")[0] == etag:
            response = Response(status=304)
            response.set_etag(tag)
            return response
    return None


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        # Only the browser may keep it, and revalidates it each time with its ETag.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.add("Authorization")
    return response


def _answer_unchanged(response: Response) -> Response:
    """Give JSON an ETag, and answer 304 to a client that has it: progress is polled."""
    if request.method == "GET" and response.status_code == 200 and response.is_json:
        response.add_etag()
        response.make_conditional(request)
    return response
