"""The Keras graphs: what goes in, what comes out, and that plain Keras is all they need."""

import subprocess
import sys

import numpy as np
import pytest

from backend.transit.columns import FEATURES, ROW_DTYPE
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import CATALOGUE_COLUMNS, network_inputs
from backend.transit.networks.registry import NETWORKS
from backend.transit.networks.scaling import learn_scaling
from backend.transit.simulation.catalogue import simulate
from tests.transit.networks.light_curves import made_up_curves

pytestmark = pytest.mark.tensorflow

INPUTS = ("curve_input", "feat_input", "catalogue_input", "local_input", "evidence_input")


def inputs_of(rows, names=INPUTS[:2], band="tess"):
    """Of the names; where a network sees light curves, every other row has one."""
    asked = [name for name in names if name not in INPUTS[3:]]
    found = network_inputs(rows, transit_geometry(rows, band), band, asked)
    return found | {name: made_up_curves(len(rows))[name] for name in names if name not in asked}


@pytest.fixture(scope="module")
def rows():
    return simulate(120, seed=3)


@pytest.fixture(scope="module")
def inputs(rows):
    """Those of the default network."""
    return inputs_of(rows)


@pytest.fixture(scope="module")
def all_inputs(rows):
    return inputs_of(rows, INPUTS)


@pytest.fixture(scope="module")
def default(rows):
    """The default network's inner graph, and the model around it."""
    inner = build("transit_cnn", rows)
    return inner, publish(inner)


@pytest.fixture(scope="module")
def with_catalogue(rows):
    """The same of the network with the catalogue."""
    inner = build("transit_cnn_catalogue", rows)
    return inner, publish(inner)


def build(name, rows, seed=1, ensemble=1):
    from backend.training import keras_setup  # noqa: F401  chooses the backend of Keras
    from backend.transit.networks import build

    sample = inputs_of(rows, NETWORKS[name].inputs)
    scaling = learn_scaling(
        rows, sample.get("catalogue_input"), evidence=sample.get("evidence_input")
    )
    return build.build(name, scaling, sample | read(sample["curve_input"]), seed, ensemble).model


def read(curves):
    from backend.transit.networks.curve_reading import make_reading

    return {name: np.asarray(each) for name, each in make_reading()(curves).items()}


def publish(inner, temperature=1.0, biases=()):
    from backend.transit.networks import build

    return build.publish(inner, temperature, biases)


def predict(model, inputs):
    return model.predict_on_batch({tensor.name: inputs[tensor.name] for tensor in model.inputs})


