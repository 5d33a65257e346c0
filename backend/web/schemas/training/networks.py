"""The networks that a session can train."""

from pydantic import Field

from backend.web.schemas.base import Answer, Success


class Network(Answer):
    """A network that a session can train."""

    name: str
    inputs: list[str]
    parameters: int = Field(description="Without relations.")
    sentence: str
    takes_relations: bool
    takes_curves: bool = Field(description="Reads real light curves, and needs a curve set.")


class Networks(Success):
    """The networks; `default` is used when a request names none."""

    networks: list[Network]
    default: str
    count: int
