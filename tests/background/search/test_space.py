"""What a search may change: ranges and choices, refused by name, counted."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from backend.background.search.space import distributions, every_setting, require_usable
from backend.errors import Invalid
from tests.background.search.planted import BASE, SPACE


@pytest.mark.parametrize(
    ("space", "field", "words"),
    [
        ({}, "space", "at least one of learning_rate"),
        ({"ensemble": {"low": 3, "high": 3}}, "space.ensemble.high", "more than low, 3"),
        (
            {"batch_size": {"low": 8, "high": 64, "log": True, "step": 8}},
            "space.batch_size.step",
            "log or step",
        ),
        (
            {"learning_rate": {"low": 1e-2, "high": 1e-1}},
            "space.learning_rate",
            "learning_rate 0.002, received 0.01 to 0.1",
        ),
        ({"ensemble": {"low": 2, "high": 5}}, "space.ensemble", "ensemble 1, received 2 to 5"),
        (
            {"batch_size": {"low": 10, "high": 200, "step": 10}},
            "space.batch_size",
            "in steps of 10",
        ),
        ({"network": {"choices": ["seed_cnn"]}}, "space.network", "received seed_cnn"),
        (
            {"network": {"choices": ["transit_cnn", "transit_cnn"]}},
            "space.network.choices",
            "each choice once",
        ),
    ],
)
def test_a_space_that_no_search_can_begin_in_is_refused_by_name(space, field, words):
    with pytest.raises(Invalid) as refused:
        require_usable(space, {**BASE, "batch_size": 128})
    (error,) = refused.value.errors
    assert error["field"] == field
    assert words in error["message"]


def test_a_space_with_the_first_trial_in_it_is_usable():
    require_usable(SPACE, BASE)
    require_usable({"batch_size": {"low": 8, "high": 200, "step": 8}}, {"batch_size": 128})


def test_a_range_that_its_steps_do_not_divide_ends_at_the_last_step():
    assert distributions({"batch_size": {"low": 8, "high": 30, "step": 8}}) == {
        "batch_size": IntDistribution(8, 24, step=8)
    }
    assert distributions(SPACE) == {
        "learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "ensemble": IntDistribution(1, 5, step=2),
        "network": CategoricalDistribution(["transit_cnn", "seed_cnn"]),
    }


def test_what_a_space_allows_is_counted_unless_it_has_fractions_or_is_large():
    small = {name: SPACE[name] for name in ("ensemble", "network")}
    assert len(every_setting(small) or []) == 6
    assert {"ensemble": 5, "network": "seed_cnn"} in (every_setting(small) or [])
    assert every_setting(SPACE) is None
    assert every_setting({"batch_size": {"low": 8, "high": 4096}}) is None
