"""The state of the server."""

from backend.web.schemas.base import Answer


class Queue(Answer):
    """Number of sessions in all workspaces."""

    pending: int
    training: int


class Health(Answer):
    """The state of the server."""

    status: str = "healthy"
    version: str
    model_loaded: bool
    queue: Queue
