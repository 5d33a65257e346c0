"""Messages as lines: one JSON object each."""

from typing import Annotated, Any, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from backend.wire.events import Event
from backend.wire.jobs import Command

# How much of a malformed line its error message repeats.
_SHOWN_CHARACTERS = 200


class HasJson(Protocol):
    """What can be sent as a line of JSON."""

    def model_dump_json(self) -> str:
        """The message as JSON."""


class Malformed(ValueError):
    """A line that is not a message; the text says what was expected and what came."""


_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])
_EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def encode(message: HasJson) -> bytes:
    """Encode a message as one line."""
    return message.model_dump_json().encode() + b"\n"


def encodable(text: str) -> str:
    """Text of any origin as a message can hold it: lone surrogates become escapes."""
    return text.encode(errors="backslashreplace").decode()


def decode_command(line: bytes) -> Command:
    """Decode a line that a worker received.

    Raises:
        Malformed: it is not a command.
    """
    return decode(_COMMANDS, "a command", line)


def decode_event(line: bytes) -> Event:
    """Decode a line that the server received.

    Raises:
        Malformed: it is not an event.
    """
    return decode(_EVENTS, "an event", line)


def decode(adapter: TypeAdapter, expected: str, line: bytes) -> Any:
    """Decode a line.

    Raises:
        Malformed: it is not what is expected.
    """
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        shown = line[:_SHOWN_CHARACTERS].decode(errors="backslashreplace").rstrip("\n")
        raise Malformed(f"Expected {expected}, received {shown}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """Name each wrong field and its mistake, on one line."""
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in found[:5]
    )
