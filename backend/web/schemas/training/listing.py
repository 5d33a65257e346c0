"""Lists of sessions and models: what is asked for, and what people say of one."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from backend.database.listing.facts import tags_as_text
from backend.services.listing.asked import Asked
from backend.web.schemas.base import (
    MAX_ID,
    TAG,
    Answer,
    JsonBody,
    Name,
    Success,
    Text,
    WorkspaceQuery,
)
from backend.web.schemas.training.sessions import SessionStatus, SessionSummary

Tag = Annotated[
    str, Field(pattern=TAG, description="Letters, digits and most signs; no comma or quotes.")
]


class MarksRequest(JsonBody):
    """What people say of a session or a model; what is not named stays as it is."""

    title: Name | None = Field(default=None, description="Instead of the name; null: none.")
    tags: list[Tag] = Field(default=[], max_length=20)
    note: Text = Field(default="", max_length=10_000)
    is_starred: bool = False

    def said(self) -> dict[str, Any]:
        """What is named, as it is stored."""
        said = self.model_dump(exclude_unset=True)
        if "tags" in said:
            said["tags"] = tags_as_text(list(dict.fromkeys(said["tags"])))
        return said


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class ListChoice(WorkspaceQuery):
    """What of a list is wanted, and in which order."""

    sort: str | None
    group: str | None
    filter: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        default=[],
        description="A column, a sign and a value: `tag:paper`, `starred:yes`, "
        "`network:transit_cnn,seed_cnn`, `accuracy>0.8`, `created>=2026-01-31`. Repeated, all "
        "must hold.",
    )
    q: str | None = Field(
        default=None,
        max_length=200,
        description="Words; each must be in the name, title, note, tags, dataset or user, or be "
        "the number.",
    )

    def asked(
        self,
        filters: list[str],
        more: Sequence[tuple[str, str, Any]] = (),
        cursor: str | None = None,
        limit: int = 0,
    ) -> Asked:
        """What is asked for.

        Args:
            filters: all of the query.
            more: further ones, read already.
            cursor: where the page begins.
            limit: of the page.
        """
        return Asked(self.sort, self.group, self.q, filters, cursor, limit, more)


PREVIOUS = Field(
    default=None,
    description="The page before this one; null on the first page, and for a list without `sort`.",
)

Cursor = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=8000,
        description="The `next_cursor` or `previous_cursor` of an earlier response.",
    ),
]


class SessionsChoice(ListChoice):
    """Which sessions, in which order."""

    status: SessionStatus | None = None
    sort: str | None = Field(
        default=None,
        max_length=40,
        description="A column, such as accuracy, created or name, with `-` in front for falling; "
        "`active`: those in training, those that wait, then the newest. Rows without a value "
        "come last. Without it, and without filter, q and group: newest first.",
    )
    group: str | None = Field(
        default=None,
        max_length=40,
        description="A setting, such as network or seed, or status, dataset_name, "
        "dataset_version or user: its values are kept together, and counted in `groups`.",
    )
    study: int | None = Field(
        default=None,
        ge=1,
        le=MAX_ID,
        description="The sessions of one study; without it, those that are of none.",
    )

    def filters(self) -> list[tuple[str, str, Any]]:
        """What `status` asks for, as a filter."""
        return [] if self.status is None else [("status", ":", [self.status])]


class SessionsQuery(SessionsChoice):
    """The sessions to list; `cursor` is the `next_cursor` of an earlier response."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class ListedSession(SessionSummary):
    """A session in a list."""

    queue_position: int | None = Field(
        default=None, description="Of a waiting one: its place in the queue of the server, from 1."
    )
    wait_seconds: float | None = Field(
        default=None,
        description="A guess of how long it waits: as if every session took as long as the median "
        "of those that completed last. Null: none has.",
    )


class ListGroup(Answer):
    """Those of the list that have one value in common."""

    value: str | float | None
    count: int


class Sessions(Success):
    """Sessions, newest first or as `sort` says; `next_cursor` is null on the last page."""

    sessions: list[ListedSession]
    count: int
    next_cursor: str | None
    previous_cursor: str | None = PREVIOUS
    total: int | None = Field(
        default=None, description="All that match; null for a list without `sort`."
    )
    groups: list[ListGroup] = Field(
        default=[], description="With `group`: all groups of those that match."
    )
