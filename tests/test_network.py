"""The Keras graphs: what goes in, what comes out, and that plain Keras is all they need."""

import subprocess
import sys

import numpy as np
import pytest

from backend.transit.columns import FEATURES
from backend.transit.inputs import network_inputs
from backend.transit.networks import NETWORKS
from backend.transit.scaling import learn_scaling
from backend.transit.simulate import simulate

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def rows():
    return simulate(120, seed=3)


@pytest.fixture(scope="module")
def inputs(rows):
    return network_inputs(rows, "tess")


def build(name, rows, seed=1):
    from backend import keras_setup  # noqa: F401  chooses the backend of Keras
    from backend.transit import network

    curves = network_inputs(rows, "tess")["curve_input"][:, :, 0]
    return network.build(name, learn_scaling(rows), curves, seed)


def publish(*members):
    from backend.transit import network

    return network.publish(members)


@pytest.fixture(scope="module", params=list(NETWORKS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def member(name, rows):
    return build(name, rows)


def test_every_network_that_is_told_of_can_be_built_and_has_the_parameters_told(name, member):
    from backend.transit.network import count_parameters

    assert count_parameters(member) == NETWORKS[name].parameters
    assert tuple(member.input) == NETWORKS[name].inputs


def test_the_saved_model_takes_raw_numbers_and_gives_physical_ones(member, inputs):
    model = publish(member)
    assert [tensor.name for tensor in model.inputs] == ["curve_input", "feat_input"]
    assert model.output_names == ["label", "period_out", "depth_out"]
    label, period, depth = model.predict_on_batch(inputs)
    assert np.allclose(label.sum(axis=1), 1, atol=1e-5)
    assert period.shape == depth.shape == (len(label), 1)
    assert (period > 0).all()
    assert (depth > 0).all()


def test_missing_features_give_finite_predictions(member, inputs):
    without = {**inputs, "feat_input": np.full_like(inputs["feat_input"], np.nan)}
    for output in publish(member).predict_on_batch(without):
        assert np.isfinite(output).all()


def test_extreme_inputs_give_finite_predictions(member):
    curves = np.stack([np.ones(2001), np.zeros(2001), np.linspace(0, 1, 2001)])[:, :, None]
    features = np.stack([np.full(6, each) for each in (-1e3, 0.0, 1e7)])
    inputs = {"curve_input": curves.astype("f4"), "feat_input": features.astype("f4")}
    for output in publish(member).predict_on_batch(inputs):
        assert np.isfinite(output).all()


def test_plain_keras_loads_the_saved_files_with_safe_mode_on(rows, inputs, tmp_path):
    models = {name: publish(build(name, rows)) for name in NETWORKS}
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    np.savez(tmp_path / "inputs.npz", **inputs)
    code = (
        "import keras, numpy as np\n"
        f"for name in {list(models)}:\n"
        "    model = keras.saving.load_model(f'{name}.keras', safe_mode=True)\n"
        "    assert not model.compiled\n"
        "    np.savez(f'{name}.npz', *model.predict_on_batch(dict(np.load('inputs.npz'))))"
    )
    environment = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    for name, model in models.items():
        outputs = np.load(tmp_path / f"{name}.npz").values()
        for expected, found in zip(model.predict_on_batch(inputs), outputs, strict=True):
            assert np.allclose(expected, found, rtol=1e-4, atol=1e-6)


def test_a_feature_that_no_training_row_had_is_ignored(rows, inputs):
    rows = rows.copy()
    rows["snr"] = np.nan
    model = publish(build("transit_cnn", rows))
    given, missing = inputs["feat_input"].copy(), inputs["feat_input"].copy()
    given[:, FEATURES.index("snr")] = 50.0
    missing[:, FEATURES.index("snr")] = np.nan
    one, other = (model.predict_on_batch({**inputs, "feat_input": f}) for f in (given, missing))
    assert np.array_equal(one[0], other[0])


def test_each_feature_that_was_seen_matters(rows, inputs):
    model = publish(build("transit_cnn", rows))
    before = model.predict_on_batch(inputs)[0]
    for column in range(len(FEATURES)):
        features = inputs["feat_input"].copy()
        features[:, column] = np.nan
        after = model.predict_on_batch({**inputs, "feat_input": features})[0]
        assert not np.allclose(before, after, atol=1e-5), FEATURES[column]


def test_a_mirrored_curve_is_the_same_curve(rows, inputs):
    model = publish(build("transit_cnn", rows))
    lopsided = inputs["curve_input"] + np.linspace(0, 1e-3, 2001, dtype="f4")[:, None]
    one = model.predict_on_batch({**inputs, "curve_input": lopsided})
    other = model.predict_on_batch({**inputs, "curve_input": lopsided[:, ::-1]})
    assert all(np.allclose(a, b, rtol=1e-4) for a, b in zip(one, other, strict=True))


def test_the_depth_is_read_from_the_curve_before_anything_is_learnt(rows, inputs):
    wide = rows["duration"] / 24 / rows["period"] > 0.005
    _, _, depth = publish(build("transit_cnn", rows)).predict_on_batch(inputs)
    relative = np.abs(depth[:, 0] / rows["depth"] - 1)[wide]
    assert wide.sum() > 20
    assert np.median(relative) < 0.02


def test_the_same_seed_gives_the_same_initial_weights_and_another_seed_others(rows):
    first, same, other = (build("transit_cnn", rows, seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_members_are_averaged(rows, inputs):
    members = [build("transit_cnn", rows, seed) for seed in (1, 2)]
    one, other = (publish(each).predict_on_batch(inputs)[0] for each in members)
    both = publish(*members).predict_on_batch(inputs)[0]
    assert np.allclose(both, (one + other) / 2, atol=1e-6)


def test_a_longer_transit_is_a_shifted_one_in_windows_of_log_phase():
    from backend import keras_setup  # noqa: F401
    from backend.transit.curve_reading import WINDOWS, log_phase_windows

    weights = log_phase_windows()
    assert weights.shape == (1001, WINDOWS)
    assert np.allclose(weights.sum(axis=0), 1, atol=1e-5)
    seen = [np.argmin((np.arange(1001) <= half) @ weights > 0.5) for half in (50, 100, 200, 400)]
    steps = np.diff(seen)
    assert (abs(steps - steps[0]) <= 1).all()
    assert steps[0] > 4
