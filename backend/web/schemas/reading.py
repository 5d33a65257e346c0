"""How a table is read: the fields of a form that say it, and what `?preview=1` answers."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from backend.transit.catalog.names.read_as import ReadAs, read_as
from backend.web.schemas.base import Answer, Source, Success, TableName, TextFields, shown
from backend.web.schemas.reports import ReportWarning, UnlikelyUnit

_LONGEST = 20_000


class _Repeated(ValueError):
    """A name stands twice in an object."""


def _object(text: Any) -> Any:
    """A JSON object in a field of a form."""
    if not isinstance(text, str) or not text.strip():
        return None
    if len(text) > _LONGEST:
        raise ValueError(f"Expected at most {_LONGEST:,} characters, received {len(text):,}.")
    try:
        found = json.loads(text, object_pairs_hook=_without_repeats)
    except _Repeated:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Expected a JSON object, received {shown(text)}.") from error
    if not isinstance(found, dict):
        raise ValueError(f"Expected a JSON object, received {shown(text)}.")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Repeated("Expected each name once in the JSON object, received one twice.")
    return found


_SCHEMA = {"type": "string", "contentMediaType": "application/json"}
_Object = Annotated[dict[str, Any] | None, BeforeValidator(_object), WithJsonSchema(_SCHEMA)]


class ReadAsFields(TextFields):
    """A form whose table may be read in another way than it tells itself."""

    columns: _Object = Field(
        default=None,
        examples=['{"period": "P_orb"}'],
        description="JSON object: by our column (and `label`, `star`), the name that it has in the "
        "file; an empty text, if it is not to be read.",
    )
    units: _Object = Field(
        default=None,
        examples=['{"depth": "percent"}'],
        description="JSON object: by our column, the unit of its numbers in the file.",
    )
    labels: _Object = Field(
        default=None,
        examples=['{"PC": 1}'],
        description="JSON object: by a word of the file's labels, 0 (candidate), 1 (confirmed) or "
        "2 (false positive).",
    )
    table: TableName | None = None

    def read_as(self) -> ReadAs:
        """What was said.

        Raises:
            ReadAsError: a column, a unit or a label is not known.
        """
        return read_as(self.columns, self.units, self.labels, self.table)


class PreviewQuery(TextFields):
    """Whether the table is only looked at."""

    preview: bool = Field(default=False, description="Report and store nothing.")


class PreviewColumn(Answer):
    """A column of the file, and what it is read as."""

    name: str
    examples: list[str] = Field(description="Different cells of the first rows.")
    column: str | None = Field(description="Ours that it is read as.")
    unit: str | None = Field(description="That stands in its name.")


class TablePreview(Success):
    """How a table is read; nothing was stored."""

    message: str
    preview: bool = True
    is_usable: bool = Field(description="Whether the same form without `preview` is accepted.")
    problem: str | None = Field(description="Why it is not.")
    form: str
    source: Source
    header_line: int
    separator: str
    columns: list[PreviewColumn]
    missing: list[str] = Field(description="Columns of ours that are needed and were not found.")
    num_rejected: int
    warnings: list[ReportWarning]
    units: list[UnlikelyUnit] = Field(description="Columns that are probably in another unit.")
    units_known: dict[str, list[str]] = Field(description="The units that `units` may name.")
