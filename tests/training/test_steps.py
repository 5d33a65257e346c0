"""What a network learns from a curve, and a start from a session's own values."""

import numpy as np
import pytest

from backend.transit.light_curve.curve import synthesise
from backend.transit.simulation.catalogue import simulate

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def steps():
    from backend.training import train

    return train.prepare()


@pytest.fixture(scope="module")
def curves():
    return synthesise(simulate(150, seed=4), "tess")


def test_a_row_is_read_the_same_whichever_rows_are_read_with_it(steps, curves):
    together = steps.read(curves)
    for chosen in ([3], [149, 3, 77], range(20, 150)):
        some = steps.read(curves[list(chosen)])
        for name, values in together.items():
            assert np.array_equal(some[name], values[list(chosen)]), name


def test_no_curve_is_read_as_nothing(steps, curves):
    shapes = {name: values.shape for name, values in steps.read(curves[:0]).items()}
    assert shapes == {"curve_summary": (0, 3), "curve_windows": (0, 64, 1)}


def test_what_is_learnt_from_is_what_the_saved_graph_reads(steps, curves):
    features = np.full((150, 6), np.nan, np.float32)
    learnt = steps.infer({**steps.read(curves), "feat_input": features})
    whole = steps.model({"curve_input": curves[:, :, np.newaxis], "feat_input": features})
    for name, values in learnt.items():
        assert np.allclose(values, whole[name], rtol=1e-5, atol=1e-5), name


def test_a_batch_of_light_rows_moves_the_network_as_little_as_they_weigh(curves):
    import keras

    from backend.training.steps import Steps

    steps = Steps("transit_cnn", 1, 0, keras.optimizers.SGD(0.01), 0.0, 0.0)
    inputs = {**steps.read(curves[:32]), "feat_input": np.zeros((32, 6), np.float32)}
    inputs = {name: inputs[name] for name in steps.names}
    targets = {name: np.ones((32, 1), np.float32) for name in ("period_out", "depth_out")}
    targets["label"] = np.ones((32, 1), np.int32)
    variables = {id(each): each for each in (*steps.model.variables, *steps._learner.variables)}
    before = {key: each.numpy() for key, each in variables.items()}
    moved = []
    for weight in (1.0, 0.1):
        for key, value in before.items():  # the state of the dropout as well
            variables[key].assign(value)
        steps.train(inputs, {**targets, "weight": np.full((32, 1), weight, np.float32)})
        changes = [(each - before[id(each)]).numpy() for each in steps.model.trainable_variables]
        moved.append(np.concatenate([each.ravel() for each in changes]))
    assert np.abs(moved[0]).max() > 1e-4
    np.testing.assert_allclose(moved[1], 0.1 * moved[0], rtol=0.02, atol=1e-6)
