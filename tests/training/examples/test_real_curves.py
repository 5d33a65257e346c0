"""Real light curves in batches: shown where there are any, and hidden where they are to be."""

import numpy as np
import pytest

from backend.training.examples.batches import Examples
from backend.training.examples.hiding import MASK_CURVE, MIRROR_CURVE, hidden_curves
from backend.training.examples.real_curves import RealCurves
from backend.transit.columns import LIGHT_CURVE
from backend.transit.light_curve.curve import transit_curves
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks import registry
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from backend.transit.simulation.catalogue import simulate

ROWS = np.array([2, 3, 5, 7, 11], np.intp)  # of a table
WITH_CURVE = [3, 7, 8]  # 8 is in another part of the split
NAMES = (
    registry.CURVE_INPUT,
    registry.FEATURE_INPUT,
    registry.CATALOGUE_INPUT,
    registry.LOCAL_INPUT,
    registry.EVIDENCE_INPUT,
)


def records() -> np.ndarray:
    found = np.zeros(len(WITH_CURVE), VIEW_ROW_DTYPE)
    found["row"] = WITH_CURVE
    for place, row in enumerate(WITH_CURVE):
        found["global_view"][place] = 1 - row * 1e-3
        found["local_views"][place] = 1 - row * 1e-2
        found["local_views"][place, 1] = np.nan
        found["evidence"][place] = row
        found["segments"][place] = row + 1
    return found


def whole(curves: np.ndarray) -> dict[str, np.ndarray]:
    return {registry.CURVE_INPUT: curves[:, :, None]}


def table(count: int) -> np.ndarray:
    return simulate(count, seed=1)


@pytest.fixture(params=[10**9, 0], ids=["kept", "read anew"])
def examples(request: pytest.FixtureRequest) -> Examples:
    real = RealCurves(records(), ROWS, whole)
    return Examples(
        table(12)[ROWS], "kepler", NAMES, request.param, lambda: None, whole, None, real
    )


def test_rows_with_a_light_curve_show_it_and_others_the_synthetic_curve(examples: Examples):
    index = np.array([1, 0, 3, 1])
    inputs, _ = examples.batch(index)
    curves = inputs[registry.CURVE_INPUT][:, :, 0]
    assert np.allclose(curves[[0, 3]], 1 - 3e-3)
    assert np.allclose(curves[2], 1 - 7e-3)
    synthetic = transit_curves(transit_geometry(examples.rows[[0]], "kepler"))[0]
    assert np.array_equal(curves[1], synthetic)
    local, evidence = inputs[registry.LOCAL_INPUT], inputs[registry.EVIDENCE_INPUT]
    assert np.isnan(local[1]).all()
    assert np.isnan(evidence[1]).all()
    assert np.allclose(local[2][:, [0, 2, 3, 4]], 1 - 7e-2)
    assert np.isnan(local[2][:, 1]).all()
    assert (evidence[0] == 3).all()
    assert (evidence[2] == 7).all()


def test_a_hidden_light_curve_leaves_the_row_as_if_there_were_none(examples: Examples):
    index = np.arange(len(ROWS))
    plain = Examples(examples.rows, "kepler", NAMES, 10**9, lambda: None, whole)
    expected, _ = plain.batch(index)
    hidden = np.ones(len(ROWS), bool)
    for inputs, _ in (
        examples.batch(index, hidden_curves=hidden),
        examples.without([LIGHT_CURVE], index).batch(index),
    ):
        for name, values in expected.items():
            assert np.array_equal(inputs[name], values, equal_nan=True)
        assert np.isnan(inputs[registry.LOCAL_INPUT]).all()
        assert np.isnan(inputs[registry.EVIDENCE_INPUT]).all()


def test_a_choice_of_rows_keeps_their_light_curves(examples: Examples):
    chosen = np.array([3, 4])
    less = examples.without(["snr"], chosen)
    inputs, _ = less.batch(np.arange(2))
    assert (inputs[registry.EVIDENCE_INPUT][0] == 7).all()
    assert np.isnan(inputs[registry.EVIDENCE_INPUT][1]).all()
    assert np.allclose(inputs[registry.CURVE_INPUT][0], 1 - 7e-3)


