"""Adds to what is seen of a request what only the application knows: route, path, user."""

import re
from functools import cache

from flask import Flask, Response, g, request

from backend.web.http_server.seen import SEEN, Seen

# A part of a rule: `<int:model_id>`, `<path:filename>`, `<key>`.
_PART = re.compile(r"<(?:(\w+):)?(\w+)>")


def init_app(app: Flask) -> None:
    """Notice every request of an application, whatever becomes of it."""
    app.before_request(_notice)
    app.after_request(_notice_user)


@cache
def template_of(rule: str) -> str:
    """A rule of Flask as the documents write it: `/api/models/<id>`."""
    return re.sub(r"<path:\w+>", "<path>", re.sub(r"<int:\w+>", "<id>", rule))


def _notice() -> None:
    seen: Seen | None = request.environ.get(SEEN)
    if seen is not None and request.url_rule is not None:
        seen.route = template_of(request.url_rule.rule)
        seen.path = _PART.sub(_filled_in, request.url_rule.rule)


def _filled_in(part: re.Match[str]) -> str:
    """Numbers and names of our own files; keys of workspaces and names of users are no log's."""
    converter, name = part.groups()
    return str((request.view_args or {})[name]) if converter else f"<{name}>"


def _notice_user(response: Response) -> Response:
    seen: Seen | None = request.environ.get(SEEN)
    if seen is not None and "identity" in g:
        seen.user_id = g.identity.user["id"]
    return response
