"""The form of every error response: RFC 9457, `application/problem+json`."""

from typing import Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from backend.web.schemas.base import Answer
from backend.web.schemas.reports import UnlikelyUnit


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class _Sparse(Answer):
    """A part of a response that leaves out what it has nothing to say about."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


class ProblemItem(_Sparse):
    """One mistake, and where it is."""

    field: str | SkipJsonSchema[None] = Field(
        default=None, description="The field of the request; dots lead into lists and objects."
    )
    row: int | SkipJsonSchema[None] = Field(
        default=None, description="The line of the file, from 1."
    )
    column: str | SkipJsonSchema[None] = Field(default=None, description="The column of the file.")
    message: str = Field(description="What was expected and what was received.")


class Problem(_Sparse):
    """An error (RFC 9457)."""

    type: str
    title: str = Field(description="The name of the status.")
    status: int
    detail: str = Field(description="What is wrong, in a sentence for people.")
    code: str | SkipJsonSchema[None] = Field(
        default=None, description="What it is for a program: `model_corrupt`."
    )
    request_id: str | SkipJsonSchema[None] = Field(
        default=None, description="Of a 500: what the request is called in the server's log."
    )
    errors: list[ProblemItem] | SkipJsonSchema[None] = Field(
        default=None, description="Every field, row or column that is wrong."
    )
    found: list[str] | SkipJsonSchema[None] = Field(
        default=None, description="The columns of a file that cannot be read."
    )
    missing: list[str] | SkipJsonSchema[None] = Field(
        default=None, description="The columns that it lacks."
    )
    recognised: list[str] | SkipJsonSchema[None] = Field(
        default=None, description="The columns that it has."
    )
    units: list[UnlikelyUnit] | SkipJsonSchema[None] = Field(
        default=None, description="The columns of a file that are probably in another unit."
    )
    tables: list[str] | SkipJsonSchema[None] = Field(
        default=None, description="The tables of a file of which one must be named."
    )
