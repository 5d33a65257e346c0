"""The bin."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import Answer, Key, Success, TextFields

BinKind = TypeAliasType(
    "BinKind",
    Literal["workspace", "dataset", "session", "model", "study", "analysis", "batch", "curve_set"],
)


class BinQuery(TextFields):
    """Whose bin."""

    workspace_key: Key | None = Field(
        default=None,
        description="What was deleted in this workspace. Without it: the workspaces that were "
        "deleted and were yours.",
    )


class BinItem(Answer):
    """Something that was deleted."""

    kind: BinKind
    item_id: int = Field(description="The id that it had, and will have again.")
    name: str


class BinEntry(BinItem):
    """Something in the bin."""

    id: int = Field(description="Of the entry in the bin.")
    stored_bytes: int = Field(description="They count for the owner of the workspace.")
    user: str | None = Field(description="Who deleted it.")
    deleted_at: str
    until: str = Field(description="When it will be deleted for good, or before if space is short.")


class Bin(Success):
    """What can be restored, newest first."""

    entries: list[BinEntry]
    count: int
    days: int = Field(description="How long things stay; 0: there is no bin.")


class RestoreAnswer(Success):
    """What is back."""

    message: str
    restored: list[BinItem] = Field(
        description="With what it cannot be without, such as the dataset of a session."
    )
