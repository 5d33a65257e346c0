"""/api/tokens, /api/me: the administrator creates users and tokens, all revoke their own."""

from apiflask import APIBlueprint

from backend.database import accounts
from backend.database.connection import Record
from backend.errors import NotFound
from backend.web.auth import current_user, new_token, require_administrator
from backend.web.current import services
from backend.web.schemas.accounts import Me, NewToken, TokenRequest, Tokens
from backend.web.schemas.base import Done

accounts_bp = APIBlueprint("accounts", __name__, url_prefix="/api", tag="Users and tokens")


@accounts_bp.get("/me")
@accounts_bp.output(Me)
def get_me() -> Record:
    """Return the user whose token the request carries."""
    return {"user": current_user()}


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
@accounts_bp.doc(responses={403: "You are not the administrator"})
def create_token(json_data: TokenRequest) -> Record:
    """Create a token for a user; an unknown name creates the user.

    The secret is in this response and nowhere else.
    """
    require_administrator()
    with services().database.write() as connection:
        user = accounts.find_user(connection, json_data.user)
        if user is None:
            user = accounts.create_user(connection, json_data.user)
        secret, token = new_token(connection, user)
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
    return {"message": f"Token {token_id} was revoked."}
