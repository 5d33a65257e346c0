"""/api/curve and a dataset's curves."""

import numpy as np
import pytest

from tests.api import CANDIDATE, catalogue, problem_of


def test_a_rows_curve_is_one_orbit_with_the_transit_in_the_middle(api, key):
    dataset_id = api.dataset(key)
    curve = api.get(f"/api/training/dataset/{dataset_id}/curve?row=7")
    phase, flux = np.array(curve["phase"]), np.array(curve["flux"])
    assert phase.shape == flux.shape == (2001,)
    assert phase == pytest.approx((np.arange(2001) - 1000) / 2001)
    assert np.argmin(flux) == 1000
    assert flux[0] == flux[-1] == 1
    assert curve["line"] == 9
    assert curve["parameters"].keys() == {
        "period",
        "duration",
        "depth",
        "impact",
        "radius_ratio",
        "scaled_semi_major_axis",
        "u1",
        "u2",
        "flags",
    }


def test_a_candidates_curve_is_as_deep_as_it_says(api):
    curve = api.post("/api/curve", json=CANDIDATE)
    assert 1 - curve["flux"][1000] == pytest.approx(8000e-6, rel=1e-3)
    assert curve["line"] is None
    assert curve["parameters"]["flags"] == ["impact_assumed", "star_assumed"]


def test_a_transit_narrower_than_five_bins_comes_exactly_too(api):
    curve = api.post("/api/curve", json={**CANDIDATE, "period": 400, "duration": 7.2})
    assert curve["bins_in_transit"] == pytest.approx(7.2 / 9600 * 2001)
    exact = curve["exact"]
    assert 1 - min(exact["flux"]) == pytest.approx(8000e-6, rel=1e-6)
    assert exact["flux"][0] == exact["flux"][-1] == 1
    assert len(exact["phase"]) == len(exact["flux"])
    assert min(curve["flux"]) > min(exact["flux"]), "the bins dilute the depth"


def test_a_wide_transit_needs_its_bins_alone(api):
    curve = api.post("/api/curve", json=CANDIDATE)
    assert curve["bins_in_transit"] > 5
    assert curve["exact"] is None


def test_the_band_follows_the_source(api):
    u1 = {
        source: api.post(
            "/api/curve", json={**CANDIDATE, "steff": 5700, "slogg": 4.4, "source": source}
        )["parameters"]["u1"]
        for source in ("exotrain", "koi", "k2", "toi")
    }
    assert u1["exotrain"] == u1["toi"] != u1["koi"] == u1["k2"]


def test_a_row_beyond_the_table_is_refused(api, key):
    dataset_id = api.upload(key, catalogue(20))["dataset"]["id"]
    for row, status in (("19", 200), ("20", 422), ("-1", 422), ("x", 422), ("9" * 30, 422)):
        response = api.get(f"/api/training/dataset/{dataset_id}/curve?row={row}", None)
        assert response.status_code == status
    assert problem_of(response)["errors"][0]["field"] == "row"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": None}, "period"),
        ({"period": "3.5"}, "period"),
        ({"period": True}, "period"),
        ({"period": 0}, "period"),
        ({"period": 1e7}, "period"),
        ({"duration": 84.0}, "duration"),
        ({"duration": 100.0}, "duration"),
        ({"depth": 0.001}, "depth"),
        ({"depth": [8000]}, "depth"),
        ({"impact": -0.1}, "impact"),
        ({"snr": 1e8}, "snr"),
        ({"steff": 100}, "steff"),
        ({"srad": 0}, "srad"),
        ({"slogg": 11}, "slogg"),
        ({"tmag": -11}, "tmag"),
        ({"label": 1}, "label"),
        ({"source": "kepler"}, "source"),
    ],
)
def test_a_candidate_that_cannot_be_names_the_field(api, change, field):
    problem = problem_of(api.post("/api/curve", None, json={**CANDIDATE, **change}))
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field]


def test_the_ends_of_the_ranges_are_included(api):
    api.post("/api/curve", json={"period": 1e6, "duration": 1000, "depth": 2e6, "impact": 1000})
    api.post("/api/curve", json={"period": 0.01, "duration": 0.01, "depth": 0.01, "impact": 0})
