"""The mistakes that a user can make: one small exception a kind.

They are raised where the mistake is noticed; `error_answers` turns them into HTTP.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

Problem = dict[str, Any]

_SHOWN_INPUT = 60
_MAX_ERRORS = 100


class UserError(Exception):
    """A request that cannot be done; the message says what was expected, what came, what to do."""

    status = 400

    def __init__(self, detail: str, errors: Iterable[Problem] = (), **headers: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BadRequest(UserError):
    """The request cannot be read."""


class Unauthorized(UserError):
    """No valid token."""

    status = 401


class Forbidden(UserError):
    """The user may see it, but not do this to it."""

    status = 403


class NotFound(UserError):
    """It does not exist, or it is somebody else's: the two are answered alike."""

    status = 404


class Conflict(UserError):
    """Not in the state that it is in now."""

    status = 409


class TooLarge(UserError):
    """More bytes than the server takes."""

    status = 413


class Invalid(UserError):
    """A value is wrong; `errors` names the fields."""

    status = 422

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """One field is wrong."""
        return cls(f"{field}: {message}", [{"field": field, "message": message}])


class TooMany(UserError):
    """As many as the workspace may have."""

    status = 429


class Unavailable(UserError):
    """A part of the server is not ready."""

    status = 503


class NoSpace(UserError):
    """The quota or the disk is full."""

    status = 507


def field_errors(error: ValidationError) -> list[Problem]:
    """What pydantic found, as `{field, message}`; the message repeats the value that came."""
    found = [
        {"field": _field_of(each["loc"]), "message": _message_of(each)}
        for each in error.errors(include_url=False)[:_MAX_ERRORS]
    ]
    return [each if each["field"] else {"message": each["message"]} for each in found]


def summary(errors: list[Problem]) -> str:
    """The first of some errors in words, and how many more there are."""
    first = ": ".join(errors[0][key] for key in ("field", "message") if key in errors[0])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return first + more


def _field_of(place: tuple[int | str, ...]) -> str:
    """The members on the way to a value; `<…>` is only which kind of a body it was."""
    return ".".join(part for part in map(str, place) if not part.startswith("<"))


def _message_of(each: Any) -> str:
    if each["type"] == "missing":
        return "expected a value, received none"
    if each["type"] == "extra_forbidden":
        return "this field is not known here"
    if each["msg"].endswith("Not a valid file."):
        return "expected a file, received none"
    if each["type"] == "too_short":
        return f"expected at least {each['ctx']['min_length']} of them, received none"
    if each["type"] == "model_type":
        return f"expected a JSON object, received {type(each['input']).__name__}"
    message = each["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    shown = repr(each["input"])
    if len(shown) > _SHOWN_INPUT:
        shown = shown[:_SHOWN_INPUT] + "…"
    return f"expected {message}, received {shown}" if "expected" not in message else message
