"""Transit curves: against batman, at the ends of the contract's ranges, and by their own rules."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.transit.columns import COLUMNS, RANGES, ROW_DTYPE
from backend.transit.light_curve.curve import (
    BINS,
    FLAGS,
    phase,
    synthesise,
    transit_curves,
    transit_geometry,
)
from tests.transit.light_curve.batman_reference import (
    HALF_CURVE,
    MIDDLE,
    batman_flux,
    contact_phases,
    converged_half_curve,
    edge_cases,
    koi_rows,
    largest_errors,
)

HOT_JUPITER = {
    "period": 3.0,
    "duration": 3.0,
    "depth": 10_000.0,
    "impact": 0.4,
    "steff": 5800.0,
    "slogg": 4.4,
}


@pytest.fixture(scope="module")
def koi(archive_data: Path) -> np.ndarray:
    return koi_rows(archive_data)


def one(**changes) -> dict[str, np.ndarray]:
    return {name: np.array([value]) for name, value in (HOT_JUPITER | changes).items()}


def random_rows(count: int, seed: int) -> dict[str, np.ndarray]:
    """Rows from all of the contract's ranges, their ends and missing values included."""
    random = np.random.default_rng(seed)
    rows = {}
    for name in ("period", "duration", "depth", "impact", "steff", "slogg"):
        low, high = RANGES[name]
        values = random.uniform(low, high, count)
        if low > 0:
            values = np.exp(random.uniform(np.log(low), np.log(high), count))
        chance = random.random(count)
        rows[name] = np.select([chance < 0.05, chance > 0.95], [low, high], values)
    realistic = random.random(count) < 0.7
    rows["impact"][realistic] = random.uniform(0, 1.5, realistic.sum())
    rows["duration"] = np.minimum(rows["duration"], 0.999 * 24 * rows["period"])
    rows["period"][:3], rows["duration"][:3] = (1e6, 1e6, 0.01), (0.01, 1000.0, 0.01)
    for name in ("impact", "steff", "slogg"):
        rows[name][random.random(count) < 0.1] = np.nan
    return rows


@pytest.mark.archive
def test_every_koi_row_agrees_with_batman_to_1_ppm_in_every_bin(koi):
    transits = transit_geometry(koi, "kepler")

    errors = largest_errors(transit_curves(transits), transits)

    assert len(errors) > 7000
    assert errors.max() < 1


def test_edge_cases_agree_with_batman_to_1_ppm_in_every_bin():
    transits = edge_cases()

    errors = largest_errors(transit_curves(transits), transits)

    assert len(errors) > 1000
    assert errors.max() < 1


def test_the_reference_is_what_batmans_own_supersampling_converges_to():
    transits = edge_cases()[::101]
    for row in range(len(transits)):
        converged = converged_half_curve(transits, row)
        supersampled = [
            batman_flux(transits, row, HALF_CURVE, supersample_factor=samples, exp_time=1 / BINS)
            for samples in (200, 400)
        ]
        coarse, fine = (np.abs(curve - converged).max() for curve in supersampled)
        assert fine < 0.55 * coarse + 1e-7


def test_the_flux_at_mid_transit_is_1_minus_the_depth():
    transits = transit_geometry(random_rows(300, seed=1), "tess")
    # batman loses its digits on orbits of 10^9 stellar radii; at mid-transit the size is no matter.
    near = replace(transits, scaled_semi_major_axis=np.full(len(transits), 10.0))

    flux = [batman_flux(near, row, np.zeros(1))[0] for row in range(len(near))]

    np.testing.assert_allclose(flux, 1 - transits.depth / 1e6, rtol=0, atol=2e-7)


def test_unflagged_rows_keep_the_values_of_the_catalogue():
    rows = random_rows(2000, seed=2)
    transits = transit_geometry(rows, "kepler")
    unchanged = transits[transits.flags == 0]
    assert len(unchanged) > 10
    for name in ("period", "duration", "depth", "impact"):
        assert np.array_equal(getattr(unchanged, name), rows[name][transits.flags == 0])


