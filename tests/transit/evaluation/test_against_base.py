"""Settings against a base: Holm's correction, p values of draws, pairing over seeds."""

import numpy as np
import pytest

from backend.transit.evaluation.against_base import (
    OfSeed,
    differences_to_base,
    fewest_draws,
    holm,
    intervals_of_means,
    measure_setting,
    two_sided,
)

ROWS = 400
TRUE = np.arange(ROWS) % 3
GROUPS = np.arange(ROWS) // 2


def classified(seed, share, spread=0.3):
    """Probabilities that are right for about this share of the rows."""
    random = np.random.default_rng(seed)
    right = random.random(ROWS) < share
    label = np.where(right, TRUE, (TRUE + 1) % 3)
    found = random.dirichlet([1, 1, 1], ROWS) * spread + np.eye(3)[label] * (1 - spread)
    return found


def by_seed_of(probabilities, seeds):
    """Two seeds that have tested overlapping halves of the rows."""
    for seed in range(seeds):
        places = np.arange(seed * ROWS // 4, seed * ROWS // 4 + ROWS // 2)
        yield OfSeed(TRUE[places], probabilities[seed][places], places)


def measured(share, settings=1, first=0, seeds=2):
    found = [classified(first + seed, share) for seed in range(seeds)]
    return measure_setting(by_seed_of(found, seeds), GROUPS, settings)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        # By hand: 0.005 by 4, 0.01 by 3, 0.03 by 2, and 0.04 by 1, which is not below the last.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.04], [0.04]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
        ([], []),
    ],
)
def test_holm_corrects_the_smallest_by_all_and_keeps_the_order(p_values, corrected):
    assert holm(p_values) == pytest.approx(corrected)


@pytest.mark.parametrize("many", [1, 2, 5, 12])
def test_holm_rejects_as_the_sequential_test_does(many):
    random = np.random.default_rng(many)
    for _ in range(200):
        p_values = random.random(many) ** 4
        rejected = set()
        for rank, number in enumerate(np.argsort(p_values)):  # the test of the paper, step by step
            if p_values[number] > 0.05 / (many - rank):
                break
            rejected.add(int(number))
        assert {n for n, each in enumerate(holm(p_values.tolist())) if each <= 0.05} == rejected


@pytest.mark.parametrize(
    ("drawn", "p_value"),
    [
        (np.arange(1, 100), 2 / 100),
        (np.arange(-99, 0), 2 / 100),
        (np.arange(-4, 95), 2 * 6 / 100),  # four below 0, one at it
        (np.zeros(99), 1.0),
        (np.where(np.arange(99) < 60, np.nan, 1.0), 1.0),
    ],
)
def test_a_p_value_counts_the_draws_beyond_zero_and_the_sample(drawn, p_value):
    assert two_sided(drawn.astype(float)) == pytest.approx(p_value)


def test_the_draws_are_enough_for_all_settings():
    for settings in range(1, 13):
        least = 2 / (fewest_draws(settings) + 1)
        assert settings * least < 0.05


def test_a_better_setting_is_found_and_an_equal_one_is_not():
    base, better, equal = measured(0.6), measured(0.8, first=10), measured(0.6, first=20)
    found = differences_to_base(base, [better, equal], 2)
    assert found[0]["accuracy"]["verdict"] == found[0]["log_loss"]["verdict"] == "better"
    low, high = found[0]["accuracy"]["interval"]
    assert 0 < low < found[0]["accuracy"]["difference"] < high
    assert found[0]["accuracy"]["p_value"] <= 0.05
    assert {each["verdict"] for each in found[1].values()} == {"cannot_tell"}
    (worse,) = differences_to_base(better, [base], 1)
    assert worse["accuracy"]["verdict"] == "worse"


def test_the_same_predictions_do_not_differ():
    (found,) = differences_to_base(measured(0.6), [measured(0.6)], 1)
    assert found["accuracy"] == {
        "difference": 0.0,
        "interval": [0.0, 0.0],
        "p_value": 1.0,
        "verdict": "cannot_tell",
    }


def test_a_difference_that_one_comparison_tells_may_be_chance_among_many():
    base = measured(0.6, settings=12)
    slightly = measured(0.66, settings=12, first=30)
    (alone,) = differences_to_base(base, [slightly], 1)
    assert alone["accuracy"]["verdict"] == "better"
    among = differences_to_base(base, [slightly], 12)[0]["accuracy"]
    assert among["interval"] == alone["accuracy"]["interval"]
    assert among["p_value"] == pytest.approx(min(1, 12 * alone["accuracy"]["p_value"]))
    assert among["verdict"] == "cannot_tell"


def test_a_group_goes_together_over_the_seeds():
    """Two seeds that have tested the same rows say as much of them as one does."""
    places = np.arange(ROWS)
    one = OfSeed(TRUE, classified(0, 0.6), places)
    alone, twice = (measure_setting([one] * seeds, GROUPS, 1) for seeds in (1, 2))
    assert intervals_of_means(alone) == intervals_of_means(twice)


def test_seeds_with_other_test_rows_know_more_than_seeds_with_the_same():
    """As much alike as they are: what counts is whose rows they have tested."""
    half = ROWS // 2
    probabilities = classified(0, 0.6)[:half]

    def width(starts):
        tests = [OfSeed(TRUE[:half], probabilities, np.arange(n, n + half)) for n in starts]
        low, high = intervals_of_means(measure_setting(tests, GROUPS, 1))["accuracy"]
        return high - low

    assert width([0, half]) < 0.85 * width([0, 0])


def test_groups_are_wider_than_rows():
    """Where the rows of a group are right or wrong together, fewer things are known."""
    right = np.repeat(np.random.default_rng(0).random(ROWS // 8) < 0.6, 8)
    probabilities = np.eye(3)[np.where(right, TRUE, (TRUE + 1) % 3)] * 0.7 + 0.1
    tests = [OfSeed(TRUE, probabilities, np.arange(ROWS))]
    wide, narrow = (
        intervals_of_means(measure_setting(tests, groups, 1))["accuracy"]
        for groups in (np.arange(ROWS) // 8, np.arange(ROWS))
    )
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])