@pytest.fixture(scope="module", params=list(NETWORKS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def member(name, rows):
    return build(name, rows)


def test_every_listed_network_can_be_built_and_has_the_listed_number_of_parameters(name, member):
    from backend.transit.networks.build import count_parameters

    assert count_parameters(member) == NETWORKS[name].parameters
    assert tuple(member.input) == NETWORKS[name].inputs


def test_the_saved_model_takes_raw_numbers_and_gives_physical_ones(name, member, all_inputs):
    model = publish(member)
    assert tuple(tensor.name for tensor in model.inputs) == NETWORKS[name].inputs
    assert model.output_names == ["label", "period_out", "depth_out"]
    label, period, depth = predict(model, all_inputs)
    assert np.allclose(label.sum(axis=1), 1, atol=1e-5)
    assert period.shape == depth.shape == (len(label), 1)
    assert (period > 0).all()
    assert (depth > 0).all()


def test_joined_models_give_the_mean_of_their_members(rows, inputs, tmp_path):
    import keras

    from backend.transit.networks.build import publish_mean

    settings = [(1, 0.5, ()), (2, 2.0, (0.3, 0.0, -0.3)), (3, 1.0, ())]
    members = [publish(build("transit_cnn", rows, seed), *how) for seed, *how in settings]
    alone = [predict(each, inputs) for each in members]
    publish_mean(members).save(tmp_path / "joined.keras")
    joined = keras.saving.load_model(tmp_path / "joined.keras", safe_mode=True)
    assert joined.output_names == ["label", "period_out", "depth_out"]
    label, period, depth = predict(joined, inputs)
    labels, periods, depths = zip(*alone, strict=True)
    assert np.allclose(label, np.mean(labels, axis=0), atol=1e-6)
    assert np.allclose(period, np.exp(np.mean(np.log(periods), axis=0)), rtol=1e-4)
    assert np.allclose(depth, np.exp(np.mean(np.log(depths), axis=0)), rtol=1e-4)
    assert not np.allclose(label, labels[0], atol=1e-3)


def test_missing_features_give_finite_predictions(member, rows, all_inputs):
    unknown = rows.copy()
    for feature in FEATURES:
        unknown[feature] = np.nan
    without = inputs_of(unknown, INPUTS)
    assert np.isnan(without["feat_input"]).all()
    assert np.isnan(without["catalogue_input"]).any()
    for output in predict(publish(member), without):
        assert np.isfinite(output).all()


def test_extreme_inputs_give_finite_predictions(member):
    curves = np.stack([np.ones(2001), np.zeros(2001), np.linspace(0, 1, 2001)])[:, :, None]
    features = np.stack([np.full(6, each) for each in (-1e3, 0.0, 1e7)])
    largest = np.finfo("f4").max
    catalogue = np.stack([np.full(len(CATALOGUE_COLUMNS), each) for each in (-1e3, 0.0, largest)])
    inputs = {
        "curve_input": curves.astype("f4"),
        "feat_input": features.astype("f4"),
        "catalogue_input": catalogue.astype("f4"),
        "local_input": np.stack([np.full((105, 5), each) for each in (-1e3, 0.0, largest)]),
        "evidence_input": np.stack([np.full(24, each) for each in (-largest, 0.0, largest)]),
    }
    for output in predict(publish(member), inputs):
        assert np.isfinite(output).all()


def test_plain_keras_loads_the_saved_files_with_safe_mode_on(rows, all_inputs, tmp_path):
    models = {name: publish(build(name, rows), temperature=1.3) for name in NETWORKS}
    three = build("transit_cnn_catalogue", rows, ensemble=3)
    models["three_members"] = publish(three, 0.8, (0.3, -0.5, 0.2))
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    np.savez(tmp_path / "inputs.npz", **all_inputs)
    code = (
        "import keras, numpy as np\n"
        "inputs = dict(np.load('inputs.npz'))\n"
        f"for name in {list(models)}:\n"
        "    model = keras.saving.load_model(f'{name}.keras', safe_mode=True)\n"
        "    assert not model.compiled\n"
        "    asked = {each.name: inputs[each.name] for each in model.inputs}\n"
        "    np.savez(f'{name}.npz', *model.predict_on_batch(asked))"
    )
    environment = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    for name, model in models.items():
        outputs = np.load(tmp_path / f"{name}.npz").values()
        for expected, found in zip(predict(model, all_inputs), outputs, strict=True):
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


def test_each_feature_that_was_seen_matters(default, inputs):
    model = default[1]
    before = model.predict_on_batch(inputs)[0]
    for column in range(len(FEATURES)):
        features = inputs["feat_input"].copy()
        features[:, column] = np.nan
        after = model.predict_on_batch({**inputs, "feat_input": features})[0]
        assert not np.allclose(before, after, atol=1e-5), FEATURES[column]


def test_a_mirrored_curve_is_the_same_curve(default, inputs):
    model = default[1]
    lopsided = inputs["curve_input"] + np.linspace(0, 1e-3, 2001, dtype="f4")[:, None]
    one = model.predict_on_batch({**inputs, "curve_input": lopsided})
    other = model.predict_on_batch({**inputs, "curve_input": lopsided[:, ::-1]})
    assert all(np.allclose(a, b, rtol=1e-4) for a, b in zip(one, other, strict=True))


def test_the_depth_is_read_from_the_curve_before_anything_is_learnt(default, rows, inputs):
    wide = rows["duration"] / 24 / rows["period"] > 0.005
    _, _, depth = default[1].predict_on_batch(inputs)
    relative = np.abs(depth[:, 0] / rows["depth"] - 1)[wide]
    assert wide.sum() > 20
    assert np.median(relative) < 0.02


def test_the_same_seed_gives_the_same_initial_weights_and_another_seed_others(rows):
    first, same, other = (build("transit_cnn", rows, seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_members_of_an_ensemble_differ_and_their_mean_is_saved(rows, inputs):
    both = build("transit_cnn", rows, ensemble=2)
    one, other = (both.get_layer(name) for name in ("member_1", "member_2"))
    labels, periods, depths = predict(publish(both), inputs)
    alone = [predict(publish(each), inputs) for each in (one, other)]
    assert not np.allclose(alone[0][0], alone[1][0], atol=1e-3)
    assert np.allclose(labels, (alone[0][0] + alone[1][0]) / 2, atol=1e-6)
    assert np.allclose(periods, np.sqrt(alone[0][1] * alone[1][1]), rtol=1e-4)
    assert np.allclose(depths, np.sqrt(alone[0][2] * alone[1][2]), rtol=1e-4)


def test_the_first_member_is_what_is_trained_without_an_ensemble(default, rows):
    alone = default[0].get_weights()
    member = build("transit_cnn", rows, ensemble=2).get_layer("member_1").get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(alone, member, strict=True))


def test_the_temperature_is_inside_the_saved_graph(default, inputs):
    inner = default[0]
    raw, hot = (predict(publish(inner, temperature), inputs)[0] for temperature in (1.0, 2.0))
    expected = np.sqrt(raw) / np.sqrt(raw).sum(axis=1, keepdims=True)
    assert np.allclose(hot, expected, atol=1e-5)
    assert np.array_equal(hot.argmax(axis=1), raw.argmax(axis=1))


def test_the_biases_of_the_classes_are_inside_the_saved_graph(default, inputs):
    inner = default[0]
    raw, shifted = (predict(publish(inner, 2.0, each), inputs)[0] for each in ((), (0.5, -1, 0)))
    expected = raw * np.exp([0.5, -1.0, 0.0])
    assert np.allclose(shifted, expected / expected.sum(axis=1, keepdims=True), atol=1e-5)


def test_only_the_label_sees_the_catalogue(with_catalogue, all_inputs):
    model = with_catalogue[1]
    other = {**all_inputs, "catalogue_input": all_inputs["catalogue_input"][::-1]}
    before, after = predict(model, all_inputs), predict(model, other)
    assert not np.allclose(before[0], after[0], atol=1e-4)
    assert np.array_equal(before[1], after[1])
    assert np.array_equal(before[2], after[2])


def test_each_number_of_the_catalogue_input_matters(with_catalogue, all_inputs):
    model = with_catalogue[1]
    before = predict(model, all_inputs)[0]
    for column, name in enumerate(CATALOGUE_COLUMNS):
        catalogue = all_inputs["catalogue_input"].copy()
        catalogue[:, column] = np.nan
        after = predict(model, {**all_inputs, "catalogue_input": catalogue})[0]
        assert not np.allclose(before, after, atol=1e-5), name


def derived(**changes):
    """The derived numbers of a planet that suits its star, from its curve and features."""
    from backend.training import keras_setup  # noqa: F401

    import keras  # isort: skip

    from backend.transit.networks.curve_reading import derive_numbers, read_curve

    row = np.zeros(1, ROW_DTYPE)
    sun = {"impact": 0.1, "snr": 40.0, "steff": 5772.0, "srad": 1.0, "slogg": 4.438, "tmag": 12.0}
    # (a/R*)^3 = G rho P^2 / (3 pi) before the Sun: 20.2 at 10.0 days; T = (P/pi) asin(chord R*/a).
    for name, value in {"period": 10.0, "duration": 4.1, "depth": 8000.0, **sun, **changes}.items():
        row[name] = value
    inputs = inputs_of(row, band="kepler")
    curve, features = keras.Input((2001, 1)), keras.Input((6,))
    numbers = keras.Model([curve, features], derive_numbers(read_curve(curve)[0], features))
    found = np.asarray(numbers.predict_on_batch([inputs["curve_input"], inputs["feat_input"]]))[0]
    names = ("radius", "luminosity", "noise", "period", "outer_edge")
    return dict(zip(names, found.tolist(), strict=True))


def test_the_numbers_derived_of_a_planet_before_the_sun_are_correct():
    found = derived()
    assert np.exp(found["radius"]) == pytest.approx(np.sqrt(0.008), rel=0.1)
    assert found["luminosity"] == pytest.approx(0.0, abs=1e-5)
    # The width at half depth is shorter than first to last contact, and so the period too long.
    assert 10.0 < np.exp(found["period"]) < 15.0
    assert found["outer_edge"] == pytest.approx(0.1 + np.sqrt(0.008), rel=0.1)


def test_derived_numbers_follow_the_star():
    sun, giant = derived(), derived(srad=3.0, slogg=3.5)
    assert giant["radius"] - sun["radius"] == pytest.approx(np.log(3), abs=0.01)
    assert giant["luminosity"] - sun["luminosity"] == pytest.approx(2 * np.log(3), rel=1e-4)
    expected = 0.5 * np.log(3) + 0.5 * np.log(10) * (4.438 - 3.5)
    assert giant["period"] - sun["period"] == pytest.approx(expected, rel=0.01)
    louder = derived(snr=400.0)["noise"] - sun["noise"]
    assert louder == pytest.approx(np.log(10), rel=1e-4)


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        ("impact", {"period", "outer_edge"}),
        ("snr", {"noise"}),
        ("steff", {"luminosity"}),
        ("srad", {"radius", "luminosity", "period"}),
        ("slogg", {"period"}),
        ("tmag", {"noise"}),
    ],
)
def test_what_is_derived_from_a_missing_feature_is_unknown_and_nothing_else(missing, unknown):
    found = derived(**{missing: np.nan})
    assert {name for name, value in found.items() if np.isnan(value)} == unknown


def test_a_longer_transit_is_a_shifted_one_in_windows_of_log_phase():
    from backend.training import keras_setup  # noqa: F401
    from backend.transit.networks.curve_reading import WINDOWS, log_phase_windows

    weights = log_phase_windows()
    assert weights.shape == (1001, WINDOWS)
    assert np.allclose(weights.sum(axis=0), 1, atol=1e-5)
    seen = [np.argmin((np.arange(1001) <= half) @ weights > 0.5) for half in (50, 100, 200, 400)]
    steps = np.diff(seen)
    assert (abs(steps - steps[0]) <= 1).all()
    assert steps[0] > 4
