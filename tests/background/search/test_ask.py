"""What is tried next, and what ends early."""

import math
import subprocess
import sys

import optuna
import pytest

from backend.background.search.ask import next_settings, warmup_epochs, why_prune
from backend.background.search.space import distributions
from backend.background.search.trials import frozen
from tests.background.search.planted import BASE, SPACE, loss_of, trial


def search(count: int, seed: int = 0, budget: int | None = 40):
    """The trials of a search, each with its loss before the next is asked for."""
    trials = [trial(1, loss_of(BASE))]
    for number in range(2, count + 1):
        tried = next_settings(SPACE, trials, seed=seed, number=number, budget=budget)
        assert tried is not None
        trials.append(trial(number, loss_of(tried), **tried))
    return trials


def test_the_same_trials_give_the_same_next_one():
    trials = search(16)
    asked = [next_settings(SPACE, list(trials), seed=0, number=17, budget=40) for _ in range(3)]
    assert asked[0] == asked[1] == asked[2]
    assert next_settings(SPACE, trials, seed=1, number=17, budget=40) != asked[0]
    assert next_settings(SPACE, trials, seed=0, number=18, budget=40) != asked[0]


def test_a_trial_that_runs_has_a_say():
    """It counts as a bad one: near it less is asked for."""
    trials, differ = search(16), 0
    for seed in range(8):
        alone = next_settings(SPACE, trials, seed=seed, number=18, budget=40)
        assert alone is not None
        near = alone | {"learning_rate": alone["learning_rate"] * 1.01}
        running = trial(17, status="training", **near)
        asked = next_settings(SPACE, [*trials, running], seed=seed, number=18, budget=40)
        differ += asked != alone
    assert differ > 0


def test_another_process_asks_for_the_same(tmp_path):
    code = (
        "from tests.background.search.test_ask import search\n"
        "print([each.tried for each in search(14)])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == str([each.tried for each in search(14)])


def test_it_learns_from_what_it_has_tried():
    """With three seeds, the second half of the trials is better than the first by the median."""
    gains = []
    for seed in range(3):
        losses = [loss_of(each.tried) for each in search(40, seed)]
        gains.append(sorted(losses[:13])[6] - sorted(losses[20:])[10])
    assert all(gain > 0 for gain in gains)
    assert sum(gains) / 3 > 0.1


def test_what_is_tried_lies_in_the_space():
    for each in search(30):
        assert 1e-4 <= each.tried["learning_rate"] <= 1e-2
        assert each.tried["ensemble"] in (1, 3, 5)
        assert each.tried["network"] in ("transit_cnn", "seed_cnn")


def test_nothing_is_tried_twice_until_all_is():
    space = {"ensemble": {"low": 1, "high": 3}, "network": SPACE["network"]}
    base = {"ensemble": 1, "network": "transit_cnn"}
    trials = [trial(1, 0.5)]
    trials[0].tried.clear()
    trials[0].tried.update(base)
    for number in range(2, 7):
        tried = next_settings(space, trials, seed=3, number=number, budget=None)
        assert tried is not None
        assert tried not in [each.tried for each in trials]
        made = trial(number, 0.5)
        made.tried.clear()
        made.tried.update(tried)
        trials.append(made)
    assert next_settings(space, trials, seed=3, number=7, budget=None) is None


def pruning_after(*values: float, of_others=(0.9, 0.8, 0.7, 0.6, 0.5), count: int = 4):
    others = [
        trial(number, *(value + number / 100 for value in of_others))
        for number in range(1, count + 1)
    ]
    own = trial(9, *values, status="training")
    return why_prune(SPACE, [*others, own], own, epochs=5)


def test_a_trial_worse_than_the_median_ends_with_both_figures():
    why = pruning_after(1.2, 1.1, 1.0)
    assert why == (
        "Pruned after epoch 3: validation log loss 1.0000; the median of earlier trials at that "
        "epoch is 0.7250."
    )


@pytest.mark.parametrize(
    "values",
    [
        (1.2,),  # too early
        (1.2, 0.8249),  # better than the median
        (0.6, 1.1, 1.0),  # was better once: its best epoch counts
        (math.nan, math.nan),
    ],
)
def test_other_trials_go_on(values):
    assert pruning_after(*values) is None


def test_the_median_is_that_of_completed_trials_alone():
    assert pruning_after(1.2, 1.1, count=4) is not None
    assert pruning_after(1.2, 1.1, count=3) is None  # too few
    others = [trial(n, 0.5, 0.5, status="pruned", reason="pruned") for n in range(1, 9)]
    own = trial(9, 1.2, 1.1, status="training")
    assert why_prune(SPACE, [*others, own], own, epochs=5) is None


def test_the_sentence_says_what_the_pruner_compares():
    """It is above its median exactly where Optuna prunes."""
    values = [0.71, 0.62, 0.9, 0.55, 0.8]
    others = [trial(n, 1.0, value) for n, value in enumerate(values, 1)]
    for own_value in (0.70, 0.7099, 0.7101, 0.72):
        own = trial(9, 1.0, own_value, status="training")
        why = why_prune(SPACE, [*others, own], own, epochs=5)
        assert (why is not None) == (own_value > 0.71)


def test_a_long_session_is_spared_for_a_fifth_of_its_epochs():
    assert [warmup_epochs(epochs) for epochs in (1, 5, 50, 51)] == [2, 2, 10, 11]


def test_optuna_says_nothing_and_stores_nothing(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search(12)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_trial_is_what_a_study_of_optuna_would_have():
    study = optuna.create_study()
    study.add_trial(frozen(trial(1, 0.5), distributions(SPACE)))
    assert study.best_params == BASE
