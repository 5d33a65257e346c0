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