@pytest.mark.parametrize("impact", [0.0, 0.4, 0.9, 1.0, 1.02])
@pytest.mark.parametrize("duration", [0.0072, 0.72, 7.2, 35.0, 36.0])
def test_the_contacts_span_the_duration(impact, duration):
    transits = transit_geometry(one(impact=impact, duration=duration), "kepler")
    last_contact = duration / 24 / 3.0 / 2

    inside, outside = batman_flux(transits, 0, last_contact * np.array([0.98, 1.001]))

    assert contact_phases(transits, 0)[1] == pytest.approx(last_contact, rel=1e-6)
    assert inside < 1 - 1e-8
    assert outside == 1


def test_labels_and_the_columns_without_a_part_in_it_change_nothing():
    random = np.random.default_rng(3)
    rows = np.zeros(200, ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = np.nan
    for name, values in random_rows(200, seed=3).items():
        rows[name] = values
    rows["label"] = random.integers(0, 3, 200)
    before = synthesise(rows, "kepler")

    rows["label"] = random.permutation(rows["label"])
    for name in ("snr", "srad", "tmag"):
        rows[name] = random.uniform(1, 10, 200)
    rows["star"] = b"another"

    assert np.array_equal(synthesise(rows, "kepler"), before)


@pytest.mark.parametrize("duration", [0.01, 0.1, 1.0])
def test_a_transit_narrower_than_a_bin_keeps_its_area(duration):
    transits = transit_geometry(one(period=400.0, duration=duration), "kepler")
    last_contact = transits.duration[0] / (48 * transits.period[0])
    phases = (np.arange(20_000) + 0.5) / 20_000 * last_contact
    area = 2 * last_contact * (1 - batman_flux(transits, 0, phases)).mean()

    curve = transit_curves(transits, np.float64)[0]

    assert np.flatnonzero(curve < 1).tolist() == [MIDDLE]
    assert (1 - curve).sum() / BINS == pytest.approx(area, rel=1e-4)


def test_curves_mirror_at_mid_transit_and_are_1_out_of_it():
    rows = random_rows(300, seed=4)
    transits = transit_geometry(rows, "tess")
    curves = transit_curves(transits)
    out = np.abs(phase()) > (transits.duration / (48 * transits.period))[:, np.newaxis] + 0.5 / BINS

    assert np.array_equal(curves, curves[:, ::-1])
    assert (curves[out] == 1).all()


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, []),
        ({"impact": np.nan}, ["impact_assumed"]),
        ({"impact": 100.0}, ["impact_lowered"]),
        ({"impact": 1.5, "depth": 900_000.0}, ["impact_lowered"]),
        ({"depth": 1_500_000.0}, ["impact_lowered", "depth_capped"]),
        ({"depth": 1_500_000.0, "impact": 0.0}, ["depth_capped"]),
        ({"duration": 40.0}, ["duration_shortened"]),
        ({"duration": 36.0}, []),
        ({"steff": np.nan}, ["star_assumed"]),
        ({"slogg": np.nan}, ["star_assumed"]),
        ({"steff": 30_000.0}, ["star_off_grid"]),
        ({"slogg": 2.0}, ["star_off_grid"]),
        ({"impact": np.nan, "slogg": 5.5}, ["impact_assumed", "star_off_grid"]),
    ],
)
def test_what_had_to_be_assumed_or_changed_is_flagged(changes, flags):
    assert transit_geometry(one(**changes), "kepler").flag_names(0) == flags


def test_every_flag_is_known_and_given_by_a_row_of_the_test_above():
    given = {
        name
        for mark in test_what_had_to_be_assumed_or_changed_is_flagged.pytestmark
        for _, flags in mark.args[1]
        for name in flags
    }
    assert given == set(FLAGS)


def test_an_impossible_impact_is_lowered_no_further_than_the_depth_needs():
    rows = {name: np.full(4, value) for name, value in HOT_JUPITER.items()}
    rows |= {"depth": np.full(4, 300_000.0), "impact": np.array([50.0, 1.2, 0.9, 0.2])}

    transits = transit_geometry(rows, "kepler")

    assert transits.radius_ratio[:2].tolist() == [1.0, 1.0]
    assert transits.impact[0] == pytest.approx(transits.impact[1], abs=1e-9)
    assert 0.9 < transits.impact[1] < 1.2
    assert transits.impact[2:].tolist() == [0.9, 0.2]
    assert (transits.radius_ratio[2:] < 1).all()


