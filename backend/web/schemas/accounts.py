"""Users' tokens, workspaces and their members."""

from pydantic import Field

from backend.web.schemas.base import Answer, JsonBody, Name, Success, UserName


class User(Answer):
    """A user of the server."""

    name: str
    is_admin: bool


class Me(Success):
    """The user whose token the request carries."""

    user: User


class TokenRequest(JsonBody):
    """The user who gets the token; an unknown name creates a user."""

    user: UserName


class Token(Answer):
    """A token without its secret."""

    id: int
    user: str
    hint: str = Field(description="The first characters of the secret.")
    created_at: str


class NewToken(Success, Token):
    """A new token with its secret, which is shown only once."""

    token: str = Field(description="The secret.")


class Tokens(Success):
    """Your tokens; the administrator sees all tokens."""

    tokens: list[Token]
    count: int


class WorkspaceRequest(JsonBody):
    """A new workspace."""

    name: Name


class Workspace(Answer):
    """A workspace; other calls name it by its `key`."""

    id: int
    key: str
    name: str
    owner: str
    current_model_id: int | None
    created_at: str


class WorkspaceAnswer(Success):
    """One workspace."""

    workspace: Workspace


class Workspaces(Success):
    """The workspaces that you own or belong to, oldest first."""

    workspaces: list[Workspace]
    count: int


class MemberRequest(JsonBody):
    """The user who gets access to the workspace."""

    user: UserName


class Members(Success):
    """The owner and the members of a workspace."""

    owner: str
    members: list[str]
    count: int
