"""Candidates as records."""

import numpy as np

from backend.transit.columns import COLUMNS, NO_LABEL
from backend.transit.light_curve.orbit import GEOMETRY_DTYPE, Geometry, transit_geometry
from backend.transit.rows import as_rows
from backend.transit.simulation.catalogue import simulate


def test_an_unknown_number_is_nan_and_there_is_no_label():
    first = dict.fromkeys(COLUMNS, 1.5) | {"tmag": None}
    rows = as_rows([first, dict.fromkeys(COLUMNS, 2.0)])
    assert rows["period"].tolist() == [1.5, 2.0]
    assert np.isnan(rows["tmag"]).tolist() == [True, False]
    assert rows["label"].tolist() == [NO_LABEL] * 2


def test_no_candidates_give_no_rows():
    assert as_rows([]).shape == (0,)


def test_a_geometry_comes_back_from_its_records():
    geometry = transit_geometry(simulate(50, seed=2), "tess")
    records = geometry.to_records()
    assert records.dtype == GEOMETRY_DTYPE
    same = Geometry.from_records(np.frombuffer(records.tobytes(), GEOMETRY_DTYPE))
    for name in GEOMETRY_DTYPE.names:
        assert np.array_equal(getattr(same, name), getattr(geometry, name)), name
