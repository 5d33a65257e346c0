"""Strict JSON: every number is finite, nothing is nested deeply, and there is not too much of it.

This is where JSON from outside is read, and the only place: what passes can be stored and sent
again.
"""

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

import numpy as np
from flask import Response
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel

from backend.errors import BadRequest, ErrorItem, Invalid

# The deepest body of the contract, a saved analysis, has 6 levels.
MAX_DEPTH = 32

# 10,000 candidates are about 120,000 values. 8 MB of empty lists would take 170 MB of memory.
MAX_VALUES = 500_000

_MOST_LISTED = 20

_NOT_FINITE = "Expected a finite number, received one that is too large."


class StrictJSON(DefaultJSONProvider):
    """Refuses to read numbers that are not finite, and writes null instead."""

    sort_keys = False
    compact = True

    def loads(self, s: str | bytes, **keywords: Any) -> Any:
        """Parse JSON.

        Raises:
            ValueError: it is malformed, or holds NaN or Infinity.
            BadRequest: it is nested more than MAX_DEPTH deep, or has more than MAX_VALUES values.
            Invalid: a number is too large to be one; `errors` says where.
        """
        if _most_values(s) > MAX_VALUES:
            raise BadRequest(
                f"Expected JSON of at most {MAX_VALUES:,} values, received more: send it in parts."
            )
        try:
            value = json.loads(s, parse_constant=_refuse_constant, **keywords)
        except RecursionError:
            raise _too_deep() from None
        _check(value)
        return value

    def dumps(self, obj: Any, **keywords: Any) -> str:
        """Write JSON; numbers that are not finite become null."""
        try:
            return super().dumps(obj, allow_nan=False, **keywords)
        except ValueError:
            return super().dumps(_only_finite(obj), allow_nan=False, **keywords)

    @staticmethod
    def default(value: Any) -> Any:
        """NumPy's numbers and arrays as Python's."""
        if isinstance(value, np.generic | np.ndarray):
            return value.tolist()
        return DefaultJSONProvider.default(value)


def respond(schema: type[BaseModel], values: dict[str, Any]) -> Response:
    """A response that is checked and written by its schema alone, without Python's `json`.

    Numbers that are not finite become null.
    """
    answer = schema.model_validate(values)
    return Response(answer.model_dump_json(), mimetype="application/json")


def without_depth(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The same value with null in place of what is nested more than `depth` levels deep.

    For what earlier releases stored: it cannot be sent as it is.
    """
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {key: without_depth(each, depth - 1) for key, each in value.items()}
    return [without_depth(each, depth - 1) for each in value]


def _most_values(text: str | bytes) -> int:
    """At least the number of values; cheap, so that it can be asked before they are made."""
    if isinstance(text, bytes):
        return 1 + sum(text.count(each) for each in (b",", b"[", b"{"))
    return 1 + sum(text.count(each) for each in (",", "[", "{"))


def _check(value: Any) -> None:
    """Check depth and numbers, level by level: of 10,000 candidates in a fifth of the time to read.

    Raises:
        BadRequest: it is nested too deeply.
        Invalid: it holds a number that is not finite.
    """
    is_finite = True
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        below = []
        for container in level:
            for each in container.values() if type(container) is dict else container:
                kind = type(each)
                if kind is dict or kind is list:
                    below.append(each)
                elif kind is float or kind is int:
                    is_finite = is_finite and _is_finite(each)
        if not below:
            break
        level = below
    else:
        raise _too_deep()
    if not is_finite:
        raise _not_finite(value)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer that no float can hold
        return False


def _too_deep() -> BadRequest:
    return BadRequest(f"Expected JSON of at most {MAX_DEPTH} levels, received a deeper one.")


def _not_finite(value: Any) -> Invalid:
    errors: list[ErrorItem] = [
        {**({"field": place} if place else {}), "message": _NOT_FINITE}
        for place in islice(_places_of_infinity(value), _MOST_LISTED)
    ]
    return Invalid(": ".join(errors[0].values()), errors)


def _places_of_infinity(value: Any, place: str = "") -> Iterator[str]:
    """The ways to the numbers that are not finite: `rows.3.depth`."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in inner:
            yield from _places_of_infinity(each, f"{place}.{name}" if place else str(name))
    elif isinstance(value, int | float) and not _is_finite(value):
        yield place


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _only_finite(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _only_finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_only_finite(each) for each in value]
    return value