def test_what_was_read_can_be_forgotten_and_is_read_again(examples: Examples):
    index = np.arange(len(ROWS))
    before, _ = examples.batch(index)
    examples.forget_readings()
    after, _ = examples.batch(index)
    for name, values in before.items():
        assert np.array_equal(after[name], values, equal_nan=True)


def test_each_row_has_the_segments_and_the_numbers_of_its_star():
    real = RealCurves(records(), ROWS)
    assert real.segments.tolist() == [0, 4, 0, 8, 0]
    assert real.has.tolist() == [False, True, False, True, False]
    assert (real.evidence[3] == 7).all()
    assert np.isnan(real.evidence[0]).all()
    assert real.local.shape == (5, 105, 5)
    assert np.isnan(real.local[4]).all()


def test_a_table_without_any_light_curve_has_none():
    real = RealCurves(records()[:0], ROWS, whole)
    assert not real.has.any()
    assert real.size == 0
    real.keep(lambda: None)
    inputs, _ = Examples(
        table(12)[ROWS], "kepler", NAMES, 10**9, lambda: None, whole, None, real
    ).batch(np.arange(5))
    assert np.isnan(inputs[registry.LOCAL_INPUT]).all()


def test_a_mirrored_light_curve_runs_backwards_and_nothing_else_does(examples: Examples):
    lopsided = records()
    bins = lopsided["local_views"].shape[2]
    lopsided["local_views"] += np.linspace(0, 1e-3, bins, dtype=np.float32)
    lopsided["global_view"] += np.linspace(0, 1e-3, 2001, dtype=np.float32)
    examples.real = RealCurves(lopsided, ROWS, whole)
    index = np.arange(len(ROWS))
    plain, _ = examples.batch(index)
    turned, _ = examples.batch(index, mirrored=np.array([True, True, False, False, False]))
    for name in (registry.CURVE_INPUT, registry.LOCAL_INPUT):
        assert np.array_equal(turned[name][1], plain[name][1, ::-1], equal_nan=True)
        assert not np.array_equal(turned[name][1], plain[name][1], equal_nan=True)
        others = [0, 2, 3, 4]  # the first has no light curve: its synthetic one stays
        assert np.array_equal(turned[name][others], plain[name][others], equal_nan=True)
    for name in (registry.EVIDENCE_INPUT, registry.FEATURE_INPUT, registry.CATALOGUE_INPUT):
        assert np.array_equal(turned[name], plain[name], equal_nan=True)
    hidden, _ = examples.batch(
        index, hidden_curves=np.ones(len(ROWS), bool), mirrored=np.ones(len(ROWS), bool)
    )
    assert np.isnan(hidden[registry.LOCAL_INPUT]).all()


def test_in_training_light_curves_are_mirrored_in_each_epoch_anew():
    lopsided = records()
    lopsided["local_views"][:, :, :50] += 1e-3
    rows = np.repeat(ROWS[[1]], 200)
    real = RealCurves(lopsided, rows, whole)
    many = Examples(table(12)[rows], "kepler", NAMES, 10**9, lambda: None, whole, None, real)
    batches = many.shuffled(200, seed=1, first_epoch=0)
    shares = []
    for _ in range(3):
        local = next(batches)[0][registry.LOCAL_INPUT][:, :, 0]
        shown = local[np.isfinite(local[:, 0])]
        shares.append((shown[:, 0] < shown[:, -1]).mean())
    assert all(abs(share - MIRROR_CURVE) < 0.15 for share in shares)
    assert len(set(shares)) > 1


def test_in_training_some_light_curves_are_hidden_in_each_epoch_anew(examples: Examples):
    rows = np.repeat(ROWS[[1]], 200)
    real = RealCurves(records(), rows, whole)
    many = Examples(table(12)[rows], "kepler", NAMES, 10**9, lambda: None, whole, None, real)
    batches = many.shuffled(200, seed=1, first_epoch=0)
    shares = [np.isnan(next(batches)[0][registry.EVIDENCE_INPUT][:, 0]).mean() for _ in range(3)]
    assert all(abs(share - MASK_CURVE) < 0.12 for share in shares)
    again = next(many.shuffled(200, seed=1, first_epoch=2))[0][registry.EVIDENCE_INPUT]
    assert np.isnan(again[:, 0]).mean() == shares[2]
    assert abs(hidden_curves(10_000, np.random.default_rng(1)).mean() - MASK_CURVE) < 0.02
