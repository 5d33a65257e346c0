"""Tokens, the current user, and access rights.

Every request without a valid token is denied, except for the few endpoints in PUBLIC: a new route
is closed by default.
"""

import hashlib
import hmac
import secrets

from flask import Flask, g, request
from sqlalchemy import Connection

from backend.config import Settings
from backend.database import Database, accounts, datasets, workspaces
from backend.database.connection import Record
from backend.errors import Forbidden, NotFound, Unauthorized
from backend.web.current import services

ADMINISTRATOR = "admin"

# For the API description of a call that names a workspace.
NO_WORKSPACE = {404: "There is no such workspace, or no such record in it"}

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

_HINT_LENGTH = 6


def init_app(app: Flask) -> None:
    """Require a token for every request of an application."""
    app.before_request(require_token)


def require_token() -> None:
    """Identify the user, before any of the request's body is read.

    Raises:
        Unauthorized: no token, or one that is not valid.
        TooMany: one that is not valid, after too many of them from the same address.
    """
    is_no_route = request.endpoint is None  # it will be a 404 or 405
    is_preflight = request.method == "OPTIONS"
    if is_no_route or is_preflight or request.endpoint in PUBLIC:
        return
    credentials = request.authorization
    is_bearer = credentials is not None and credentials.type == "bearer"
    user = user_of(credentials.token) if credentials and is_bearer and credentials.token else None
    if user is None:
        if is_bearer and credentials and credentials.token:
            services().wrong_tokens.count(request.remote_addr)
        raise Unauthorized(
            "Expected a valid token in the header `Authorization: Bearer TOKEN`, received "
            f"{'an invalid one' if is_bearer else 'none'}.",
            WWW_Authenticate='Bearer realm="exotrain"',
        )
    g.user = user


def current_user() -> Record:
    """The user whose token the request carries."""
    return g.user


def user_of(token: str) -> Record | None:
    """The user of a token, or None."""
    hashed = hash_token(token)
    configured = services().settings.token
    with services().database.read() as connection:
        if configured and hmac.compare_digest(hashed, hash_token(configured)):
            return accounts.administrator(connection)
        return accounts.user_of_token(connection, hashed)


def hash_token(token: str) -> str:
    """The stored form of a token, its SHA-256: a random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_token(connection: Connection, user: Record) -> tuple[str, Record]:
    """Create a token for a user.

    Returns:
        the secret, which is not stored, and the stored record.
    """
    token = secrets.token_urlsafe(32)
    record = accounts.add_token(connection, user["id"], hash_token(token), token[:_HINT_LENGTH])
    return token, {**record, "user": user["name"]}


def ensure_administrator(database: Database, settings: Settings) -> str | None:
    """Create the first user, and a token if there is no other way in.

    Returns:
        the new token, to be shown once, or None if EXOTRAIN_TOKEN or an earlier token is valid.
    """
    with database.write() as connection:
        administrator = accounts.administrator(connection)
        if administrator is None:
            administrator = accounts.create_user(connection, ADMINISTRATOR, is_admin=True)
        if settings.token or accounts.list_tokens(connection, administrator["id"]):
            return None
        return new_token(connection, administrator)[0]


def require_administrator() -> None:
    """Let only the administrator pass.

    Raises:
        Forbidden: the user is not the administrator.
    """
    if not current_user()["is_admin"]:
        raise Forbidden("Only the administrator creates users and tokens.")


def workspace_by_key(connection: Connection, key: str) -> Record:
    """The workspace with that key.

    Raises:
        NotFound: there is none, or the current user may not use it.
    """
    workspace = workspaces.find(connection, key, current_user()["id"])
    if workspace is None:
        raise NotFound(f"There is no workspace with the key {key!r}.")
    return workspace


def owned_workspace(connection: Connection, key: str) -> Record:
    """The workspace with that key, for an action reserved to its owner.

    Raises:
        NotFound: there is none, or the current user may not use it.
        Forbidden: the current user is only a member.
    """
    workspace = workspace_by_key(connection, key)
    if workspace["owner_id"] != current_user()["id"]:
        raise Forbidden(f"Only the owner of the workspace {workspace['name']!r} may do this.")
    return workspace


def require_usable(
    connection: Connection, record: Record | None, kind: str, identifier: int
) -> Record:
    """A record of a workspace that the current user may use.

    Args:
        connection: open for reading.
        record: a dataset, session, model or analysis with its workspace_id, or None.
        kind: its name in messages.
        identifier: the requested id.

    Raises:
        NotFound: there is none, or it is in somebody else's workspace.
    """
    if record is not None:
        user_id = current_user()["id"]
        if workspaces.find_by_id(connection, record["workspace_id"], user_id):
            return record
    raise NotFound(f"There is no {kind} {identifier}.")


def usable_dataset(connection: Connection, dataset_id: int) -> Record:
    """The dataset with that id.

    Raises:
        NotFound: there is none, or it is in somebody else's workspace.
    """
    found = datasets.find(connection, dataset_id)
    return require_usable(connection, found, "dataset", dataset_id)