def test_a_missing_impact_is_drawn_as_0_3():
    assert np.array_equal(
        synthesise(one(impact=np.nan), "kepler"), synthesise(one(impact=0.3), "kepler")
    )


def test_a_star_that_is_unknown_is_drawn_as_the_sun():
    unknown = synthesise(one(steff=np.nan, slogg=np.nan), "kepler")
    assert np.array_equal(unknown, synthesise(one(steff=5772.0, slogg=4.438), "kepler"))


def test_the_band_decides_the_limb_darkening():
    kepler, tess = (transit_geometry(one(), band) for band in ("kepler", "tess"))
    assert kepler.u1[0] - tess.u1[0] > 0.1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("band", ["kepler", "tess"])
def test_everything_is_finite_over_the_whole_of_the_contracts_ranges(seed, band):
    with np.errstate(all="raise", under="ignore"):
        transits = transit_geometry(random_rows(2000, seed), band)
        curves = transit_curves(transits)

    for name in ("duration", "depth", "impact", "radius_ratio", "scaled_semi_major_axis"):
        assert np.isfinite(getattr(transits, name)).all()
    assert (transits.radius_ratio > 0).all()
    assert (transits.radius_ratio <= 1).all()
    assert (transits.impact < 1 + transits.radius_ratio).all()
    assert (curves >= -1e-6).all()
    assert (curves <= 1 + 1e-6).all()
    assert (curves[:, MIDDLE] < 1).mean() > 0.5


@pytest.mark.parametrize("period", [0.01, 1.0, 1e6])
@pytest.mark.parametrize("orbits", [1e-9, 0.5, 0.999])
@pytest.mark.parametrize("depth", [0.01, 1e6, 2e6])
@pytest.mark.parametrize("impact", [0.0, 1.0, 2.0, 1000.0])
def test_the_corners_of_the_ranges_are_drawn(period, orbits, depth, impact):
    duration = np.clip(orbits * 24 * period, 0.01, 1000)
    curve = synthesise(one(period=period, duration=duration, depth=depth, impact=impact), "kepler")
    assert np.isfinite(curve).all()


def test_a_row_is_drawn_the_same_alone_and_among_others():
    rows = random_rows(600, seed=6)
    together = transit_curves(transit_geometry(rows, "kepler"), np.float64)
    for index in (0, 255, 256, 599):
        alone = transit_geometry({k: v[index : index + 1] for k, v in rows.items()}, "kepler")
        curve = transit_curves(alone, np.float64)[0]
        np.testing.assert_allclose(together[index], curve, rtol=0, atol=1e-9)


def test_columns_that_a_catalogue_lacks_count_as_unknown():
    required = {name: values for name, values in one().items() if name in COLUMNS[:3]}
    unknown = one(impact=np.nan, steff=np.nan, slogg=np.nan)
    assert np.array_equal(synthesise(required, "tess"), synthesise(unknown, "tess"))


def test_no_rows_give_no_curves():
    assert synthesise(np.zeros(0, ROW_DTYPE), "kepler").shape == (0, BINS)


def test_curves_are_float32_and_their_bins_centred_on_mid_transit():
    curves = synthesise(one(), "kepler")
    assert curves.dtype == np.float32
    assert curves.shape == (1, BINS)
    assert phase()[[0, MIDDLE, -1]].tolist() == [-1000 / 2001, 0, 1000 / 2001]
    assert curves[0].argmin() == MIDDLE


def test_ten_thousand_rows_need_little_memory_besides_the_curves():
    rows = random_rows(10_000, seed=7)
    tracemalloc.start()
    curves = synthesise(rows, "kepler")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - curves.nbytes < 200e6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"period": 0.0}, "'period'.*0.0 at index 0"),
        ({"duration": np.nan}, "'duration'.*nan"),
        ({"depth": -5.0}, "'depth'.*-5.0"),
        ({"impact": -0.1}, "impact.*-0.1"),
    ],
)
def test_rows_that_no_catalogue_may_hold_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        transit_geometry(one(**changes), "kepler")


def test_an_unknown_band_is_refused():
    with pytest.raises(ValueError, match=r"kepler, tess.*'gaia'"):
        synthesise(one(), "gaia")
