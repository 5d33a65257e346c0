"""Several settings, each compared with one of them: the base.

Each is measured by several seeds, which have test rows of their own: those of one seed are the same
for all settings. The groups of all these rows are drawn, so that a group counts as often in every
seed that has tested it, and in every setting.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backend.transit.evaluation.bootstrap import (
    LEVEL,
    MOST_DRAWS,
    Array,
    Labels,
    centred_interval,
    draw_weights,
    measure_draws,
    percentile_interval,
)
from backend.transit.evaluation.paired import MORE_IS_BETTER, difference_of, figure, headline
from backend.transit.evaluation.repeated import mean_of
from backend.transit.rows import Index


class OfSeed(NamedTuple):
    """What the network of a seed says of its test rows.

    Attributes:
        true: int, (n,), label codes.
        probabilities: float64, (n, 3).
        places: intp, (n,), of its rows among those of all seeds.
    """

    true: Labels
    probabilities: Array
    places: Index


class Setting(NamedTuple):
    """What a setting is worth, measured by all its seeds.

    Attributes:
        headline: the figures of each seed on its test rows, by name.
        drawn: float64, (draws,), the mean over the seeds of a figure on each draw, by name.
    """

    headline: list[dict[str, float | None]]
    drawn: dict[str, Array]


def measure_setting(by_seed: Iterable[OfSeed], groups: Index, settings: int) -> Setting:
    """Measure a setting, one seed after the other.

    Args:
        by_seed: what the network of each seed says.
        groups: intp, (rows of all seeds,), equal for rows of one group.
        settings: how many are compared with the base: the draws must be enough for all of them.
    """
    values: list[dict[str, float | None]] = []
    drawn: dict[str, list[Array]] = {name: [] for name in MORE_IS_BETTER}
    for tested in by_seed:
        every = draw_weights(len(groups), groups, 0, fewest_draws(settings))
        of_seed = (weights[:, tested.places] for weights in every)
        with np.errstate(invalid="ignore", divide="ignore"):  # a draw may have none of its rows
            draws = measure_draws(tested.true, tested.probabilities, of_seed)
        values.append(headline(draws))
        for name, found in drawn.items():
            found.append(figure(draws.drawn, name))
    return Setting(values, {name: np.mean(found, axis=0) for name, found in drawn.items()})


def fewest_draws(settings: int) -> int:
    """How many draws can tell so many settings from the base, by Holm's correction, twice over."""
    return min(MOST_DRAWS, math.ceil(4 * settings / (1 - LEVEL)))


def intervals_of_means(setting: Setting) -> dict[str, list[float] | None]:
    """95% intervals, over the groups, of the mean figures of a setting, by name."""
    found: dict[str, list[float] | None] = {}
    for name, drawn in setting.drawn.items():
        mean = mean_of([each[name] for each in setting.headline])
        if mean is None:
            found[name] = None
        elif name == "ece":
            found[name] = centred_interval(mean, drawn)
        else:
            found[name] = percentile_interval(drawn)
    return found


def differences_to_base(
    base: Setting, others: Sequence[Setting], settings: int
) -> list[dict[str, dict[str, Any]]]:
    """How some settings differ from the base, the verdicts corrected for how many there are.

    Args:
        base, others: from `measure_setting`, of the same rows, groups and draws.
        settings: how many are compared with the base in the end; those that are not measured yet
            count as without a difference.

    Returns:
        Of each other one by figure, {difference, interval, p_value, verdict}: its mean over the
        seeds minus that of the base; the 95% interval of this difference alone; its p value after
        Holm's correction over the settings; "better" or "worse" where that is at most 0.05 and the
        interval does not contain 0, else "cannot_tell".

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 8, 13 and 16.
    """
    found: list[dict[str, dict[str, Any]]] = [{} for _ in others]
    for name in MORE_IS_BETTER:
        alone = [_difference(name, base, other) for other in others]
        missing = [1.0] * (settings - len(others))
        corrected = holm([each["p_value"] for each in alone] + missing)
        for one, difference, p_value in zip(found, alone, corrected, strict=False):
            is_told = p_value <= 1 - LEVEL
            verdict = difference["verdict"] if is_told else "cannot_tell"
            is_known = difference["interval"] is not None
            one[name] = difference | {
                "p_value": p_value if is_known else None,
                "verdict": verdict,
            }
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for how many there are, in the same order.

    One that is at most 0.05 after the correction is rejected by the sequentially rejective test,
    by which the probability of any false rejection among all is at most 0.05.

    Args:
        p_values: of tests of any dependence, 0 to 1.

    Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian
    Journal of Statistics 6, 65-70.
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    for rank, number in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[number]))
        corrected[number] = largest
    return corrected


def two_sided(drawn: Array) -> float:
    """How probable it is that a difference is on the other side of 0, or at it; both sides count.

    Args:
        drawn: float64, (draws,), the differences on the draws; NaN where one is not defined.

    Returns:
        1 if less than half of the draws define it.

    Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, section 4.2: a p
    value of draws counts the sample itself as one of them.
    """
    known = drawn[np.isfinite(drawn)]
    if len(known) * 2 < len(drawn):
        return 1.0
    fewer = min((known <= 0).sum(), (known >= 0).sum())
    return min(1.0, 2 * (int(fewer) + 1) / (len(known) + 1))


def _difference(name: str, base: Setting, other: Setting) -> dict[str, Any]:
    before, after = (mean_of([each[name] for each in side.headline]) for side in (base, other))
    drawn = other.drawn[name] - base.drawn[name]
    found = difference_of(name, before, after, drawn)
    if found["interval"] is None:
        return found | {"p_value": 1.0}
    if name == "ece":  # as its interval
        drawn = drawn - (float(np.nanmedian(drawn)) - found["difference"])
    return found | {"p_value": two_sided(drawn)}
