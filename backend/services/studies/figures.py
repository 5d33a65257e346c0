"""The figures of studies: found in the background when somebody asks, and kept until they change.

Nothing is stored: they follow from the predictions of the sessions, which are.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.predictions import Tested, read_by_seed
from backend.services.studies.view import fold_of, seed_of
from backend.storage.layout import Storage
from backend.transit.columns import LABELS, NO_LABEL
from backend.transit.evaluation.bootstrap import draw_labels, measure_labels
from backend.transit.evaluation.paired import headline
from backend.transit.evaluation.repeated import FIGURES, mean_intervals, mean_of, spread_of

# Studies whose figures are kept in memory, and of how many they are found at once.
_KEPT = 100
_MOST_AT_ONCE = 2

# How long a request waits for them.
PATIENCE_SECONDS = 2.0

# Intervals that could not be found are tried again after so long.
_PAUSE_SECONDS = 60.0

_OF_TREES = ("accuracy", "macro_f1", "log_loss")

log = logging.getLogger(__name__)


class _Found:
    """Figures of a study in one state.

    Attributes:
        state: which of its sessions have a model; the figures are of these.
        figures: as the API returns them; None: not found yet.
        tried_again_at: when intervals that could not be found are tried again, by the monotonic
            clock; None: they were found, or are being found.
    """

    def __init__(self, state: tuple[int, ...]) -> None:
        self.state = state
        self.figures: Record | None = None
        self.tried_again_at: float | None = None
        self.changed = threading.Event()

    @property
    def is_to_be_tried_again(self) -> bool:
        """Whether something failed, and some time has passed."""
        return self.tried_again_at is not None and time.monotonic() >= self.tried_again_at


class StudyFigures:
    """The figures of studies."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._found: OrderedDict[int, _Found] = OrderedDict()
        self._running = 0  # threads

    def of(
        self,
        study: Record,
        parts: list[Record],
        evaluated: dict[int, Record],
        patience: float = PATIENCE_SECONDS,
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
        state = tuple(part["id"] for part in tested)
        found = self._entry(study, parts, tested, evaluated, state)
        if found is None:
            return None
        found.changed.wait(patience)
        return found.figures

    def _entry(
        self,
        study: Record,
        parts: list[Record],
        tested: list[Record],
        evaluated: dict[int, Record],
        state: tuple[int, ...],
    ) -> _Found | None:
        with self._lock:
            found = self._found.get(study["id"])
            if found is not None and found.state == state and not found.is_to_be_tried_again:
                self._found.move_to_end(study["id"])
                return found
            if self._running >= _MOST_AT_ONCE:
                return found  # of an earlier state, or none: it is asked for again
            found = _Found(state)
            arguments = (found, study, parts, tested, evaluated)
            thread = threading.Thread(
                target=self._find, args=arguments, name="study-figures", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:  # none can be had
                log.warning("the figures of study %s were not found: %s", study["id"], error)
                return None
            self._running += 1
            self._found[study["id"]] = found
            self._found.move_to_end(study["id"])
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
            return found

    def _find(
        self,
        found: _Found,
        study: Record,
        parts: list[Record],
        tested: list[Record],
        evaluated: dict[int, Record],
    ) -> None:
        try:
            own = [(each, evaluated[each["id"]]) for each in tested]
            first = figures_of(study, read_by_seed(self._storage, study, tested), own)
            is_complete = first["is_complete"] and len(tested) == len(parts)
            found.figures = first | {"intervals_state": "pending" if is_complete else "unknown"}
            found.changed.set()
            if is_complete:
                again = read_by_seed(self._storage, study, tested)
                found.figures = with_intervals(first, again)
        except (Conflict, OSError, MemoryError) as error:
            log.warning("the figures of study %s were not found: %s", study["id"], error)
            self._give_up(found, study)
        except Exception:
            log.exception("the figures of study %s were not found", study["id"])
            self._give_up(found, study)
        finally:
            with self._lock:
                self._running -= 1
            found.changed.set()

    def _give_up(self, found: _Found, study: Record) -> None:
        """Let the next request try again; if only the intervals are missing, one a while later."""
        if found.figures is not None:
            found.figures = found.figures | {"intervals_state": "unknown"}
            found.tried_again_at = time.monotonic() + _PAUSE_SECONDS
            return
        with self._lock:
            if self._found.get(study["id"]) is found:
                del self._found[study["id"]]


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
