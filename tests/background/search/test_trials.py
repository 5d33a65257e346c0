"""Trials as their rows have them, and as Optuna sees them."""

import math

from optuna.trial import TrialState

from backend.background.search.space import distributions
from backend.background.search.trials import best_of, frozen, trials_from
from tests.background.search.planted import (
    SPACE,
    finish,
    plant_search,
    rows_of,
    trial,
)


def test_rows_become_trials_with_their_epochs(bench):
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.9, None, 0.7, 0.8)
    (found,) = trials_from(rows_of(bench, study), study["settings"]["space"])
    assert (found.number, found.status, found.best_epoch, found.value) == (1, "completed", 3, 0.7)
    assert found.tried == {"learning_rate": 0.002, "ensemble": 1, "network": "transit_cnn"}
    assert math.isnan(found.values[2])
    assert (found.values[1], found.values[4]) == (0.9, 0.8)


def test_the_states_of_trials_are_those_that_the_sampler_learns_from():
    space = distributions(SPACE)

    def state(**fields):
        return frozen(trial(1, 0.5, **fields), space).state

    assert state(status="completed") == TrialState.COMPLETE
    assert state(status="training") == state(status="pending") == TrialState.RUNNING
    assert state(status="pruned", reason="pruned") == TrialState.PRUNED
    assert state(status="failed", reason="diverged") == TrialState.PRUNED
    assert state(status="failed", reason="crashed") == TrialState.FAIL
    assert state(status="cancelled") == TrialState.FAIL


def test_what_optuna_follows_is_the_best_epoch():
    space = distributions(SPACE)
    found = frozen(trial(1, 0.9, 0.4, math.nan, 0.6), space)
    assert found.value == 0.4
    assert list(found.intermediate_values) == [1, 2, 3, 4]
    assert frozen(trial(1, math.nan), space).state == TrialState.FAIL


def test_the_best_so_far_has_a_model_or_will_have_one():
    lost = [
        trial(1, 0.1, status="failed", reason="crashed"),
        trial(2, 0.2, status="cancelled"),
        trial(3, 0.3, status="pruned", reason="pruned"),
    ]
    assert best_of(lost) is None
    running, done = trial(4, 0.6, 0.5, status="training"), trial(5, 0.55)
    best = best_of([*lost, running, done])
    assert best is running
    assert best_of([*lost, done, trial(6, status="training")]) is done
