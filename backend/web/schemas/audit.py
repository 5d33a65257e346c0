"""The audit log."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.web.schemas.base import Answer, Identifier, Key, Success, TextFields

AuditAction = TypeAliasType(
    "AuditAction",
    Literal[
        "sign_in_failed",
        "token_created",
        "token_revoked",
        "member_added",
        "member_role_changed",
        "member_removed",
        "member_left",
        "member_refused",
        "workspace_created",
        "workspace_deleted",
        "dataset_deleted",
        "curve_set_deleted",
        "server_folder_indexed",
        "session_deleted",
        "session_renamed",
        "model_renamed",
        "workspace_renamed",
        "dataset_renamed",
        "study_deleted",
        "study_downloaded",
        "checkpoint_deleted",
        "model_deleted",
        "analysis_deleted",
        "model_downloaded",
        "dataset_downloaded",
        "label_rule_changed",
        "labels_imported",
        "version_created",
        "batch_downloaded",
        "batch_deleted",
        "model_promoted",
        "bin_restored",
        "bin_deleted",
        "bin_evicted",
        "bin_expired",
    ],
)


class AuditQuery(TextFields):
    """Which entries."""

    workspace_key: Key | None = Field(
        default=None, description="Only entries of this workspace; the administrator may omit it."
    )
    action: AuditAction | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Identifier | None = Field(
        default=None, description="The `next_cursor` of an earlier response."
    )


class AuditEntry(Answer):
    """What one user did at one time."""

    id: int
    at: str
    action: AuditAction
    user: str | None = Field(
        description="null for a failed sign-in, and for what the server did by itself."
    )
    address: str | None = Field(
        description="Of the client; for failed sign-ins over IPv6 its /64 network."
    )
    workspace: str | None = Field(description="The name of the workspace.")
    target: str | None = Field(description="What it was done to, such as `model 3`.")
    detail: str | None


class AuditEntries(Success):
    """A page of the audit log, newest first."""

    entries: list[AuditEntry]
    count: int
    next_cursor: str | None
