"""The figures of studies: found in the background when somebody asks, and kept until they change.

Nothing is stored: they follow from the predictions of the sessions, which are.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from backend.database.connection import Record
from backend.services.studies.finder import Finder, Tell
from backend.services.studies.predictions import Tested, read_by_seed
from backend.services.studies.view import fold_of, seed_of
from backend.storage.layout import Storage
from backend.transit.columns import LABELS, NO_LABEL
from backend.transit.evaluation.bootstrap import draw_labels, measure_labels
from backend.transit.evaluation.paired import headline
from backend.transit.evaluation.repeated import FIGURES, mean_intervals, mean_of, spread_of

_OF_TREES = ("accuracy", "macro_f1", "log_loss")


class StudyFigures:
    """The figures of studies."""

    def __init__(self, storage: Storage, finder: Finder | None = None) -> None:
        self._storage = storage
        self._finder = finder or Finder("study-figures")

    def of(
        self,
        study: Record,
        parts: list[Record],
        evaluated: dict[int, Record],
        patience: float | None = None,
    ) -> Record | None:
        """The figures of a study as far as its sessions have come.

        Args:
            study: its row.
            parts: its sessions, from `studies.parts_of`.
            evaluated: their figures, from `studies.evaluated`.
            patience: how long to wait, in seconds, for those that are not known yet.

        Returns:
            `rows` and `table_rows`, how many are predicted and have a label; `seeds`, how many
            have tested all folds; `is_complete`; `figures`, by name {mean, interval, seed_spread,
            fold_spread}; `intervals_state`, "found", "pending" or "unknown"; `guessing_log_loss`;
            `baseline`. None where no session has tested anything, or that was not found in time.
        """
        tested = [part for part in parts if part["file"] is not None and part["id"] in evaluated]
        if not tested:
            return None

        def find(tell: Tell) -> None:
            own = [(each, evaluated[each["id"]]) for each in tested]
            first = figures_of(study, read_by_seed(self._storage, study, tested), own)
            is_complete = first["is_complete"] and len(tested) == len(parts)
            tell(first | {"intervals_state": "pending" if is_complete else "unknown"})
            if is_complete:
                tell(with_intervals(first, read_by_seed(self._storage, study, tested)))

        state = tuple(part["id"] for part in tested)
        return self._finder.of(
            study["id"], state, find, patience, _without_intervals, may_be_earlier=True
        )


def _without_intervals(figures: Record) -> Record:
    return figures | {"intervals_state": "unknown"}


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
