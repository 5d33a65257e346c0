"""/api/tokens, /api/me: all create and revoke their own tokens, the administrator anybody's."""

from datetime import UTC, datetime, timedelta

from apiflask import APIBlueprint
from sqlalchemy import Connection

from backend.database import accounts
from backend.database.connection import Record
from backend.database.schema import iso
from backend.errors import Forbidden, NotFound
from backend.services.quota import require_token_place, usage
from backend.web.audit_log import record
from backend.web.auth import current_token, current_user
from backend.web.current import services
from backend.web.schemas.accounts import Me, NewToken, TokenRequest, Tokens
from backend.web.schemas.base import Done
from backend.web.tokens import new_token

accounts_bp = APIBlueprint("accounts", __name__, url_prefix="/api", tag="Users and tokens")


@accounts_bp.get("/me")
@accounts_bp.output(Me)
def get_me() -> Record:
    """Return the user whose token the request carries, and what the user takes of the server."""
    user = current_user()
    with services().database.read() as connection:
        taken = usage(services(), connection, user["id"])
    days = services().settings.bin_days
    return {"user": user, "token": current_token(), "usage": taken, "bin_days": days}


@accounts_bp.get("/tokens")
@accounts_bp.output(Tokens)
def list_tokens() -> Record:
    """List your tokens; the administrator sees all tokens."""
    user = current_user()
    with services().database.read() as connection:
        tokens = accounts.list_tokens(connection, None if user["is_admin"] else user["id"])
    return {"tokens": tokens, "count": len(tokens)}


@accounts_bp.post("/tokens")
@accounts_bp.input(TokenRequest)
@accounts_bp.output(NewToken, 201)
@accounts_bp.doc(
    responses={
        403: "It is for another user, and you are not the administrator",
        429: "The user has EXOTRAIN_QUOTA_TOKENS tokens already",
    }
)
def create_token(json_data: TokenRequest) -> Record:
    """Create a token for yourself; the administrator creates them for all, and so creates users.

    The secret is in this response and nowhere else.
    """
    days = json_data.expires_in_days
    with services().database.write() as connection:
        user = _user_of_new_token(connection, json_data.user)
        require_token_place(services(), connection, user)
        secret, token = new_token(
            connection,
            user,
            name=json_data.name,
            is_read_only=json_data.read_only,
            expires_at=None if days is None else iso(datetime.now(UTC) + timedelta(days=days)),
        )
        record(
            connection,
            "token_created",
            target=f"token {token['id']}",
            detail=f"of {token['user']}" + (", read-only" if token["read_only"] else ""),
        )
    return {"token": secret, **token}


@accounts_bp.delete("/tokens/<int:token_id>")
@accounts_bp.output(Done)
def revoke_token(token_id: int) -> Record:
    """Revoke one of your tokens; the administrator can revoke any token."""
    user = current_user()
    with services().database.write() as connection:
        token = accounts.find_token(connection, token_id)
        if token is None or not (user["is_admin"] or token["user_id"] == user["id"]):
            raise NotFound(f"There is no token {token_id}.")
        accounts.delete_token(connection, token_id)
        record(
            connection,
            "token_revoked",
            target=f"token {token_id}",
            detail=f"of {token['user']}",
        )
    return {"message": f"Token {token_id} was revoked."}


def _user_of_new_token(connection: Connection, name: str | None) -> Record:
    """The user who gets it; the administrator creates one by an unknown name.

    Raises:
        Forbidden: it is another user than the current one, known or not.
    """
    user = current_user()
    if name is None or name == user["name"]:
        return user
    if not user["is_admin"]:
        raise Forbidden("Only the administrator creates users, and tokens for other users.")
    return accounts.find_user(connection, name) or accounts.create_user(connection, name)
