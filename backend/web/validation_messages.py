"""Validation errors as sentences for people: what was expected, what was received.

What was expected is read from the schema of the field, so that a message for text where a number
belongs also gives the range of the number.
"""

import difflib
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError

from backend.errors import ErrorItem
from backend.web.schemas.base import PATTERNS, shown

JsonSchema = dict[str, Any]

UNKNOWN_FIELD = "Unknown field."

_MAX_ERRORS = 100

_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a JSON object",
}

# Technical limits, such as those of SQLite; a message without them is easier to understand.
_UNLIMITED = 10**12

# For errors whose place the schema does not describe, for example a key of an object.
_EXPECTED_BY_TYPE = {
    "string_too_long": "text of at most {max_length:,} characters",
    "string_type": "text",
    "invalid_key": "text as a name",
    "int_parsing_size": "a smaller whole number",
    "recursion_loop": "no object that contains itself",
}


def field_errors(error: ValidationError, model: type[BaseModel]) -> list[ErrorItem]:
    """The mistakes as `{field, message}`; one that concerns the whole body has no field.

    Args:
        error: from the validation of `model`.
        model: the model of the request or of one of its parts.
    """
    found = []
    for each in error.errors(include_url=False)[:_MAX_ERRORS]:
        field = ".".join(_path(model, each["loc"]))
        message = _message(each, model)
        found.append({"field": field, "message": message} if field else {"message": message})
    return found


def summary(errors: list[ErrorItem]) -> str:
    """The first of some errors in words, and how many more there are."""
    first = ": ".join(errors[0][key] for key in ("field", "message") if key in errors[0])
    more = len(errors) - 1
    if not more:
        return first
    return f"{first} There {'is 1 more error' if more == 1 else f'are {more} more errors'}."


def unknown_field(name: str, known: Collection[str]) -> str:
    """The message for a field of that name; proposes a known one that resembles it.

    One of the known ones itself belongs to another form of the same request.
    """
    if name in known:
        return "This field cannot stand beside the others of this request."
    close = difflib.get_close_matches(name, known, 1)
    return f"Unknown field; did you mean {close[0]!r}?" if close else UNKNOWN_FIELD


def _message(error: Any, model: type[BaseModel]) -> str:
    kind, received = error["type"], error["input"]
    schema = _schema_at(model, error["loc"])
    if kind == "value_error":
        return _own_message(error, schema)
    if kind == "extra_forbidden":
        parent = _schema_at(model, error["loc"][:-1])
        return unknown_field(str(error["loc"][-1]), _properties(model, parent))
    expected = _expected(model, schema) or _EXPECTED_BY_TYPE.get(kind, "").format(
        **error.get("ctx", {})
    )
    if kind == "missing":
        return f"Expected {expected or 'a value'}, received nothing."
    if not expected:
        return f"This value cannot be used, received {shown(received)}: {error['msg']}."
    if kind == "finite_number":
        return f"Expected {expected}, received a number that is not finite."
    if kind == "string_unicode":
        return f"Expected {expected}, received text that is not valid Unicode."
    return f"Expected {expected}, received {shown(received)}."


def _own_message(error: Any, schema: JsonSchema) -> str:
    """The message of a validator of our own, or of APIFlask's for files."""
    if schema.get("format") == "binary":
        received = error["input"]
        return f"Expected a file, received {shown(received) if received else 'nothing'}."
    return str(error["ctx"]["error"])


def _path(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The members on the way to a value.

    For a body of several kinds, a root model, pydantic puts the kind in front.
    """
    members = place[1:] if issubclass(model, RootModel) else place
    return [str(each) for each in members]


@lru_cache(maxsize=64)
def _schema_of(model: type[BaseModel]) -> JsonSchema:
    return model.model_json_schema()


def _schema_at(model: type[BaseModel], place: Sequence[int | str]) -> JsonSchema:
    """The JSON schema of the value at that place; empty where there is none."""
    schema = _resolved(model, _schema_of(model))
    for part in _path(model, place):
        schema = _resolved(model, _member(model, schema, part))
    return schema


def _member(model: type[BaseModel], schema: JsonSchema, name: str) -> JsonSchema:
    for each in _alternatives(model, schema):
        if name in each.get("properties", {}):
            return each["properties"][name]
        if name.isdigit() and "items" in each:
            return each["items"]
        if isinstance(each.get("additionalProperties"), dict):
            return each["additionalProperties"]
    return {}


def _alternatives(model: type[BaseModel], schema: JsonSchema) -> list[JsonSchema]:
    """The schemas of which one must hold, `null` left out."""
    parts = schema.get("anyOf") or schema.get("oneOf")
    if not parts:
        return [schema]
    return [_resolved(model, each) for each in parts if each.get("type") != "null"]


def _resolved(model: type[BaseModel], schema: JsonSchema) -> JsonSchema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return _schema_of(model)["$defs"][reference.rpartition("/")[2]]


def _properties(model: type[BaseModel], schema: JsonSchema) -> list[str]:
    return [k for each in _alternatives(model, schema) for k in each.get("properties", {})]


def _expected(model: type[BaseModel], schema: JsonSchema) -> str:
    """A schema in words, such as "a whole number from 1 to 1000"; empty where it says nothing."""
    parts = _alternatives(model, schema)
    if parts != [schema]:
        each_expected = [_expected(model, each) for each in parts]
        return " or ".join(filter(None, dict.fromkeys(each_expected)))
    if schema.get("format") == "binary":
        return "a file"
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("pattern") in PATTERNS:  # others only describe what a validator says
        return PATTERNS[schema["pattern"]]
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    words = " or ".join(_KINDS[kind] for kind in kinds)
    return words + _limits(schema) if words else ""


def _limits(schema: JsonSchema) -> str:
    for name, unit in (("imum", ""), ("Length", " characters"), ("Items", " items")):
        least, most = schema.get(f"min{name}"), schema.get(f"max{name}")
        if most is not None and most >= _UNLIMITED:
            most = None
        if least is None and most is None:
            continue
        low, high = _number(least), _number(most)
        if not low or not high:
            return f" of at {f'least {low}' if low else f'most {high}'}{unit}"
        return f" of {low} to {high}{unit}" if unit else f" from {low} to {high}"
    return ""


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) < 10_000:
        return f"{value:.10g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
