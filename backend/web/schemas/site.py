"""The server's own state."""

from backend.web.schemas.base import Answer


class Queue(Answer):
    """How many sessions, of all workspaces."""

    pending: int
    training: int


class Health(Answer):
    """Whether the server answers."""

    status: str = "healthy"
    version: str
    model_loaded: bool
    queue: Queue
