"""The scaling that is measured on the training rows."""

import numpy as np
import pytest

from backend.transit.columns import FEATURES
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import CATALOGUE_COLUMNS, catalogue_matrix
from backend.transit.networks.scaling import QUANTILES, learn_scaling, quantile_knots
from backend.transit.simulation.catalogue import simulate


@pytest.mark.parametrize(
    "values",
    [
        [],
        [3.0],
        [3.0] * 50,
        [0.0] * 90 + [1.0] * 10,
        [1.0, 1.0 + 1e-12, 2.0],
        [-1e7, 0.0, 1e7],
        list(np.random.default_rng(1).lognormal(0, 3, 1000)),
    ],
)
def test_knots_increase_strictly_and_span_the_values(values):
    knots = quantile_knots(np.array(values))
    assert len(knots) == QUANTILES + 1
    assert (np.diff(knots) > 0).all()
    if len(values):
        assert knots[0] <= min(values) < max(values) <= knots[-1] or len(set(values)) == 1


def test_a_column_that_no_row_has_is_marked_as_never_seen():
    rows = simulate(100, seed=1)
    rows["impact"] = np.nan
    scaling = learn_scaling(rows).features
    assert scaling.seen[FEATURES.index("impact")] == 0
    assert scaling.seen.sum() == len(FEATURES) - 1
    assert np.isfinite(scaling.knots).all()


def test_the_catalogue_s_numbers_are_scaled_where_a_network_has_them():
    rows = simulate(200, seed=1)
    assert learn_scaling(rows).catalogue is None
    scaling = learn_scaling(
        rows, catalogue_matrix(rows, transit_geometry(rows, "tess"), "tess")
    ).catalogue
    assert scaling.knots.shape == (len(CATALOGUE_COLUMNS), QUANTILES + 1)
    # T/P is far below 1, where an arcsinh that is not steep would be a straight line.
    places = scaling.knots[CATALOGUE_COLUMNS.index("relative_duration")]
    ratios = np.sinh(places) / 1e4
    found = np.quantile(rows["duration"] / 24 / rows["period"], [0.0, 0.5, 1.0])
    assert ratios[[0, QUANTILES // 2, QUANTILES]] == pytest.approx(found, rel=1e-3)


def test_the_targets_are_scaled_as_logarithms():
    rows = simulate(100, seed=1)
    mean, spread = learn_scaling(rows).log_period
    assert mean == pytest.approx(np.log(rows["period"]).mean())
    assert spread == pytest.approx(np.log(rows["period"]).std())


@pytest.mark.parametrize("depth", [250.0, 1234.567, 0.1])
def test_a_column_of_one_value_is_not_divided_by_its_rounding(depth: float):
    rows = simulate(988, seed=1)
    rows["depth"] = depth
    scaling = learn_scaling(rows)
    assert scaling.log_depth == (pytest.approx(np.log(depth)), 1.0)
    assert scaling.features.spread.min() > 1e-4


def test_columns_that_hardly_vary_are_still_told_apart():
    rows = simulate(100, seed=1)
    rows["period"] = 3.0 * (1 + 1e-4 * np.random.default_rng(1).normal(size=100))
    assert learn_scaling(rows).log_period[1] == pytest.approx(1e-4, rel=0.3)
