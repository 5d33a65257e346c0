"""The fields of a form that say how its table is to be read."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from backend.transit.catalog.names.read_as import ReadAs, read_as
from backend.web.schemas.base import TableName, TextFields, shown

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
