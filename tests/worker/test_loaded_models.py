"""Models in a worker's memory: what they are given of a request."""

import hashlib

import numpy as np
import pytest

from backend.storage.layout import Storage
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import RealViews, network_inputs
from backend.transit.networks.registry import inputs_of
from backend.transit.networks.scaling import learn_scaling
from backend.transit.simulation.catalogue import simulate
from tests import messages

pytestmark = pytest.mark.tensorflow

NAME = "light_curve_cnn"


@pytest.fixture(scope="module")
def rows():
    return simulate(12, seed=3)


@pytest.fixture(scope="module")
def content(rows):
    from backend.training import model_file
    from backend.transit.networks.build import build, publish
    from backend.transit.networks.curve_reading import make_reading

    names = inputs_of(NAME, has_relations=False)
    inputs = network_inputs(rows, transit_geometry(rows, "tess"), "tess", names)
    inputs["evidence_input"][:] = np.random.default_rng(1).normal(1, 1, (12, 24))
    scaling = learn_scaling(rows, inputs["catalogue_input"], evidence=inputs["evidence_input"])
    read = {name: np.asarray(each) for name, each in make_reading()(inputs["curve_input"]).items()}
    return model_file.serialise(publish(build(NAME, scaling, inputs | read, seed=1).model))


def test_rows_are_predicted_with_the_views_of_their_request(content, rows, tmp_path):
    from backend.training import model_file
    from backend.worker.loaded_models import LoadedModels

    storage = Storage(tmp_path)
    path = storage.model("1/m.keras")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    views = messages.views(2, 7)
    asked = {"model_file": "1/m.keras", "sha256": sha256, "source": "toi", "rows": rows.tobytes()}
    models = LoadedModels(storage)
    found = models.answer(messages.request(**asked, views=views.tobytes()))
    without = models.answer(messages.request(**asked))

    expected = model_file.predict_rows(
        model_file.load_verified_model(path, sha256),
        rows,
        transit_geometry(rows, "tess"),
        "tess",
        views=RealViews(np.array([2, 7]), views),
    )
    for name, values in expected.items():
        assert (found[name] == values.astype(found[name].dtype)).all(), name
    differ = (found["probabilities"] != without["probabilities"]).any(axis=1)
    assert np.flatnonzero(differ).tolist() == [2, 7]
