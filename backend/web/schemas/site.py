"""The state of the server."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend import troubles
from backend.web.schemas.base import Answer

HealthStatus = TypeAliasType("HealthStatus", Literal["healthy", "degraded"])
TroubleCode = TypeAliasType("TroubleCode", troubles.Code)


class Queue(Answer):
    """Number of sessions in all workspaces."""

    pending: int
    training: int


class Trouble(Answer):
    """Something that does not work at the moment."""

    code: TroubleCode
    message: str
    since: str = Field(
        description="When it was noticed first, without a time since then at which it was over."
    )


class Health(Answer):
    """The state of the server: `degraded` while there are reasons."""

    status: HealthStatus
    reasons: list[Trouble]
    version: str
    model_loaded: bool
    queue: Queue
