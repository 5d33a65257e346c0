"""Models in files, and predictions with them."""

import hashlib

import numpy as np
import pytest

from backend.transit.columns import ROW_DTYPE
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import network_inputs
from backend.transit.networks.scaling import learn_scaling
from backend.transit.simulation.catalogue import simulate

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def model_file():
    from backend.training import model_file

    return model_file


@pytest.fixture(scope="module")
def rows():
    return simulate(80, seed=3)


@pytest.fixture(scope="module")
def content(model_file, rows):
    from backend.transit.networks.build import build, publish
    from backend.transit.networks.curve_reading import make_reading

    inputs = ("curve_input", "feat_input")
    sample = network_inputs(rows, transit_geometry(rows, "tess"), "tess", inputs)
    reading = make_reading()(sample["curve_input"])
    sample |= {name: np.asarray(each) for name, each in reading.items()}
    graphs = build("transit_cnn", learn_scaling(rows), sample, 1)
    return model_file.serialise(publish(graphs.model))


@pytest.fixture
def path(content, tmp_path):
    (tmp_path / "model.keras").write_bytes(content)
    return tmp_path / "model.keras"


@pytest.fixture(scope="module")
def model(model_file, content, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    path.write_bytes(content)
    return model_file.load_verified_model(path, hashlib.sha256(content).hexdigest())


def predict(model_file, model, rows):
    return model_file.predict_rows(model, rows, transit_geometry(rows, "tess"), "tess")


def test_predictions_have_probabilities_and_physical_units(model_file, model, rows):
    found = predict(model_file, model, rows)
    assert found["probabilities"].shape == (80, 3)
    assert np.allclose(found["probabilities"].sum(axis=1), 1, atol=1e-12)
    assert (found["period"] > 0).all()
    assert (found["depth_ppm"] > 0).all()
    assert {values.dtype for values in found.values()} == {np.dtype("float64")}


def test_rows_are_predicted_alike_alone_and_together(model_file, model, rows):
    together = predict(model_file, model, rows)
    alone = predict(model_file, model, rows[7:8])
    for name, values in alone.items():
        assert np.allclose(values[0], together[name][7], rtol=1e-5)


@pytest.mark.parametrize("count", [1, 80])
def test_a_loaded_model_predicts_what_plain_keras_does(model_file, model, content, rows, count):
    plain = model_file._deserialise(content, "model.keras")
    expected = predict(model_file, plain, rows[:count])
    for name, values in predict(model_file, model, rows[:count]).items():
        assert np.allclose(values, expected[name], rtol=2e-6, atol=0)


def test_no_rows_give_no_predictions(model_file, model, rows):
    found = predict(model_file, model, rows[:0])
    assert {name: len(values) for name, values in found.items()} == {
        "probabilities": 0,
        "period": 0,
        "depth_ppm": 0,
    }


def test_a_changed_file_is_not_loaded(model_file, content, path):
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(model_file.ModelFileError, match="not the one that was saved"):
        model_file.load_verified_model(path, hashlib.sha256(content).hexdigest())


def test_a_missing_file_is_named(model_file, tmp_path):
    with pytest.raises(model_file.ModelFileError, match=r"gone\.keras"):
        model_file.load_verified_model(tmp_path / "gone.keras", "0" * 64)


def test_a_file_that_is_no_model_is_refused_even_with_its_right_hash(model_file, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK not a model")
    sha256 = hashlib.sha256(b"PK not a model").hexdigest()
    with pytest.raises(model_file.ModelFileError, match="not a Keras model"):
        model_file.load_verified_model(path, sha256)


def test_a_file_with_code_in_it_is_refused(model_file, tmp_path):
    import keras

    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    path = tmp_path / "model.keras"
    model.save(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(model_file.ModelFileError):
        model_file.load_verified_model(path, sha256)


@pytest.fixture
def kept_rows(tmp_path):
    """The training rows of a model, in a file, and their hash."""
    from backend.training.results.kept_rows import describe_neighbours
    from backend.training.spec import TrainingSpec

    rows = np.zeros(20, ROW_DTYPE)
    for name in ("period", "duration", "depth"):
        rows[name] = np.arange(20) + 1
    spec = TrainingSpec(1, tmp_path, "koi", "d", "m", tmp_path, tmp_path)
    content, described = describe_neighbours(spec, rows, np.arange(10, 20))
    path = tmp_path / "m.neighbours.npy"
    path.write_bytes(content)
    return path, described["sha256"]


def test_the_training_rows_of_a_model_are_read_as_they_were_written(kept_rows):
    from backend.training.results.kept_rows import load_neighbours

    path, sha256 = kept_rows
    asked = np.zeros(1, ROW_DTYPE)
    asked["period"] = asked["duration"] = asked["depth"] = 15
    found = load_neighbours(path, sha256).nearest(asked)
    assert (found["row"][0, 0], found["distance"][0, 0]) == (14, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"other", "is not the one that was saved")],
)
def test_training_rows_that_are_missing_or_changed_are_the_model_s_fault(kept_rows, content, said):
    from backend.training.model_file import ModelFileError
    from backend.training.results.kept_rows import load_neighbours

    path, sha256 = kept_rows
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=said):
        load_neighbours(path, sha256)


@pytest.mark.parametrize(
    ("rows", "said"), [(b"text", "holds no rows"), (np.zeros(3), "of another kind")]
)
def test_a_file_that_holds_something_else_is_no_training_rows(tmp_path, rows, said):
    from backend.training.model_file import ModelFileError
    from backend.training.results.kept_rows import load_neighbours

    path = tmp_path / "m.neighbours.npy"
    if isinstance(rows, bytes):
        path.write_bytes(rows)
    else:
        np.save(path, rows)
    with pytest.raises(ModelFileError, match=said):
        load_neighbours(path, hashlib.sha256(path.read_bytes()).hexdigest())
