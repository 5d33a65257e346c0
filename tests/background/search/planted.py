"""Trials and studies of kind search, for tests that need some."""

import math
from typing import Any

from backend.background.search.searches import Searches, add_trial
from backend.background.search.trial_specs import first_tried
from backend.background.search.trials import Trial
from backend.database import finished_epochs, sessions, studies
from backend.database.connection import Record
from backend.database.search import trials as stored
from tests import messages

SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "ensemble": {"low": 1, "high": 5, "step": 2},
    "network": {"choices": ["transit_cnn", "seed_cnn"]},
}
BASE = {"learning_rate": 2e-3, "ensemble": 1, "network": "transit_cnn"}


def trial(
    number: int, *values: float, status: str = "completed", reason: str | None = None, **tried: Any
) -> Trial:
    """A trial with these log losses of its epochs."""
    return Trial(
        number=number,
        session_id=100 + number,
        tried={**BASE, **tried},
        status=status,  # type: ignore[arg-type]
        values=dict(enumerate(values, 1)),
        error=None if reason is None else {"reason": reason, "message": "."},
    )


def loss_of(tried: dict[str, Any]) -> float:
    """A log loss that is least, 0.3, at a learning rate of 0.001 with five networks of one kind."""
    distance = abs(math.log10(tried["learning_rate"]) + 3)
    is_worse = tried["network"] != "seed_cnn"
    return 0.3 + distance + 0.02 * (5 - tried["ensemble"]) + 0.2 * is_worse


def plant_search(bench, place: tuple[int, int], **settings: Any) -> Record:
    """A search with its first trial, as its request stores it; gives its row."""
    spec = {**messages.SPEC, **BASE, "epochs": 5}
    own = {"space": SPACE, "trials": 6, "minutes": None, "parallel": 1, "pruning": True}
    with bench.database.write() as connection:
        study = studies.create(
            connection,
            place[0],
            user_id=bench.user["id"],
            dataset_id=place[1],
            dataset_name="d",
            dataset_size=1,
            name="s",
            kind="search",
            settings={**own, "relations": {}, "seeds": [1], "spec": spec, **settings},
            idempotency_key=None,
        )
        stored.create(connection, study["id"])
        add_trial(connection, study, 1, first_tried(study["settings"]), user_id=bench.user["id"])
    return study


def rows_of(bench, study: Record) -> list[Record]:
    """The trials of a search as the database has them."""
    with bench.database.read() as connection:
        return stored.of_study(connection, study["id"])


def state_of(bench, study: Record) -> str:
    """Whether a search is open, or why not."""
    with bench.database.read() as connection:
        found = stored.find(connection, study["id"])
    assert found is not None
    state: str = found["state"]
    return state


def searches_of(bench, *, has_space: bool = True) -> Searches:
    """The session queue's part of searches, with a quota that has space or has none."""
    return Searches(bench.settings, bench.database, lambda *_: has_space)


def learn(bench, session_id: int, *values: float | None) -> None:
    """Epochs of a session with these log losses on the validation rows."""
    with bench.database.write() as connection:
        for epoch, value in enumerate(values, 1):
            metrics = {**messages.metrics().model_dump(), "val_label_loss": value}
            finished_epochs.add(connection, session_id, epoch, metrics)


def finish(
    bench,
    session_id: int,
    *values: float | None,
    status: str = "completed",
    reason: str = "crashed",
) -> None:
    """A session that has ended after these epochs; `reason` is that of a failed one."""
    learn(bench, session_id, *values)
    error = {"reason": reason, "message": "."} if status == "failed" else None
    with bench.database.write() as connection:
        sessions.end(connection, session_id, status, error)
