"""Batches: what is shown of a row, in what order, with what hidden. Nothing needs TensorFlow."""

from itertools import islice

import numpy as np
import pytest

from backend.training.examples.batches import Examples
from backend.training.examples.hiding import hidden_features, hidden_relations, without_features
from backend.transit.columns import FEATURES, RELATIONS
from backend.transit.light_curve.curve import synthesise, transit_curves
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import CATALOGUE_COLUMNS, catalogue_matrix
from backend.transit.simulation.catalogue import simulate


@pytest.fixture(scope="module")
def rows():
    return simulate(150, seed=9)


INPUTS = ("curve_input", "feat_input", "catalogue_input")


KEPT = 1 << 30


def examples(rows, keep_bytes=KEPT, names=INPUTS):
    return Examples(rows, "tess", names, keep_bytes, poll=lambda: None)


def assert_equal_batches(one, other):
    for group, same in zip(one, other, strict=True):
        for name, values in group.items():
            assert np.array_equal(values, same[name], equal_nan=True), name


def test_curves_kept_in_memory_and_curves_made_on_the_way_give_the_same_batches(rows):
    pair = [examples(rows, keep).shuffled(64, seed=1, first_epoch=0) for keep in (KEPT, 0)]
    for kept, made in islice(zip(*pair, strict=True), 6):
        assert_equal_batches(kept, made)


def test_rows_whose_readings_were_forgotten_give_the_same_batches(rows):
    kept, forgotten = examples(rows), examples(rows)
    forgotten.forget_readings()
    assert_equal_batches(kept.batch(np.arange(20)), forgotten.batch(np.arange(20)))


def test_an_epoch_depends_on_its_number_and_the_seed_and_not_on_where_the_session_began(rows):
    whole = list(islice(examples(rows).shuffled(64, seed=1, first_epoch=0), 6))
    resumed = list(islice(examples(rows).shuffled(64, seed=1, first_epoch=1), 3))
    for one, other in zip(whole[3:], resumed, strict=True):
        assert_equal_batches(one, other)
    assert not np.array_equal(whole[0][1]["period_out"], whole[3][1]["period_out"])
    other_seed = next(examples(rows).shuffled(64, seed=2, first_epoch=0))
    assert not np.array_equal(whole[0][1]["period_out"], other_seed[1]["period_out"])


def test_each_row_of_a_batch_has_its_own_weight_and_all_alike_where_none_is_told(rows):
    weights = np.linspace(0.1, 1, len(rows), dtype=np.float32)
    weighted = Examples(rows, "tess", INPUTS, KEPT, lambda: None, weights=weights)
    _, targets = next(weighted.shuffled(64, seed=1, first_epoch=0))
    shown = dict(zip(weights.tolist(), np.log(rows["period"]), strict=True))
    expected = [shown[weight] for weight in targets["weight"][:, 0].tolist()]
    assert np.allclose(targets["period_out"][:, 0], expected)
    less = weighted.without(["snr"], np.array([3, 9])).batch(np.arange(2))[1]
    assert less["weight"].tolist() == weights[[3, 9], None].tolist()
    alike = examples(rows).batch(np.arange(5))[1]["weight"]
    assert alike.dtype == np.float32
    assert alike.tolist() == [[1.0]] * 5


def test_every_row_is_shown_once_an_epoch(rows):
    batches = list(islice(examples(rows).shuffled(64, seed=1, first_epoch=0), 3))
    shown = np.concatenate([targets["period_out"][:, 0] for _, targets in batches])
    assert [len(targets["label"]) for _, targets in batches] == [64, 64, 22]
    assert sorted(shown) == sorted(np.log(rows["period"]).astype(np.float32))


def test_the_curve_of_a_row_whose_impact_is_hidden_does_not_reveal_the_impact(rows):
    hidden = np.zeros((len(rows), len(FEATURES)), dtype=bool)
    hidden[:, FEATURES.index("impact")] = True
    inputs, _ = examples(rows).batch(np.arange(len(rows)), hidden)
    unknown = rows.copy()
    unknown["impact"] = np.nan
    assert np.isnan(inputs["feat_input"][:, 0]).all()
    assert np.array_equal(inputs["curve_input"][:, :, 0], synthesise(unknown, "tess"))


def test_what_is_derived_from_a_hidden_feature_is_derived_without_it(rows):
    hidden = np.zeros((len(rows), len(FEATURES)), dtype=bool)
    hidden[::2, FEATURES.index("srad")] = True
    inputs, _ = examples(rows).batch(np.arange(len(rows)), hidden)
    radius = inputs["catalogue_input"][:, CATALOGUE_COLUMNS.index("planet_radius")]
    assert np.isnan(radius[::2]).all()
    expected = catalogue_matrix(rows[1::2], transit_geometry(rows[1::2], "tess"), "tess")[:, 4]
    assert np.array_equal(radius[1::2], expected, equal_nan=True)


def test_a_network_without_the_catalogue_gets_none(rows):
    inputs, _ = next(examples(rows, names=INPUTS[:2]).in_order(10))
    assert tuple(inputs) == INPUTS[:2]


def test_hiding_leaves_the_rows_themselves_unchanged(rows):
    before = rows.copy()
    next(examples(rows).shuffled(150, seed=1, first_epoch=0))
    assert all(np.array_equal(rows[n], before[n], equal_nan=True) for n in FEATURES)


