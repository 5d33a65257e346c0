"""Users' tokens, workspaces and their members."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import Answer, JsonBody, Name, Success, UserName

Role = TypeAliasType("Role", Literal["owner", "editor", "viewer"])
MemberRole = TypeAliasType("MemberRole", Literal["editor", "viewer"])

_MAX_DAYS = 3650


class User(Answer):
    """A user of the server."""

    name: str
    is_admin: bool


class CurrentToken(Answer):
    """The token that the request carries."""

    id: int
    name: str | None
    read_only: bool
    expires_at: str | None


class Use(Answer):
    """How much of something a user takes, and may take."""

    used: int
    allowed: int


class Usage(Answer):
    """What a user takes of the server."""

    stored_bytes: Use = Field(description="In the workspaces that the user owns.")
    waiting_sessions: Use = Field(description="That the user has started.")
    workspaces: Use = Field(description="That the user owns.")
    analyses: Use = Field(description="In the workspaces that the user owns.")
    tokens: Use


class Me(Success):
    """The user whose token the request carries."""

    user: User
    token: CurrentToken | None = Field(description="null for EXOTRAIN_TOKEN.")
    usage: Usage
    bin_days: int = Field(description="How long the bin has what was deleted; 0: there is none.")


class TokenRequest(JsonBody):
    """A token for yourself; the administrator may name another user, or create one."""

    user: UserName | None = Field(default=None, description="You, if it is absent.")
    name: Name | None = Field(default=None, description="What the token is for.")
    expires_in_days: int | None = Field(default=None, ge=1, le=_MAX_DAYS)
    read_only: bool = False


class Token(Answer):
    """A token without its secret."""

    id: int
    user: str
    hint: str = Field(description="The first characters of the secret.")
    name: str | None
    read_only: bool = Field(description="Whether it is refused for what changes anything.")
    created_at: str
    last_used_at: str | None = Field(description="To the minute.")
    expires_at: str | None


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
    role: Role = Field(description="Yours.")
    current_model_id: int | None
    stored_bytes: int
    created_at: str


class WorkspaceAnswer(Success):
    """One workspace."""

    workspace: Workspace


class Workspaces(Success):
    """The workspaces that you own or belong to, oldest first."""

    workspaces: list[Workspace]
    count: int


class MemberRequest(JsonBody):
    """The user who gets access to the workspace, or another role in it."""

    user: UserName
    role: MemberRole | None = Field(
        default=None, description="A new member without one is an editor."
    )


class Member(Answer):
    """A member of a workspace."""

    user: str
    role: MemberRole
    added_by: str | None = Field(description="null if it was not recorded.")
    added_at: str | None


class Members(Success):
    """The owner and the members of a workspace."""

    owner: str
    members: list[str] = Field(description="Their names.")
    details: list[Member]
    count: int
