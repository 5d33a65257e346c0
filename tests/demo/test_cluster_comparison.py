"""What `make demo-cluster` calls the same."""

import io
import zipfile

import h5py
import numpy as np
import pytest

from backend.demo.client import Answer, DemoFailed
from backend.demo.cluster.__main__ import compare
from backend.demo.cluster.comparison import (
    Weights,
    differing_arrays,
    differing_figures,
    weights_of,
)
from backend.demo.cluster.study import Result, progress

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)

FIGURES = {
    "study": {
        "figures": {
            name: {"mean": 0.5, "interval": [0.4, 0.6]}
            for name in ("accuracy", "macro_f1", "log_loss")
        }
    },
    "folds": [{"rows": 10}],
}


def model(weights: Weights, date: str = "today") -> bytes:
    """A file as Keras writes it: weights in HDF5, and a date besides."""
    arrays = io.BytesIO()
    with h5py.File(arrays, "w") as file:
        for name, array in weights.items():
            file[name] = array
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("metadata.json", date)
        archive.writestr("model.weights.h5", arrays.getvalue())
    return content.getvalue()


def result(figures: object = FIGURES, **arrays: np.ndarray) -> Result:
    return Result([arrays or {"dense/0": KERNEL}], figures, 10)


def test_the_arrays_of_a_model_are_found_by_their_paths():
    weights = {"dense/vars/0": KERNEL, "dense/vars/1": np.zeros(3, np.float32)}
    found = weights_of(model(weights))
    assert found.keys() == weights.keys()
    assert found["dense/vars/0"].tobytes() == KERNEL.tobytes()


def test_the_date_of_a_file_makes_no_difference():
    one, other = (weights_of(model({"dense/0": KERNEL}, date)) for date in ("today", "tomorrow"))
    assert differing_arrays(one, other) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"a": np.nextafter(KERNEL, np.float32(9))}, id="the last bit"),
        pytest.param({"a": KERNEL[:, ::-1]}, id="another order"),
        pytest.param({"a": KERNEL.astype(np.float64)}, id="another type"),
        pytest.param({"a": KERNEL.reshape(3, 2)}, id="another shape"),
        pytest.param({}, id="missing"),
        pytest.param({"a": KERNEL, "b": KERNEL}, id="one more"),
    ],
)
def test_an_array_that_is_not_the_same_bit_for_bit_is_named(other: Weights):
    assert differing_arrays({"a": KERNEL}, other) in (["a"], ["b"])
    assert differing_arrays(other, {"a": KERNEL}) in (["a"], ["b"])


def test_minus_zero_is_not_zero_and_what_is_not_a_number_is_itself():
    assert differing_arrays({"a": np.array([0.0])}, {"a": np.array([-0.0])}) == ["a"]
    assert differing_arrays({"a": np.array([np.nan])}, {"a": np.array([np.nan])}) == []


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b.1"]),
        ({"a": 1, "b": None}, {"a": 1}, ["b"]),
        ({"a": 0.1}, {"a": 0.1000000001}, ["a"]),
    ],
)
def test_figures_that_differ_are_named_by_their_paths(one, other, found):
    assert differing_figures(one, other) == found
    assert differing_figures(other, one) == found


def test_two_studies_that_found_the_same_are_said_to(capsys: pytest.CaptureFixture[str]):
    compare(result(), result())
    said = capsys.readouterr().out
    assert "The same weights, bit for bit, and the same figures." in said
    assert said.count("   the same") == 5
    assert "DIFFERENT" not in said


@pytest.mark.parametrize(
    ("other", "named"),
    [
        pytest.param(result(a=KERNEL), "weights", id="weights"),
        pytest.param(result(FIGURES | {"folds": [{"rows": 11}]}), "folds.0.rows", id="figures"),
    ],
)
def test_two_studies_that_differ_end_the_demo(
    other: Result, named: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(DemoFailed, match=named):
        compare(result(), other)
    assert capsys.readouterr().out.count("DIFFERENT") == 1


def fold(number: int, status: str, epochs: int = 0) -> Answer:
    return {
        "id": number,
        "fold": number,
        "status": status,
        "epochs_completed": epochs,
        "epochs": 8,
    }


def test_a_line_says_which_fold_is_where():
    sessions = [
        fold(3, "training"),
        fold(1, "training", 2),
        fold(2, "training", 5),
        fold(4, "pending"),
        fold(5, "completed", 8),
        fold(6, "pending"),
    ]
    node_of = {1: "node 2", 2: "node 1", 3: None}.get
    assert progress(sessions, node_of) == (
        "node 1: fold 2, epoch 5 of 8   node 2: fold 1, epoch 2 of 8   starting: fold 3   "
        "waiting: 4, 6   done: 5"
    )
