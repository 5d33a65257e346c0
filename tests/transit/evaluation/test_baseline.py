"""The trees that a network is compared with."""

import json

import numpy as np
import pytest

from backend.transit.evaluation import baseline
from backend.transit.simulation.catalogue import simulate


@pytest.fixture(scope="module")
def tables():
    rows = simulate(600, seed=4)
    return rows[:400], rows[400:]


def figures_of(tables, **options):
    found = baseline.evaluate_baselines(*tables, seed=1, **options)
    return {name: trees.figures for name, trees in found.items()}


def test_both_trees_are_better_than_chance(tables):
    figures = figures_of(tables)
    majority = np.bincount(tables[1]["label"]).max() / len(tables[1])
    for name in ("same_information", "all_columns"):
        assert figures[name]["n_test"] == 200
        assert figures[name]["accuracy"] > majority + 0.1
    json.dumps(figures, allow_nan=False)


def test_a_network_with_the_catalogue_is_compared_with_trees_that_have_it_too(tables):
    figures = figures_of(tables, has_catalogue=True)
    assert figures["same_information"] == figures["all_columns"]
    without = figures_of(tables)
    assert without["same_information"] != without["all_columns"] == figures["all_columns"]


def test_a_class_that_was_not_trained_on_has_no_probability(tables):
    trained, tested = tables
    trained = trained[trained["label"] != 1]
    found = baseline.tree_probabilities(
        baseline.all_columns(trained), trained["label"], baseline.all_columns(tested), seed=1
    )
    assert np.array_equal(found[:, 1], np.zeros(len(tested)))
    assert np.allclose(found.sum(axis=1), 1)


def test_of_many_rows_only_some_are_fitted(tables, monkeypatch):
    fitted = []
    monkeypatch.setattr(baseline, "MAX_ROWS", 100)
    monkeypatch.setattr(
        baseline,
        "tree_probabilities",
        lambda known, labels, asked, seed, weights: (
            fitted.append((len(known), weights.tolist())) or np.full((200, 3), 1 / 3)
        ),
    )
    weights = np.linspace(0.1, 1, len(tables[0]), dtype=np.float32)
    baseline.evaluate_baselines(*tables, seed=1, weights=weights)
    chosen = baseline.sample_rows(np.arange(len(weights)), 1)
    assert fitted == [(100, weights[chosen].tolist())] * 2


def test_rows_that_weigh_little_teach_little(tables):
    trained, tested = tables
    trained, wrong = np.concatenate([trained, trained]), trained.copy()
    wrong["label"] = 2
    trained[len(wrong) :] = wrong
    weights = np.ones(len(trained), np.float32)
    misled = figures_of((trained, tested), weights=weights)
    assert misled == figures_of((trained, tested))
    weights[len(wrong) :] = 0.01
    told = figures_of((trained, tested), weights=weights)
    for name in told:
        assert told[name]["log_loss"] < misled[name]["log_loss"] - 0.1


def test_the_network_s_information_holds_neither_the_period_nor_the_duration(tables):
    rows = tables[0].copy()
    rows["period"] *= 2
    rows["duration"] *= 2
    same = baseline.same_information
    assert np.allclose(same(rows), same(tables[0]), equal_nan=True)
