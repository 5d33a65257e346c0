"""What tables say for the learning alone, as arrays. Nothing needs TensorFlow."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from backend.training.examples.teaching import (
    FEWEST_OF_KIND,
    NOTHING_TAUGHT,
    OTHER_KIND,
    kinds_of,
    teaching_of,
    weights_of,
)
from backend.training.spec import TrainingSpec
from backend.transit.columns import EVIDENCE_DTYPE, ROW_DTYPE, TEACHING, evidence_dtype

SPEC = TrainingSpec(
    session_id=1,
    table=Path("table.npy"),
    source="koi",
    dataset_sha256="d" * 64,
    model_name="m",
    model_path=Path("m.keras"),
    checkpoint=Path("1.ckpt"),
    network="light_curve_cnn",
    use_weights=True,
    use_kinds=True,
)


def taught(kinds, labels=2, fields=TEACHING):
    """Evidence with these kinds, and a table with these labels; every row is a training row."""
    evidence = np.zeros(len(kinds), evidence_dtype(fields))
    evidence["kind"] = kinds
    table = np.zeros(len(kinds), ROW_DTYPE)
    table["label"] = labels
    return evidence, table


def enough(*kinds):
    return [kind for kind in kinds for _ in range(FEWEST_OF_KIND)]


def test_a_weight_that_is_not_told_is_1_and_none_is_0():
    evidence = np.zeros(4, evidence_dtype(("weight",)))
    evidence["weight"] = [np.nan, 0.25, 1, 1e-300]
    weights = weights_of(evidence)
    assert weights.dtype == np.float32
    assert weights[:3].tolist() == [1, 0.25, 1]
    assert 0 < weights[3] < 1e-30
    assert weights_of(np.zeros(2, EVIDENCE_DTYPE)).tolist() == [1, 1]


def test_kinds_that_enough_training_rows_have_are_told_apart_and_the_rest_is_one():
    evidence, table = taught([*enough("V", "EB"), *["J"] * (FEWEST_OF_KIND - 1), "IS", ""])
    kinds, names = kinds_of(evidence, table["label"], np.arange(len(table)))
    assert names == ("EB", "V", OTHER_KIND)
    first = [1] * FEWEST_OF_KIND + [0] * FEWEST_OF_KIND
    assert kinds.dtype == np.int32
    assert kinds.tolist() == [*first, *[2] * FEWEST_OF_KIND, -1]


def test_only_training_rows_decide_which_kinds_there_are():
    evidence, table = taught(enough("EB", "V", "J"))
    training = np.arange(1, len(table))  # one of the first kind is not among them
    kinds, names = kinds_of(evidence, table["label"], training)
    assert names == ("J", "V", OTHER_KIND)
    assert kinds[0] == 2


def test_only_false_positives_have_a_kind():
    labels = [2] * (2 * FEWEST_OF_KIND) + [0] * FEWEST_OF_KIND + [-1] * FEWEST_OF_KIND
    evidence, table = taught(enough("EB", "V", "J", "EB"), labels)
    kinds, names = kinds_of(evidence, table["label"], np.arange(len(table)))
    assert names == ("EB", "V", OTHER_KIND)
    assert (kinds[2 * FEWEST_OF_KIND :] == -1).all()


@pytest.mark.parametrize("kinds", [enough("EB"), enough("EB", ""), enough("EB", OTHER_KIND), [""]])
def test_a_single_kind_teaches_nothing(kinds):
    evidence, table = taught(kinds)
    assert kinds_of(evidence, table["label"], np.arange(len(table))) == (None, ())


@pytest.mark.parametrize(
    "changes", [{"use_kinds": False}, {"network": "transit_cnn_catalogue"}, {"use_weights": False}]
)
def test_a_session_is_taught_only_what_it_asks_for(changes):
    evidence, table = taught(enough("EB", "V"))
    spec = dataclasses.replace(SPEC, **changes)
    found = teaching_of(spec, table, evidence, np.arange(len(table)))
    assert (found.weights is None) == ("use_weights" in changes)
    assert (found.kinds is None) == (found.names == ()) == ("use_weights" not in changes)
    assert teaching_of(spec, table, None, np.arange(len(table))) == NOTHING_TAUGHT
