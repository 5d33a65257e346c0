"""Folds: every row of a table is tested by networks that never saw its group."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from backend import wire
from backend.database.connection import Record
from backend.services.studies.finder import Tell
from backend.services.studies.kept import Kept
from backend.services.studies.parts import fold_of, seed_of, stored_spec
from backend.services.studies.predictions import Tested, read_by_seed
from backend.storage.layout import Storage
from backend.transit.columns import LABELS, NO_LABEL
from backend.transit.evaluation.bootstrap import draw_labels, measure_labels
from backend.transit.evaluation.paired import headline
from backend.transit.evaluation.repeated import FIGURES, mean_intervals, mean_of, spread_of

FIGURES_FIELD = "figures"
PREDICTS_EVERY_ROW = True
NOT_SHOWN: tuple[str, ...] = ("test_split",)  # it follows from the number of folds

_OF_TREES = ("accuracy", "macro_f1", "log_loss")


def specs(name: str, settings: Record) -> list[wire.Spec]:
    """Those of all sessions, by seed, then by fold."""
    folds = range(1, settings["folds"] + 1)
    return [spec_of(name, settings, seed, fold) for seed in settings["seeds"] for fold in folds]


def spec_of(name: str, settings: Record, seed: int, fold: int) -> wire.Spec:
    """The spec of the session that tests one fold with one seed."""
    spec = stored_spec(settings["spec"])
    return spec.model_copy(
        update={
            "model_name": f"{name}_s{seed}_f{fold}",
            "test_split": 1 / settings["folds"],
            "seed": seed,
            "folds": settings["folds"],
            "fold": fold,
            "fold_seed": settings["spec"]["seed"],
        }
    )


def place(study: Record, part: Record) -> dict[str, int]:
    """The seed and the fold of a session."""
    return {"seed": seed_of(part), "fold": fold_of(part)}


def find_figures(
    storage: Storage,
    study: Record,
    parts: Sequence[Record],
    evaluated: dict[int, Record],
    tell: Tell,
    kept: Kept,
) -> None:
    """Find the figures of a study; see `kinds.Kind`.

    `rows` and `table_rows`, how many are predicted and have a label; `seeds`, how many have tested
    all folds; `is_complete`; `figures`, by name {mean, interval, seed_spread, fold_spread};
    `intervals_state`, "found", "pending" or "unknown"; `guessing_log_loss`; `baseline`.
    """
    tested = [part for part in parts if part["file"] is not None and part["id"] in evaluated]
    own = [(each, evaluated[each["id"]]) for each in tested]
    first = figures_of(study, read_by_seed(storage, study, tested), own)
    is_complete = first["is_complete"] and len(tested) == len(parts)
    tell(first | {"intervals_state": "pending" if is_complete else "unknown"})
    if is_complete:
        tell(with_intervals(first, read_by_seed(storage, study, tested)))


def figures_of(
    study: Record, by_seed: Iterable[Tested], tested: list[tuple[Record, Record]]
) -> dict[str, Any]:
    """The figures of a study without intervals.

    Args:
        study: its row.
        by_seed: what the sessions of each seed have tested, from `read_by_seed`.
        tested: these sessions, each with its figures from `studies.evaluated`.
    """
    true = np.full(study["dataset_size"], NO_LABEL, np.int8)
    group = np.full(study["dataset_size"], -1, np.int64)
    measured, whole, whole_seeds = [], [], set()
    for each in by_seed:
        true[each.rows], group[each.rows] = each.true, each.group
        found = headline(measure_labels(each.true, each.probabilities))
        measured.append(found)
        is_whole = len(each.rows) == study["settings"]["labelled"]
        if is_whole and len(np.unique(each.fold)) == study["settings"]["folds"]:
            whole.append(found)
            whole_seeds.add(each.seed)
    by_fold: dict[int, list[Record]] = {}
    for part, figures in tested:
        if whole_seeds and seed_of(part) not in whole_seeds:
            continue
        by_fold.setdefault(fold_of(part), []).append(figures)
    of_rows = true[true != NO_LABEL]
    return {
        "rows": len(of_rows),
        "table_rows": study["settings"]["labelled"],
        "groups": len(np.unique(group[group >= 0])),
        "seeds": len(whole),
        "is_complete": len(whole) == len(study["settings"]["seeds"]),
        "figures": {name: _figure(name, whole, measured, by_fold) for name in FIGURES},
        "guessing_log_loss": _guessing(of_rows),
        "baseline": _trees([each for _, each in tested]),
    }


def _figure(
    name: str, whole: list[Record], measured: list[Record], by_fold: dict[int, list[Record]]
) -> Record:
    """One figure: of the seeds that have tested all folds, if there are any; else of what is."""
    of_folds = [mean_of([each[name] for each in found]) for found in by_fold.values()]
    return {
        "mean": mean_of([each[name] for each in whole or measured]),
        "interval": None,
        "seed_spread": spread_of([each[name] for each in whole]),
        "fold_spread": spread_of(of_folds),
    }


def with_intervals(figures: dict[str, Any], by_seed: Iterable[Tested]) -> dict[str, Any]:
    """The figures of a study whose sessions have all ended, with intervals over the groups."""
    draws = [draw_labels(each.true, each.probabilities, each.group, 0) for each in by_seed]
    intervals = mean_intervals(draws)
    known = {
        name: {**values, "interval": None if values["mean"] is None else intervals[name]}
        for name, values in figures["figures"].items()
    }
    return {**figures, "figures": known, "intervals_state": "found"}


def _guessing(true: np.ndarray) -> float:
    """The log loss of the class frequencies of these rows."""
    counts = np.bincount(true, minlength=len(LABELS))
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _trees(evaluated: list[Record]) -> Record | None:
    """The means over all sessions of the trees' figures on the same rows."""
    found = {name: mean_of([each[f"trees_{name}"] for each in evaluated]) for name in _OF_TREES}
    return None if all(value is None for value in found.values()) else found
