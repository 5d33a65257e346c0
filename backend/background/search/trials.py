"""Trials as their rows have them, and the same for Optuna; nothing that Optuna writes is stored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

Status = Literal["pending", "training", "completed", "pruned", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = (
    *("pending", "training", "completed"),
    *("pruned", "failed", "cancelled"),
)

# The reason in the error of a session that was ended because others were better.
PRUNED = "pruned"

# And that of one that failed because of its settings.
DIVERGED = "diverged"


@dataclass(frozen=True)
class Trial:
    """One setting that is tried.

    Attributes:
        number: in its search, from 1.
        session_id: that trains it.
        tried: its value of each field of the space.
        status: that of the session; "pruned": cancelled because others were better.
        values: the log loss on the validation rows by epoch, from 1; NaN: no finite number.
        error: `{reason, message}` of one that failed or was pruned, else None.
        model_id: of the model that it has saved, or None.
    """

    number: int
    session_id: int
    tried: dict[str, Any]
    status: Status
    values: dict[int, float]
    error: dict[str, Any] | None = None
    model_id: int | None = None

    @property
    def best_epoch(self) -> int | None:
        """The epoch with the least log loss so far, from 1; None: none has a finite one."""
        finite = {epoch: value for epoch, value in self.values.items() if math.isfinite(value)}
        return min(finite, key=finite.__getitem__, default=None)

    @property
    def value(self) -> float | None:
        """The least log loss so far."""
        return None if self.best_epoch is None else self.values[self.best_epoch]

    @property
    def has_diverged(self) -> bool:
        """Whether it failed because of its settings."""
        return self.status == "failed" and (self.error or {}).get("reason") == DIVERGED


def trials_from(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[Trial]:
    """The trials of rows as `database.search.trials.of_study` has them.

    Args:
        rows: by number.
        names: the fields of the space.
    """
    fields = tuple(names)
    return [
        Trial(
            number=row["number"],
            session_id=row["session_id"],
            tried={name: row["spec"][name] for name in fields},
            status=_status(row),
            values={
                epoch: math.nan if value is None else value
                for epoch, value in row["values"].items()
            },
            error=row["error"],
            model_id=row["model_id"],
        )
        for row in rows
    ]


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The trial with the least log loss so far, among those that have a model or will have one."""
    able = [each for each in trials if each.status in ("training", "completed")]
    known = [(each.value, each.number, each) for each in able if each.value is not None]
    return min(known)[2] if known else None


def frozen(trial: Trial, space: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A trial for Optuna.

    One that diverged counts as pruned: the sampler is to learn from it. One that failed otherwise,
    or was cancelled, says nothing of its settings.
    """
    from optuna.trial import TrialState, create_trial

    states = {
        "pending": TrialState.RUNNING,
        "training": TrialState.RUNNING,
        "completed": TrialState.COMPLETE,
        "pruned": TrialState.PRUNED,
    }
    state = TrialState.PRUNED if trial.has_diverged else states.get(trial.status, TrialState.FAIL)
    if state == TrialState.COMPLETE and trial.value is None:
        state = TrialState.FAIL
    return create_trial(
        state=state,
        value=trial.value if state == TrialState.COMPLETE else None,
        params=trial.tried,
        distributions=dict(space),
        intermediate_values=trial.values,
    )


def _status(row: Mapping[str, Any]) -> Status:
    if row["status"] == "cancelled" and (row["error"] or {}).get("reason") == PRUNED:
        return "pruned"
    status: Status = row["status"]
    return status
