"""What a search tries next, and whether a trial ends early: Optuna, rebuilt each time from trials.

The same trials give the same answer: the seed of the sampler follows from the seed of the study
and the number of the trial. Optuna is imported here and nowhere before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.background.search.space import Space, Tried, distributions, every_setting
from backend.background.search.trials import Trial, frozen

if TYPE_CHECKING:
    import optuna

# Random trials before the sampler learns from the others: a third of a small budget.
_MOST_RANDOM = 10
_LEAST_RANDOM = 4

# Trials that must have completed an epoch before one is ended there, and the share of the epochs
# before which none is: what is slow at first may be the best in the end.
PRUNING_AFTER_TRIALS = 4
_WARMUP_SHARE = 0.2
_LEAST_WARMUP = 2

# How often it is asked again for something that was not tried yet.
_MOST_ATTEMPTS = 20


def next_settings(
    space: Space, trials: Sequence[Trial], *, seed: int, number: int, budget: int | None
) -> Tried | None:
    """What a trial is to try: the tree-structured Parzen estimator (TPE) of Optuna says so.

    Trials that run count as bad ones (`constant_liar`), so that two at once differ.

    Args:
        space: of the search.
        trials: the earlier ones.
        seed: of the study.
        number: of the new trial.
        budget: how many trials there are to be; None: not known.

    Returns:
        None: everything that the space allows was tried.

    Source: Bergstra et al. (2011), Algorithms for Hyper-Parameter Optimization, section 4.
    """
    tried = [each.tried for each in trials]
    possible = every_setting(space)
    left = None if possible is None else [each for each in possible if each not in tried]
    if left == []:
        return None
    for attempt in range(_MOST_ATTEMPTS):
        found = _asked(space, trials, _seed(seed, number, attempt), budget)
        if found not in tried:
            return found
    if left is None:
        return found
    return left[_seed(seed, number, _MOST_ATTEMPTS) % len(left)]


def why_prune(space: Space, trials: Sequence[Trial], trial: Trial, epochs: int) -> str | None:
    """Why a trial ends early, as a sentence; None: it goes on.

    The best log loss that it has had is above the median of the completed trials at its last
    epoch; the first trials of a search and the first epochs of a trial are spared.

    Args:
        space: of the search.
        trials: of the search.
        trial: one of them that learns.
        epochs: that it may learn.
    """
    import optuna

    others = [each for each in trials if each.number != trial.number]
    if trial.value is None or not trial.values:
        return None
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=PRUNING_AFTER_TRIALS,
        n_warmup_steps=warmup_epochs(epochs),
        n_min_trials=PRUNING_AFTER_TRIALS,
    )
    study = _study(space, others, optuna.samplers.RandomSampler(0))
    if not pruner.prune(study, frozen(trial, distributions(space))):
        return None
    epoch = max(trial.values)
    return (
        f"Pruned after epoch {epoch}: validation log loss {trial.value:.4f}; the median of earlier "
        f"trials at that epoch is {_median_at(others, epoch):.4f}."
    )


def warmup_epochs(epochs: int) -> int:
    """The first epoch after which a trial may end early."""
    return max(_LEAST_WARMUP, math.ceil(_WARMUP_SHARE * epochs))


def _asked(space: Space, trials: Sequence[Trial], seed: int, budget: int | None) -> Tried:
    import optuna

    random = _MOST_RANDOM if budget is None else max(_LEAST_RANDOM, budget // 3)
    sampler = optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=min(_MOST_RANDOM, random), constant_liar=True
    )
    study = _study(space, trials, sampler)
    return dict(study.ask(distributions(space)).params)


def _study(
    space: Space, trials: Sequence[Trial], sampler: optuna.samplers.BaseSampler
) -> optuna.Study:
    """A study in memory, with these trials."""
    import optuna

    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    known = distributions(space)
    study.add_trials([frozen(each, known) for each in trials])
    return study


def _median_at(trials: Sequence[Trial], epoch: int) -> float:
    values = (each.values.get(epoch, math.nan) for each in trials if each.status == "completed")
    return median(value for value in values if math.isfinite(value))


def _seed(*parts: int) -> int:
    state: Any = np.random.SeedSequence(parts).generate_state(1)
    return int(state[0])
