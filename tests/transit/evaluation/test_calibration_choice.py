"""Temperature against temperature with class biases: known answers, out of fold, by star."""

import numpy as np
import pytest

from backend.transit.columns import LABELS
from backend.transit.evaluation.calibration import apply_temperature
from backend.transit.evaluation.calibration_choice import (
    TEMPERATURE,
    WITH_BIASES,
    Calibration,
    choose_calibration,
    fit_biases,
)

SHIFT = np.array([0.9, -0.6, -0.3])


def draw(rows, seed=1):
    """Probabilities, and labels drawn with just these probabilities."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.7] * 3, rows)
    true = (random.random((rows, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return true, probabilities


def shifted(probabilities, biases):
    weighted = probabilities * np.exp(biases)
    return weighted / weighted.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.8])
def test_a_class_balance_that_was_another_one_needs_biases_which_are_found(temperature):
    true, honest = draw(4_000)
    spoiled = apply_temperature(shifted(honest, -SHIFT), 1 / temperature)
    calibration, described = choose_calibration(true, spoiled, np.arange(4_000), 0)
    assert described["kind"] == WITH_BIASES
    assert calibration.temperature == pytest.approx(temperature, rel=0.08)
    assert np.array(calibration.biases) == pytest.approx(SHIFT, abs=0.1)
    assert np.abs(calibration.apply(spoiled) - honest).mean() < 0.01
    assert described["gain"] > 5 * described["standard_error"]
    losses = described["log_loss"]
    assert losses[TEMPERATURE] - losses[WITH_BIASES] == pytest.approx(described["gain"])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.8])
def test_what_a_temperature_mends_has_no_biases(temperature, seed):
    true, honest = draw(1_000, seed)
    spoiled = apply_temperature(honest, 1 / temperature)
    calibration, described = choose_calibration(true, spoiled, np.arange(1_000), 0)
    assert described["kind"] == TEMPERATURE
    assert calibration.biases == (0.0, 0.0, 0.0)
    assert calibration.temperature == pytest.approx(temperature, rel=0.15)


def test_a_gain_within_its_standard_error_keeps_the_temperature_alone():
    true, honest = draw(300, seed=3)
    spoiled = shifted(honest, [-0.06, 0.06, 0])
    calibration, described = choose_calibration(true, spoiled, np.arange(300), 0)
    assert 0 < described["gain"] < described["standard_error"]
    assert described["kind"] == TEMPERATURE
    assert not calibration.has_biases


def test_a_gain_of_less_than_two_standard_errors_keeps_the_temperature_alone():
    true, honest = draw(300, seed=3)
    spoiled = shifted(honest, [-0.2, 0.2, 0])
    calibration, described = choose_calibration(true, spoiled, np.arange(300), 0)
    assert 1 < described["gain"] / described["standard_error"] < 2
    assert described["kind"] == TEMPERATURE
    assert not calibration.has_biases


def test_rows_of_one_star_are_one_witness():
    """Repeated rows make a chance gain look certain, unless the star counts once."""
    true, honest = draw(60, seed=4)
    spoiled = shifted(honest, [-0.25, 0.25, 0])
    stars = np.repeat(np.arange(60), 20)
    repeated = np.repeat(true, 20), np.repeat(spoiled, 20, axis=0)
    by_star = choose_calibration(*repeated, stars, 0).described
    by_row = choose_calibration(*repeated, np.arange(1_200), 0).described
    assert by_star["standard_error"] > 3 * by_row["standard_error"]
    assert by_star["gain"] < by_row["gain"]  # a row of the star was in the other folds


def test_with_fewer_stars_than_folds_nothing_is_compared():
    true, honest = draw(40)
    calibration, described = choose_calibration(true, honest, np.arange(40) % 4, 0)
    assert described["kind"] == TEMPERATURE
    assert [described[name] for name in ("log_loss", "gain", "standard_error", "rows")] == [
        None
    ] * 4
    nothing = choose_calibration(np.zeros(0, int), np.zeros((0, 3)), np.zeros(0, int), 0)
    assert nothing.calibration == Calibration(1.0)
    assert calibration.temperature == described["temperature"]


def test_a_class_without_a_row_has_a_bias_that_stays_finite():
    probabilities = draw(400)[1]
    biases = fit_biases(np.zeros(400, int), probabilities).biases
    assert np.isfinite(biases).all()
    assert max(biases) == biases[0]


def test_the_biases_are_where_the_loss_with_its_priors_is_lowest():
    true, probabilities = draw(30)

    def loss(calibration):
        found = calibration.apply(probabilities)[np.arange(30), true]
        values = np.array([np.log(calibration.temperature), *calibration.biases])
        return 0.5 * ((values / 0.5) ** 2).sum() - np.log(found).sum()

    best = fit_biases(true, probabilities)
    for step in np.vstack([np.eye(4), -np.eye(4)]) * 0.001:
        other = Calibration(best.temperature * np.exp(step[0]), tuple(best.biases + step[1:]))
        assert loss(other) > loss(best)


def test_a_calibration_is_undone():
    probabilities = draw(50)[1]
    calibration = Calibration(1.7, (0.4, -0.1, -0.3))
    calibrated = calibration.apply(probabilities)
    assert calibrated.sum(axis=1) == pytest.approx(1)
    assert not np.allclose(calibrated, probabilities, atol=0.01)
    assert np.allclose(calibration.undo(calibrated), probabilities)


def test_the_choice_is_described_by_class_and_the_same_each_time():
    true, probabilities = draw(200)
    spoiled = shifted(probabilities, -SHIFT)
    first, second = (choose_calibration(true, spoiled, np.arange(200), 3) for _ in range(2))
    assert first == second
    assert tuple(first.described["biases"]) == LABELS
    assert tuple(first.described["biases"].values()) == first.calibration.biases
