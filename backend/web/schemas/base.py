"""The base classes and field types of all request and response models."""

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import TypeAliasType

from backend.transit.columns import LABELS

# What SQLite can hold.
MAX_ID = 2**63 - 1

MAX_NAME = 200

USER_NAME = r"^[A-Za-z0-9_.@-]{1,64}$"
MODEL_NAME = r"^[A-Za-z0-9_-]{1,64}$"
STUDY_NAME = r"^[A-Za-z0-9_-]{1,48}$"  # its sessions' names have seed and fold behind it
# In a list of tags a tag stands between quotes; in a filter a comma is between tags.
TAG = r'^[^\s,"\\\x00-\x1f\x7f-\x9f]([^,"\\\x00-\x1f\x7f-\x9f]{0,38}[^\s,"\\\x00-\x1f\x7f-\x9f])?$'

UPLOAD_IDS = r"^[1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*$"

# The patterns in words, for messages.
PATTERNS = {
    USER_NAME: "1 to 64 letters, digits or characters of _ . @ -",
    MODEL_NAME: "1 to 64 letters, digits or characters of _ -",
    TAG: "1 to 40 characters without comma, quotes and backslash, no space around them",
    UPLOAD_IDS: "ids of uploads with commas between them",
    STUDY_NAME: "1 to 48 letters, digits or characters of _ -",
}

_SHOWN_CHARACTERS = 60

_UNWANTED_CATEGORIES = ("Cc", "Cs")  # control characters, halves of surrogate pairs


class JsonBody(BaseModel):
    """A JSON request: no unknown fields, no values of another type, no infinite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_whole_numbers(cls, body: Any) -> Any:
        """JSON does not tell 3.0 from 3, and some clients write the one for the other."""
        if not isinstance(body, dict):
            return body
        return {name: _whole(value) for name, value in body.items()}


class TextFields(BaseModel):
    """A query string or a form, in which everything is text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """A response, or a part of one; fields that it does not name are not sent."""

    # What has a default is always sent too.
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class Success(Answer):
    """The response to a request that succeeded."""

    success: bool = True


class Done(Success):
    """A request that was carried out; `message` says what was done."""

    message: str


def _whole(value: Any) -> Any:
    is_whole = type(value) is float and value.is_integer() and abs(value) <= MAX_ID
    return int(value) if is_whole else value


def shown(value: Any) -> str:
    """A received value, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"a list of {len(value):,}" if value else "an empty list"
    if isinstance(value, dict):
        return "a JSON object"
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, int | float):
        # The digits of a huge number would take long to write.
        is_huge = isinstance(value, int) and value.bit_length() > 200
        return "a very large number" if is_huge else f"{value}"
    return "something else"


def _shortened(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return repr(text)
    return f"{text[:_SHOWN_CHARACTERS]!r}… ({len(text):,} characters)"


def one_line(text: str) -> str:
    """A name: one line, without surrounding space.

    Raises:
        ValueError: it holds control characters, or is empty.
    """
    text = text.strip()
    if not text or any(unicodedata.category(c) in _UNWANTED_CATEGORIES for c in text):
        raise ValueError(
            f"Expected one line of text without control characters, received {shown(text)}."
        )
    return text


def many_lines(text: str) -> str:
    """A note: line ends and tabs are allowed, other control characters are not.

    Raises:
        ValueError: it holds other control characters.
    """
    if any(unicodedata.category(c) in _UNWANTED_CATEGORIES and c not in "\n\r\t" for c in text):
        raise ValueError(
            "Expected text without control characters other than line ends and tabs, received some."
        )
    return text


def star_identifier(value: Any) -> str | int:
    """A star's name or number.

    Raises:
        ValueError: it is neither.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID
    is_name = isinstance(value, str) and len(value) <= MAX_NAME
    if not is_number and not is_name:
        raise ValueError(
            f"Expected a name of at most {MAX_NAME} characters or a whole number, received "
            f"{shown(value)}."
        )
    return one_line(value) if isinstance(value, str) else value


def label_code(value: Any) -> int:
    """A label as 0, 1, 2 or its name in any case, as its code.

    Raises:
        ValueError: it is none of them.
    """
    text = str(value).strip().upper().replace("_", " ")
    names = {name: code for code, name in enumerate(LABELS)}
    names |= {str(code): code for code in range(len(LABELS))}
    if text not in names:
        raise ValueError(
            f"Expected 0, 1, 2 or one of {', '.join(LABELS)}, received {shown(value)}."
        )
    return names[text]


# What `one_line` and `many_lines` accept, for the API's description. `str.strip` takes these.
_SPACE = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CONTROL = r"\u0000-\u001f\u007f-\u009f"
ONE_LINE = rf"^[{_SPACE}]*[^{_CONTROL}{_SPACE}][^{_CONTROL}]*[{_SPACE}]*$"
MANY_LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"

Identifier = Annotated[int, Field(ge=1, le=MAX_ID)]
Key = Annotated[str, Field(min_length=1, max_length=100, description="The workspace's key.")]
Name = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, json_schema_extra={"pattern": ONE_LINE}),
    AfterValidator(one_line),
]
TableName = Annotated[
    Name,
    Field(
        description="The sheet, table or FITS extension to read, by its name or its number from 1, "
        "where a file has several; by default the one with the columns of a catalogue."
    ),
]
# Of whatever is done in the background, one job after the other.
BatchStatus = TypeAliasType(
    "BatchStatus", Literal["pending", "running", "completed", "failed", "cancelled"]
)
Source = TypeAliasType("Source", Literal["exotrain", "koi", "k2", "toi"])
Text = Annotated[str, Field(json_schema_extra={"pattern": MANY_LINES}), AfterValidator(many_lines)]
Star = Annotated[
    str | int,
    PlainValidator(star_identifier),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "maxLength": MAX_NAME,
            "pattern": ONE_LINE,
            "minimum": -MAX_ID,
            "maximum": MAX_ID,
        }
    ),
]
UserName = Annotated[str, Field(pattern=USER_NAME)]
LabelFilter = Annotated[
    int,
    BeforeValidator(label_code),
    WithJsonSchema({"enum": ["0", "1", "2", *LABELS], "type": "string"}),
]


class WorkspaceQuery(TextFields):
    """The workspace."""

    workspace_key: Key


class Page(TextFields):
    """One page of a long list."""

    offset: int = Field(default=0, ge=0, le=10**12)
    limit: int = Field(default=100, ge=1, le=1000)
