"""Rows that are unlike those a model learnt from: of another survey, or without an input.

What was measured on a model's validation and test stars, such as how often predictions above its
threshold are right, holds for rows like them. Of these it says nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.transit.columns import FEATURES, RELATIONS, relation_columns
from backend.transit.related import RelationsOfSome
from backend.transit.rows import Rows

ANOTHER_SURVEY, MISSING_INPUT = "another_survey", "missing_input"

# Unlike another input, relations were hidden from the network at random while it learnt, and what
# it can do without them was measured.
NO_RELATIONS = "no_relations"

# Tables in exotrain format name no survey: nothing can be said of one that learnt from them.
_SURVEYS = {"koi": "Kepler (KOI)", "k2": "K2", "toi": "TESS (TOI)"}
_UNNAMED = "another survey"


def learnt_from(model: Record) -> Record:
    """What rows of a prediction are compared with.

    Returns:
        `trained_on`, the source of the training table; `inputs`, the features that at least half
        of the training rows had, and RELATIONS; `no_relations`, the figures of the test rows
        without relations, None where they were not measured. An input that few had was no help,
        and is none where it is gone.
    """
    manifest = model["manifest"]
    ranges, trained = manifest["training_ranges"], manifest.get("rows", {}).get("train", 0)
    known = {name: ranges.get(name, {}).get("known", 0) for name in FEATURES}
    inputs = [name for name in FEATURES if 0 < trained <= 2 * known[name]]
    learnt = {"trained_on": manifest["spec"]["source"], "inputs": inputs}
    related = manifest.get("related") or {}
    if 0 < trained <= 2 * related.get("known", 0):
        inputs.append(RELATIONS)
        measured = {name: related.get(name) for name in ("precision", "coverage")}
        with_them, without = (related["accuracy"][each] for each in ("with", "without"))
        learnt["no_relations"] = {"accuracy": without, "accuracy_with": with_them, **measured}
    return learnt


def count_known(rows: Rows, related: RelationsOfSome | None) -> dict[str, int]:
    """How many of some rows have each feature, and any RELATIONS.

    Args:
        rows: ROW_DTYPE, (n,).
        related: of these; None: no row has any.
    """
    known = {name: int(np.isfinite(rows[name]).sum()) for name in FEATURES}
    known[RELATIONS] = 0 if related is None else int(have_relations(related).sum())
    return known


def have_relations(related: RelationsOfSome) -> NDArray[np.bool_]:
    """Of which rows any relation is known that a network learns from by default: bool, (n,)."""
    known = np.isfinite(related.values[:, : len(relation_columns(False))])
    return np.asarray(known.any(axis=1))


def missing_in_all(known: Mapping[str, int]) -> list[str]:
    """The inputs that no row has, from `count_known`.

    Earlier releases did not count relations: no prediction had any.
    """
    if not known:
        return []
    return [name for name in (*FEATURES, RELATIONS) if known.get(name, 0) == 0]


def unlike_training(learnt: Record, source: str, missing: Collection[str]) -> list[Record]:
    """In what rows are unlike the training rows of a model.

    Args:
        learnt: from `learnt_from`; what it lacks is not compared.
        source: the survey of the rows.
        missing: the inputs that all of them lack.

    Returns:
        The fields of `UnlikeTraining` for each difference; empty where there is none.
    """
    trained_on = learnt.get("trained_on")
    found = []
    if trained_on in _SURVEYS and source != trained_on:
        found.append(_difference(ANOTHER_SURVEY, trained_on=trained_on, source=source))
    columns = [name for name in learnt.get("inputs", ()) if name in missing]
    if features := [name for name in columns if name != RELATIONS]:
        found.append(_difference(MISSING_INPUT, columns=features))
    if RELATIONS in columns:
        measured = learnt.get("no_relations", {})
        found.append(_difference(NO_RELATIONS, columns=[RELATIONS], **measured))
    return found


def sentences(found: Collection[Record], model_id: int) -> list[str]:
    """What the differences mean, in a sentence each."""
    return [_sentence(each, model_id) for each in found]


def told_unlike(found: Collection[Record]) -> str:
    """The differences as a list of structured fields (RFC 9651)."""
    return ", ".join(_told(each) for each in found)


def _difference(code: str, **values: Any) -> Record:
    return {
        "code": code,
        "trained_on": None,
        "source": None,
        "columns": [],
        **dict.fromkeys(("accuracy", "accuracy_with", "precision", "coverage")),
        **values,
    }


def _sentence(found: Record, model_id: int) -> str:
    if found["code"] == NO_RELATIONS:
        return _without_relations(found, model_id)
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


def _without_relations(found: Record, model_id: int) -> str:
    known = f"How these rows relate to others is unknown; model {model_id} learnt from that too."
    if found["accuracy"] is None or found["accuracy_with"] is None:
        return known
    known += (
        f" On its test rows its accuracy is {found['accuracy']:.3f} without relations and "
        f"{found['accuracy_with']:.3f} with them."
    )
    if found["precision"] is None or found["coverage"] is None:
        return known
    return (
        f"{known} Without them {found['precision']:.1%} of the predictions above its threshold are "
        f"right ({found['coverage']:.1%} are above it)."
    )


def _listed(columns: list[str]) -> str:
    *others, last = columns
    return f"{', '.join(others)} and {last}" if others else last


def _told(found: Record) -> str:
    if found["code"] == ANOTHER_SURVEY:
        return f"{ANOTHER_SURVEY};trained_on={found['trained_on']};source={found['source']}"
    if found["code"] == NO_RELATIONS:
        names = ("accuracy", "accuracy_with", "precision", "coverage")
        numbers = {name: found[name] for name in names}
        told = (f";{name}={x:.3f}" for name, x in numbers.items() if x is not None)
        return f"{NO_RELATIONS}{''.join(told)}"
    return f'{MISSING_INPUT};columns="{" ".join(found["columns"])}"'
