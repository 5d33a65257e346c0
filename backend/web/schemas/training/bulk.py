"""One action on many sessions or models."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from backend.web.schemas.base import Answer, Identifier, JsonBody, Key, Success
from backend.web.schemas.training.listing import Tag

BulkAction = TypeAliasType(
    "BulkAction", Literal["cancel", "stop", "delete", "star", "unstar", "tag", "untag"]
)
ModelsAction = TypeAliasType("ModelsAction", Literal["delete", "star", "unstar", "tag", "untag"])

Identifiers = Annotated[list[Identifier], Field(min_length=1, max_length=200)]


class BulkOptions(JsonBody):
    """What is done to each; `tags` are those to add or remove."""

    workspace_key: Key | None = Field(
        default=None, description="With it, what is in another workspace is refused."
    )
    action: str
    tags: list[Tag] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _has_tags_if_they_are_used(self) -> Self:
        uses_tags = self.action in ("tag", "untag")
        if uses_tags and not self.tags:
            raise ValueError(f"tags: expected at least one for the action {self.action!r}.")
        if self.tags and not uses_tags:
            raise ValueError(f"tags: expected none for the action {self.action!r}.")
        return self


class BulkRequest(BulkOptions):
    """The sessions, and what is done to each; `tags` are those to add or remove."""

    session_ids: Identifiers
    action: BulkAction


class ModelsBulkRequest(BulkOptions):
    """The models, and what is done to each; `tags` are those to add or remove."""

    model_ids: Identifiers
    action: ModelsAction


class BulkOutcome(Answer):
    """What became of one session or model."""

    id: int
    status: Literal["done", "refused"]
    error: str | None = Field(description="Why it was refused.")


class BulkAnswer(Success):
    """What became of each, in the order of the request; an id that is named twice once."""

    outcomes: list[BulkOutcome]
    done: int
    refused: int
