"""The space of a search: fields of a session, each with a range or with choices.

A range is `{low, high}`, with `log` or `step`; choices are `{choices: […]}`. Nothing here needs
Optuna but `distributions`, which imports it: a server without searches goes without.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from backend.errors import Invalid

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# What a search may change. Epochs, splits and seed are the same for all its trials, so that their
# figures are of the same rows.
NUMBERS = ("learning_rate", "batch_size", "patience", "ensemble")
CHOICES = ("network", "use_relations", "use_stellar_uncertainties")
FIELDS = (*NUMBERS, *CHOICES)

# However many minutes a search has.
MOST_TRIALS = 200

# Of larger spaces it is not counted what is left.
_COUNTED = 2_000

Space = Mapping[str, Mapping[str, Any]]
Tried = dict[str, Any]


def require_usable(space: Space, base: Mapping[str, Any]) -> None:
    """Check a space, and that the search can begin in it.

    Args:
        space: by field, each of a type and within the bounds that the request's schema checks.
        base: the settings of the first trial.

    Raises:
        Invalid: it is empty, a range is, or the first trial lies outside; names the field.
    """
    if not space:
        raise Invalid.field("space", f"Expected at least one of {', '.join(FIELDS)}, found none.")
    for name, part in space.items():
        if "choices" in part:
            _require_choices(name, part["choices"])
        else:
            _require_range(name, part)
        if not _contains(part, base[name]):
            raise Invalid.field(
                f"space.{name}",
                f"Expected a space that contains the first trial, {name} {base[name]}, received "
                f"{_described(part)}. Widen it, or set {name} of the first trial.",
            )


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space as Optuna names it, in the order of FIELDS."""
    from optuna import distributions as kinds

    found: dict[str, BaseDistribution] = {}
    for name in FIELDS:
        part = space.get(name)
        if part is None:
            continue
        if "choices" in part:
            found[name] = kinds.CategoricalDistribution(part["choices"])
        elif name == "learning_rate":
            found[name] = kinds.FloatDistribution(part["low"], part["high"], log=is_log(part))
        else:
            step = _step(part)
            high = part["low"] + (part["high"] - part["low"]) // step * step
            found[name] = kinds.IntDistribution(part["low"], high, log=is_log(part), step=step)
    return found


def is_log(part: Mapping[str, Any]) -> bool:
    """Whether a range is searched by the logarithm."""
    return bool(part.get("log"))


def every_setting(space: Space) -> list[Tried] | None:
    """All that a space allows, if it can be counted; None: it is large, or has fractions."""
    values = []
    for name, part in space.items():
        if "choices" in part:
            values.append(list(part["choices"]))
        elif name == "learning_rate":
            return None
        else:
            values.append(list(range(part["low"], part["high"] + 1, _step(part))))
    if math.prod(map(len, values)) > _COUNTED:
        return None
    return [dict(zip(space, each, strict=True)) for each in islice(product(*values), _COUNTED)]


def _require_choices(name: str, choices: list[Any]) -> None:
    if len(set(choices)) < len(choices):
        raise Invalid.field(
            f"space.{name}.choices", f"Expected each choice once, received {choices}."
        )


def _require_range(name: str, part: Mapping[str, Any]) -> None:
    low, high = part["low"], part["high"]
    if not low < high:
        raise Invalid.field(
            f"space.{name}.high", f"Expected more than low, {low}, received {high}."
        )
    if is_log(part) and _step(part) != 1:
        raise Invalid.field(
            f"space.{name}.step", f"Expected log or step, received both; step is {part['step']}."
        )


def _contains(part: Mapping[str, Any], value: Any) -> bool:
    if "choices" in part:
        return value in part["choices"]
    if not part["low"] <= value <= part["high"]:
        return False
    return isinstance(value, float) or (value - part["low"]) % _step(part) == 0


def _step(part: Mapping[str, Any]) -> int:
    return part.get("step") or 1


def _described(part: Mapping[str, Any]) -> str:
    if "choices" in part:
        return ", ".join(map(str, part["choices"]))
    steps = f" in steps of {_step(part)}" if _step(part) != 1 else ""
    return f"{part['low']} to {part['high']}{steps}"
