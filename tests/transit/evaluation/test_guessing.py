"""Against the class frequencies: known answers, and what is not a number."""

import json

import numpy as np
import pytest

from backend.transit.columns import LABELS
from backend.transit.evaluation.figures import brief
from backend.transit.evaluation.guessing import against_guessing, class_frequencies

TRAINED = np.array([0] * 5 + [1] * 2)  # with one more of each: 6, 3 and 1 of 10
TRUE = np.array([0, 1, 2, 0])
GUESSING = -np.log([0.6, 0.3, 0.1, 0.6]).mean()


def sure(share):
    """So much for the true class of each row, the rest for the others."""
    probabilities = np.full((len(TRUE), len(LABELS)), (1 - share) / 2)
    probabilities[np.arange(len(TRUE)), TRUE] = share
    return probabilities


def test_a_class_without_a_training_row_is_unlikely_and_not_impossible():
    np.testing.assert_allclose(class_frequencies(TRAINED), [0.6, 0.3, 0.1])
    np.testing.assert_allclose(class_frequencies(np.array([], int)), [1 / 3] * 3)


@pytest.mark.parametrize(("share", "beats"), [(0.9, True), (0.3, False), (0.0, False)])
def test_a_network_is_measured_on_the_same_rows_as_the_frequencies(share, beats):
    found = against_guessing(TRAINED, TRUE, sure(share))
    assert found["beats_guessing"] is beats
    assert found["rows"] == 4
    assert found["guessing_log_loss"] == pytest.approx(GUESSING)
    assert found["log_loss"] == pytest.approx(brief(TRUE, sure(share))["log_loss"])


def test_the_frequencies_themselves_do_not_beat_guessing():
    frequencies = np.tile(class_frequencies(TRAINED), (len(TRUE), 1))
    assert against_guessing(TRAINED, TRUE, frequencies)["beats_guessing"] is False


def test_what_is_not_a_number_beats_nothing_and_is_never_in_json():
    probabilities = sure(0.9)
    probabilities[0] = np.nan
    found = against_guessing(TRAINED, TRUE, probabilities)
    assert (found["beats_guessing"], found["log_loss"]) == (False, None)
    json.dumps(found, allow_nan=False)
