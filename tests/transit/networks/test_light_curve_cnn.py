"""The network for real light curves: holes, missing curves, odd and even, what sees what."""

import numpy as np
import pytest

from backend.transit.columns import FEATURES
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks import registry
from backend.transit.networks.inputs import network_inputs, no_evidence, no_local
from backend.transit.networks.scaling import learn_scaling
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import local_bins
from backend.transit.simulation.catalogue import simulate
from tests.transit.networks.light_curves import made_up_curves

pytestmark = pytest.mark.tensorflow

NAME = "light_curve_cnn"
ODD, EVEN = LOCAL_VIEWS.index("odd_view"), LOCAL_VIEWS.index("even_view")
ROWS = 64


@pytest.fixture(scope="module")
def rows():
    return simulate(ROWS, seed=3)


@pytest.fixture(scope="module")
def inputs(rows):
    """Every other row has a light curve, with noise in `curve_input` too."""
    names = registry.NETWORKS[NAME].inputs[:3]
    found = network_inputs(rows, transit_geometry(rows, "tess"), "tess", names)
    noise = np.random.default_rng(1).normal(0, 1e-4, found["curve_input"][::2].shape)
    found["curve_input"][::2] += noise.astype("f4")
    return found | made_up_curves(ROWS)


@pytest.fixture(scope="module")
def graphs(rows, inputs):
    from backend.training import keras_setup  # noqa: F401  chooses the backend of Keras
    from backend.transit.networks.build import build

    scaling = learn_scaling(rows, inputs["catalogue_input"], evidence=inputs["evidence_input"])
    return build(NAME, scaling, inputs | read(inputs["curve_input"]), seed=1)


@pytest.fixture(scope="module")
def model(graphs):
    from backend.transit.networks.build import publish

    return publish(graphs.model)


def read(curves):
    from backend.training import keras_setup  # noqa: F401
    from backend.transit.networks.curve_reading import make_reading

    return {name: np.asarray(each) for name, each in make_reading()(curves).items()}


def predict(model, inputs):
    return model.predict_on_batch({each.name: inputs[each.name] for each in model.inputs})


def changed(inputs, **values):
    return inputs | values


def test_bins_without_points_and_rows_without_curves_give_finite_predictions(model, inputs):
    holes = inputs["local_input"].copy()
    holes[0, 40:70] = np.nan  # nothing in transit
    holes[2, :, ODD:] = np.nan  # the transit alone
    holes[4, :, 0] = np.nan  # all but the transit
    for local, evidence in (
        (holes, inputs["evidence_input"]),
        (holes, no_evidence(ROWS)),
        (no_local(ROWS), no_evidence(ROWS)),
    ):
        given = changed(inputs, local_input=local, evidence_input=evidence)
        assert all(np.isfinite(each).all() for each in predict(model, given))


def test_what_a_missing_bin_holds_is_not_looked_at_but_that_it_is_missing_is(model, inputs):
    hole, baseline = inputs["local_input"].copy(), inputs["local_input"].copy()
    hole[0, 50, 0], baseline[0, 50, 0] = np.nan, 1.0
    one, other = (predict(model, changed(inputs, local_input=each))[0] for each in (hole, baseline))
    assert not np.allclose(one[0], other[0], atol=1e-6)
    assert np.allclose(one[1:], other[1:], atol=1e-6)


def test_odd_and_even_go_through_the_same_convolutions(graphs, model, inputs):
    import keras

    from backend.transit.networks.light_curve_cnn import ODD_MINUS_EVEN

    difference = keras.Model(graphs.model.inputs, graphs.model.get_layer(ODD_MINUS_EVEN).output)
    swapped = inputs["local_input"].copy()
    swapped[:, :, [ODD, EVEN]] = swapped[:, :, [EVEN, ODD]]
    other = changed(inputs, local_input=swapped)
    before, after = (predict(difference, each)[::2] for each in (inputs, other))
    assert np.abs(before).max() > 0.01
    assert np.allclose(before, -after, atol=1e-6)
    same = inputs["local_input"].copy()
    same[:, :, EVEN] = same[:, :, ODD]
    assert not predict(difference, changed(inputs, local_input=same)).any()
    # Which transits are called odd is chance.
    assert np.allclose(predict(model, inputs)[0], predict(model, other)[0], atol=1e-6)
    assert not np.allclose(
        predict(model, inputs)[0][::2],
        predict(model, changed(inputs, local_input=same))[0][::2],
        atol=1e-6,
    )


