"""Adds to what is seen of a request what only the application knows: its route."""

import re
from functools import cache

from flask import Flask, request

from backend.web.http_server.seen import SEEN, Seen


def init_app(app: Flask) -> None:
    """Notice every request of an application, whatever becomes of it."""
    app.before_request(_notice)


@cache
def template_of(rule: str) -> str:
    """A rule of Flask as the documents write it: `/api/models/<id>`."""
    return re.sub(r"<path:\w+>", "<path>", re.sub(r"<int:\w+>", "<id>", rule))


def _notice() -> None:
    seen: Seen | None = request.environ.get(SEEN)
    if seen is not None and request.url_rule is not None:
        seen.route = template_of(request.url_rule.rule)