def test_rows_without_a_feature_are_those_of_a_table_without_it(rows):
    chosen = np.arange(0, 150, 2)
    for names in (("snr",), ("impact", "snr"), FEATURES):
        less = examples(rows).without(names, chosen)
        (one,) = less.in_order(150)
        (other,) = examples(without_features(rows[chosen], names)).in_order(150)
        assert_equal_batches(one, other)


def test_a_curve_is_drawn_again_only_where_a_feature_that_shapes_it_is_left_out(rows, monkeypatch):
    whole = examples(rows, names=INPUTS[:2])
    drawn = []
    monkeypatch.setattr(
        "backend.training.examples.batches.transit_curves",
        lambda geometry: drawn.append(len(geometry)) or transit_curves(geometry),
    )
    whole.without(("snr", "tmag"), np.arange(150))
    assert drawn == []
    whole.without(("steff",), np.arange(150))
    assert drawn == [150]


def test_validation_batches_hide_nothing_and_keep_the_order(rows):
    batches = list(examples(rows).in_order(64))
    features = np.concatenate([inputs["feat_input"] for inputs, _ in batches])
    expected = np.stack([rows[name] for name in FEATURES], axis=1).astype(np.float32)
    assert np.array_equal(features, expected, equal_nan=True)


def test_each_feature_and_each_group_is_hidden_now_and_then():
    hidden = hidden_features(20_000, np.random.default_rng(1))
    assert (hidden.mean(axis=0) > 0.03).all()
    assert (hidden.mean(axis=0) < 0.3).all()
    without_fit = hidden[:, 0] & hidden[:, 1]
    assert without_fit.mean() > 0.03
    assert hidden[:, 2:].all(axis=1).mean() > 0.01


def test_each_orbit_is_solved_once_for_the_curve_and_the_catalogue(rows, monkeypatch):
    solved = []

    def counted(asked, band):
        solved.append(len(asked))
        return transit_geometry(asked, band)

    monkeypatch.setattr("backend.training.examples.batches.transit_geometry", counted)
    kept = examples(rows)
    assert sum(solved) == len(rows)
    solved.clear()
    kept.batch(np.arange(len(rows)))
    assert sum(solved) == 0
    hidden = np.zeros((len(rows), len(FEATURES)), dtype=bool)
    hidden[:7, FEATURES.index("impact")] = True
    known = np.isfinite(rows["impact"][:7]).sum()
    kept.batch(np.arange(len(rows)), hidden)
    assert sum(solved) == known


def test_making_curves_can_be_interrupted(rows):
    def poll():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Examples(rows, "tess", INPUTS, KEPT, poll)


def test_the_labels_change_nothing_that_the_network_sees(rows):
    permuted = rows.copy()
    permuted["label"] = np.roll(rows["label"], 1)
    (seen, _), (same, _) = (next(examples(each).in_order(150)) for each in (rows, permuted))
    assert_equal_batches([seen], [same])


def related(rows, columns=11):
    values = np.arange(len(rows) * columns, dtype=np.float32).reshape(len(rows), columns)
    names = (*INPUTS, "relation_input")
    return Examples(rows, "tess", names, KEPT, lambda: None, relations=values), values


def test_relations_go_with_their_rows_and_hiding_leaves_them_unchanged(rows):
    shown, values = related(rows)
    before = values.copy()
    index = np.array([7, 3])
    hidden = np.zeros((2, 11), bool)
    hidden[0, 4] = True
    found = shown.batch(index, hidden_relations=hidden)[0]["relation_input"]
    assert np.isnan(found[0, 4])
    found[0, 4] = values[7, 4]
    assert np.array_equal(found, values[index])
    for _ in islice(shown.shuffled(64, seed=1, first_epoch=0), 3):
        pass
    assert np.array_equal(values, before)


def test_relations_change_nothing_else_of_a_batch(rows):
    shown, _ = related(rows)
    pair = [each.shuffled(64, seed=1, first_epoch=0) for each in (shown, examples(rows))]
    for one, other in islice(zip(*pair, strict=True), 3):
        assert np.isnan(one[0].pop("relation_input")).any()
        assert_equal_batches(one, other)


def test_all_relations_are_hidden_by_their_name(rows):
    shown, values = related(rows)
    chosen = np.arange(5)
    assert np.isnan(shown.without([RELATIONS], chosen).batch(chosen)[0]["relation_input"]).all()
    kept = shown.without(["snr"], chosen).batch(chosen)[0]["relation_input"]
    assert np.array_equal(kept, values[:5])


@pytest.mark.parametrize("columns", [11, 14])
def test_relations_are_hidden_alone_together_and_all_now_and_then(columns):
    hidden = hidden_relations(20_000, columns, np.random.default_rng(0))
    assert hidden.shape == (20_000, columns)
    assert hidden.all(axis=1).mean() == pytest.approx(0.5, abs=0.02)
    some = hidden[~hidden.all(axis=1)]
    for first, last in ((2, 6), (6, 11), (11, 14))[: 3 if columns == 14 else 2]:
        assert some[:, first:last].all(axis=1).mean() == pytest.approx(0.1, abs=0.02)
    assert 0.01 < some[:, 0].mean() < 0.03
