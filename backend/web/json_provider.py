"""Strict JSON: NaN and Infinity are neither read nor written."""

import json
import math
from typing import Any, NoReturn

import numpy as np
from flask.json.provider import DefaultJSONProvider


class StrictJSON(DefaultJSONProvider):
    """Refuses to read NaN and Infinity, and writes null instead."""

    sort_keys = False
    compact = True

    def loads(self, s: str | bytes, **keywords: Any) -> Any:
        """Parse JSON.

        Raises:
            ValueError: it is malformed, nested too deeply, or holds NaN or Infinity.
        """
        try:
            return json.loads(s, parse_constant=_refuse_constant, **keywords)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

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
