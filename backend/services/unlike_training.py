"""Rows that are unlike those a model learnt from: of another survey, or without an input.

What was measured on a model's validation and test stars, such as how often predictions above its
threshold are right, holds for rows like them. Of these it says nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from backend.database.connection import Record
from backend.transit.columns import FEATURES, RELATIONS
from backend.transit.rows import Rows

ANOTHER_SURVEY, MISSING_INPUT = "another_survey", "missing_input"

# Tables in exotrain format name no survey: nothing can be said of one that learnt from them.
_SURVEYS = {"koi": "Kepler (KOI)", "toi": "TESS (TOI)"}
_UNNAMED = "another survey"


def learnt_from(model: Record) -> Record:
    """What rows of a prediction are compared with.

    Returns:
        `trained_on`, the source of the training table; `inputs`, the features that at least half
        of the training rows had, and RELATIONS. A feature that few had was no help, and is none
        where it is gone.
    """
    manifest = model["manifest"]
    ranges, trained = manifest["training_ranges"], manifest.get("rows", {}).get("train", 0)
    known = {name: ranges.get(name, {}).get("known", 0) for name in FEATURES}
    inputs = [name for name in FEATURES if 0 < trained <= 2 * known[name]]
    if manifest["spec"].get("use_relations"):
        inputs.append(RELATIONS)
    return {"trained_on": manifest["spec"]["source"], "inputs": inputs}


def count_known(rows: Rows) -> dict[str, int]:
    """How many of some rows have each feature."""
    return {name: int(np.isfinite(rows[name]).sum()) for name in FEATURES}


def missing_in_all(known: Mapping[str, int]) -> list[str]:
    """The features that no row has, from `count_known`."""
    return [name for name in FEATURES if known.get(name) == 0]


def unlike_training(learnt: Record, source: str, missing: Collection[str]) -> list[Record]:
    """In what rows are unlike the training rows of a model.

    Args:
        learnt: from `learnt_from`; what it lacks is not compared.
        source: the survey of the rows.
        missing: the features that all of them lack.

    Returns:
        The fields of `UnlikeTraining` for each difference; empty where there is none.
    """
    trained_on = learnt.get("trained_on")
    found = []
    if trained_on in _SURVEYS and source != trained_on:
        found.append(_difference(ANOTHER_SURVEY, trained_on=trained_on, source=source))
    # A prediction has no relations so far.
    columns = [name for name in learnt.get("inputs", ()) if name in missing or name == RELATIONS]
    if columns:
        found.append(_difference(MISSING_INPUT, columns=columns))
    return found


def sentences(found: Collection[Record], model_id: int) -> list[str]:
    """What the differences mean, in a sentence each."""
    return [_sentence(each, model_id) for each in found]


def told_unlike(found: Collection[Record]) -> str:
    """The differences as a list of structured fields (RFC 9651)."""
    return ", ".join(_told(each) for each in found)


def _difference(code: str, **values: Any) -> Record:
    return {"code": code, "trained_on": None, "source": None, "columns": [], **values}


def _sentence(found: Record, model_id: int) -> str:
    if found["code"] == ANOTHER_SURVEY:
        known = _SURVEYS[found["trained_on"]]
        here = _SURVEYS.get(found["source"], _UNNAMED)
        seen = f"Model {model_id} was trained on {known}; these rows are from {here}."
    else:
        columns, one = _listed(found["columns"]), len(found["columns"]) == 1
        known = f"rows that have {'it' if one else 'them'}"
        seen = (
            f"Missing in every row: {columns}. Most training rows of model {model_id} have "
            f"{'it' if one else 'them'}."
        )
    return (
        f"{seen} Its probabilities and its threshold were calibrated on {known}: how often such "
        "predictions are right here is unknown; it may be far less often."
    )


def _listed(columns: list[str]) -> str:
    *others, last = columns
    return f"{', '.join(others)} and {last}" if others else last


def _told(found: Record) -> str:
    if found["code"] == ANOTHER_SURVEY:
        return f"{ANOTHER_SURVEY};trained_on={found['trained_on']};source={found['source']}"
    return f'{MISSING_INPUT};columns="{" ".join(found["columns"])}"'
