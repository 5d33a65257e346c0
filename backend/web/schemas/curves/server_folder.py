"""The server's folder of light curves."""

from typing import Literal

from pydantic import Field

from backend.web.schemas.base import Answer, Success


class UnusedFiles(Answer):
    """Files of the folder that are not used for one reason."""

    message: str
    files: int
    names: list[str] = Field(description="The first three of them.")


class ServerFolder(Answer):
    """What is in the server's folder, which every user of the server can read."""

    state: Literal["indexing", "ready", "failed"] = Field(
        description="With `failed` it is tried again each minute; what was indexed before counts."
    )
    why: str | None = Field(description="Why it failed the last time.")
    files: int = Field(description="Light curves, when all was looked through last.")
    stars: int
    bytes: int = Field(description="Of these files, where they are.")
    unused: int = Field(description="Files that are not used.")
    reasons: list[UnusedFiles] = Field(description="Why not: the 20 most frequent reasons.")
    new_files: int = Field(description="That are new or changed since; 0 before they are counted.")
    new_files_done: int = Field(description="Of these, that were opened.")
    indexed_at: str | None = Field(description="Null: not all was looked through yet.")


class ServerFolderAnswer(Success):
    """The server's folder; null: it has none (`EXOTRAIN_LIGHT_CURVES_DIR`)."""

    server_folder: ServerFolder | None