def test_rows_do_not_influence_each_other(model, inputs):
    together = predict(model, inputs)
    some = np.array([3, 10, 11, 40])
    alone = predict(model, {name: each[some] for name, each in inputs.items()})
    for all_rows, these in zip(together, alone, strict=True):
        assert np.allclose(all_rows[some], these, rtol=1e-4, atol=1e-6)


def test_every_view_and_every_number_matters_to_rows_with_a_curve_alone(model, inputs):
    before = predict(model, inputs)[0]
    for place, name in enumerate(LOCAL_VIEWS):
        local = inputs["local_input"].copy()
        local[:, :, place] = np.nan
        after = predict(model, changed(inputs, local_input=local))[0]
        assert not np.allclose(before[::2], after[::2], atol=1e-6), name
        assert np.array_equal(before[1::2], after[1::2]), name
    for place, name in enumerate(EVIDENCE):
        evidence = inputs["evidence_input"].copy()
        evidence[:, place] = np.nan
        after = predict(model, changed(inputs, evidence_input=evidence))[0]
        assert not np.allclose(before[::2], after[::2], atol=1e-6), name
        assert np.array_equal(before[1::2], after[1::2]), name


def test_the_regressions_see_no_number_that_is_relative_to_the_catalogue(model, inputs):
    other = changed(
        inputs,
        evidence_input=inputs["evidence_input"][::-1].copy(),
        catalogue_input=inputs["catalogue_input"][::-1].copy(),
    )
    before, after = predict(model, inputs), predict(model, other)
    assert not np.allclose(before[0], after[0], atol=1e-4)
    assert np.array_equal(before[1], after[1])
    assert np.array_equal(before[2], after[2])


def test_the_depth_of_a_noisy_curve_is_that_of_its_transit_before_anything_is_learnt(model, inputs):
    """0.1%, in noise whose deepest bin is 0.5% down."""
    noise = np.random.default_rng(1).normal(0, 1.5e-3, (ROWS, 2001, 1)).astype("f4")
    local = np.where(np.abs(local_bins()) < 0.5, 0.999, 1.0)[None, :, None]
    local = local + np.random.default_rng(2).normal(0, 1e-4, (ROWS, 105, 5))
    given = changed(inputs, curve_input=1 + noise, local_input=local.astype("f4"))
    assert (1 - given["curve_input"]).max() > 0.005
    assert np.median(predict(model, given)[2]) == pytest.approx(1000, rel=0.05)


def test_the_learner_gives_what_the_model_gives(rows, inputs):
    from backend.transit.networks.build import build

    relations = np.random.default_rng(1).normal(size=(ROWS, 11)).astype("f4")
    given = inputs | {"relation_input": relations}
    scaling = learn_scaling(
        rows, inputs["catalogue_input"], relations, evidence=inputs["evidence_input"]
    )
    given |= read(inputs["curve_input"])
    graphs = build(NAME, scaling, given, seed=1)
    assert tuple(graphs.model.input) == registry.inputs_of(NAME, has_relations=True)
    expected = graphs.model.predict_on_batch(
        {name: given[name] for name in registry.inputs_of(NAME, has_relations=True)}
    )
    learner = graphs.make_learner()
    names = registry.learner_inputs(NAME, has_relations=True)
    assert tuple(learner.input) == names
    assert names[:3] == ("curve_summary", "curve_windows", "curve_overview")
    found = learner.predict_on_batch({name: given[name] for name in names})
    for name, each in expected.items():
        assert np.allclose(each, found[name], atol=1e-5), name


def test_without_curves_the_features_still_matter(model, inputs):
    bare = changed(inputs, local_input=no_local(ROWS), evidence_input=no_evidence(ROWS))
    before = predict(model, bare)[0]
    features = bare["feat_input"].copy()
    features[:, FEATURES.index("srad")] = np.nan
    assert not np.allclose(before, predict(model, changed(bare, feat_input=features))[0], atol=1e-5)


def test_the_scaling_of_the_evidence_is_that_of_the_rows_with_a_curve(rows, inputs):
    assert learn_scaling(rows).evidence is None
    curves = inputs["evidence_input"]
    scaling = learn_scaling(rows, evidence=curves).evidence
    place = EVIDENCE.index("odd_even_difference")
    known = curves[np.isfinite(curves[:, place]), place]
    assert len(known) < ROWS
    assert scaling.mean[place] == pytest.approx(np.arcsinh(30.0 * known).mean(), rel=1e-4)
    assert scaling.seen.all()
    assert not learn_scaling(rows, evidence=no_evidence(ROWS)).evidence.seen.any()
