"""Users' tokens, workspaces and their members."""

from backend.web.schemas.base import Answer, JsonBody, Name, Success, UserName


class User(Answer):
    """Whose token it is."""

    name: str
    is_admin: bool


class Me(Success):
    """Who asks."""

    user: User


class TokenRequest(JsonBody):
    """For whom the token is; a user of a new name is created."""

    user: UserName


class Token(Answer):
    """A token, without the secret itself."""

    id: int
    user: str
    hint: str
    created_at: str


class NewToken(Success, Token):
    """A new token with its secret, which is never shown again."""

    token: str


class Tokens(Success):
    """Your tokens; the administrator sees everybody's."""

    tokens: list[Token]
    count: int


class WorkspaceRequest(JsonBody):
    """A new workspace."""

    name: Name


class Workspace(Answer):
    """A workspace; `key` is what the other calls take."""

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
    """The workspaces that you own or are a member of, oldest first."""

    workspaces: list[Workspace]
    count: int


class MemberRequest(JsonBody):
    """Who may use the workspace from now on."""

    user: UserName


class Members(Success):
    """Who may use a workspace."""

    owner: str
    members: list[str]
    count: int
