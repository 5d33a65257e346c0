"""The mistakes that a user can make: one small exception for each kind.

They are raised where the mistake is noticed; `web.problem_details` turns them into responses.
"""

from collections.abc import Iterable
from typing import Any

# What is wrong with one field, row or column: `web.schemas.problems.ProblemItem`.
ErrorItem = dict[str, Any]


class UserError(Exception):
    """A request that cannot be fulfilled; says what was expected, what came, and what to do."""

    status = 400

    # For programs, where the status leaves open what happened.
    code: str | None = None

    def __init__(self, detail: str, errors: Iterable[ErrorItem] = (), **headers: str) -> None:
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
    """It does not exist, or belongs to somebody else: the response is the same."""

    status = 404


class Conflict(UserError):
    """Not possible in the current state."""

    status = 409


class ModelCorrupt(Conflict):
    """The file of a model is damaged, was exchanged, or is missing; trying again does not help."""

    code = "model_corrupt"


class Gone(UserError):
    """It was there, and was removed because its time is over."""

    status = 410


class TooLarge(UserError):
    """More bytes than the server accepts."""

    status = 413


class Invalid(UserError):
    """A value is wrong; `errors` lists the fields."""

    status = 422

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """One field is wrong."""
        return cls(f"{field}: {message}", [{"field": field, "message": message}])


class TooMany(UserError):
    """As many as are allowed, of something or within a minute."""

    status = 429


class Unavailable(UserError):
    """A part of the server is not ready."""

    status = 503


class NoSpace(UserError):
    """The quota or the disk is full."""

    status = 507


class DiskFull(NoSpace):
    """The disk is full, or nearly."""

    def __init__(self, detail: str, missing: int) -> None:
        super().__init__(detail)
        self.missing = missing  # in bytes, as far as it is known
