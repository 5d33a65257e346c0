"""The current user, by the token of the request.

A new route is closed by default. Every request without a valid token is denied, except for the few
endpoints in PUBLIC. Whatever is not a GET is denied to viewers and to read-only tokens, except for
the endpoints in ONLY_COMPUTES and the previews of those in PREVIEWED.
"""

import hmac
import time
from dataclasses import dataclass
from functools import partial

from flask import Flask, Response, g, request
from pydantic import ValidationError
from sqlalchemy import Connection

from backend.database import accounts
from backend.database.connection import Record
from backend.database.schema import now
from backend.errors import Forbidden, Unauthorized
from backend.web.current import services
from backend.web.http_server.wsgi import IS_IDENTIFIED
from backend.web.schemas.reading import PreviewQuery
from backend.web.tokens import hash_token

PUBLIC = frozenset(
    {
        "site.get_health",
        "site.home",
        "site.docs",
        "site.example_dataset",
        "site.favicon",
        "openapi.spec",
        "static",
    }
)

# Open to everybody only where EXOTRAIN_METRICS=open says so.
METRICS = "metrics.get_metrics"

# They change nothing, although they are not GET: viewers and read-only tokens may call them.
ONLY_COMPUTES = frozenset(
    {"predictions.predict", "predictions.predict_batch", "curves.compute_curve"}
)

# They change nothing with `?preview=1`, which tells how a table would be read for a prediction.
PREVIEWED = frozenset({"batches.create_batch"})

_SECONDS_BETWEEN_NOTES_OF_USE = 60.0

_CHALLENGE = 'Bearer realm="exotrain"'


@dataclass
class Identity:
    """Who makes a request.

    Attributes:
        user: the record of the user: id, name, is_admin.
        token: the record of the token; None for EXOTRAIN_TOKEN.
        use_noted_at: when the token's last use was last written, in seconds of `time.monotonic`.
    """

    user: Record
    token: Record | None
    use_noted_at: float | None = None


def init_app(app: Flask) -> None:
    """Require a token for every request of an application."""
    app.before_request(require_token)
    app.after_request(_note_use)


def require_token() -> None:
    """Identify the user, before any of the request's body is read.

    Raises:
        Unauthorized: no token, or one that is not valid.
        TooMany: one that is not valid, after too many of them from the same address.
        Forbidden: it is read-only, and the request changes something.
    """
    is_no_route = request.endpoint is None  # it will be a 404 or 405
    is_preflight = request.method == "OPTIONS"
    if is_no_route or is_preflight or _is_open():
        return
    credentials = request.authorization
    is_bearer = credentials is not None and credentials.type == "bearer"
    token = credentials.token if credentials and is_bearer else None
    identity = identify(token) if token else None
    is_expired = identity is not None and _is_expired(identity)
    if identity is None or is_expired:
        if token:
            services().wrong_tokens.count(request.remote_addr)
        raise Unauthorized(
            "Expected a valid token in the header `Authorization: Bearer TOKEN`, received "
            f"{'an invalid one' if is_bearer else 'none'}.",
            WWW_Authenticate=_challenge(is_bearer, is_expired),
        )
    g.identity = identity
    request.environ[IS_IDENTIFIED] = True
    if identity.token and identity.token["read_only"] and not changes_nothing():
        raise Forbidden(
            "This token is read-only: it reads, predicts and computes, but changes nothing. Use "
            "another of your tokens."
        )


def current_user() -> Record:
    """The user whose token the request carries."""
    return g.identity.user


def current_token() -> Record | None:
    """The token that the request carries; None for EXOTRAIN_TOKEN."""
    return g.identity.token


def _is_open() -> bool:
    is_open_here = request.endpoint == METRICS and services().settings.metrics == "open"
    return request.endpoint in PUBLIC or is_open_here


def changes_nothing() -> bool:
    """Whether the current request only reads or computes."""
    is_get = request.method in ("GET", "HEAD", "OPTIONS")
    return is_get or request.endpoint in ONLY_COMPUTES or _is_preview()


def _is_preview() -> bool:
    """Whether the current request is one of PREVIEWED's previews, as its route takes it."""
    if request.endpoint not in PREVIEWED:
        return False
    try:
        return PreviewQuery.model_validate(request.args.to_dict()).preview
    except ValidationError:
        return False


def identify(token: str) -> Identity | None:
    """Whose token it is, even if it has expired, or None."""
    hashed = hash_token(token)
    configured = services().settings.token
    is_configured = bool(configured) and hmac.compare_digest(hashed, hash_token(configured or ""))
    read = _administrator if is_configured else partial(_owner_of_token, hashed)
    # A revoked token fails at once: every commit of the server makes it forget.
    return services().database.remember(("token", hashed), read)


def _administrator(connection: Connection) -> Identity | None:
    user = accounts.administrator(connection)
    return None if user is None else Identity(user, None)


def _owner_of_token(hashed: str, connection: Connection) -> Identity | None:
    token = accounts.find_token_by_hash(connection, hashed)
    if token is None:
        return None
    user = {"id": token["user_id"], "name": token["user"], "is_admin": token["is_admin"]}
    return Identity(user, token)


def _is_expired(identity: Identity) -> bool:
    expires_at = None if identity.token is None else identity.token["expires_at"]
    return expires_at is not None and expires_at <= now()


def _challenge(is_bearer: bool, is_expired: bool) -> str:
    """RFC 6750, section 3: a request without a token gets no error code."""
    if not is_bearer:
        return _CHALLENGE
    description = "The token has expired" if is_expired else "The token is not valid"
    return f'{_CHALLENGE}, error="invalid_token", error_description="{description}"'


def _note_use(response: Response) -> Response:
    """Write when the token was last used: once a minute, and after the answer was sent.

    It may be lost: a request neither waits for the database nor fails because of it.
    """
    identity: Identity | None = g.get("identity")
    if identity is None or identity.token is None:
        return response
    noted_at = identity.use_noted_at
    if noted_at is None or time.monotonic() - noted_at >= _SECONDS_BETWEEN_NOTES_OF_USE:
        identity.use_noted_at = time.monotonic()
        statement = accounts.token_was_used(identity.token["id"], now())
        response.call_on_close(partial(services().database.write_unless_locked, statement))
    return response
