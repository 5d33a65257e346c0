"""Records of views: what a network reads of a light curve."""

import numpy as np

from backend.transit.networks.inputs import (
    curve_matrix,
    evidence_matrix,
    local_matrix,
    no_evidence,
    no_local,
)
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepare import prepare
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.view_rows import (
    LOCAL_VIEWS,
    VIEW_ROW_DTYPE,
    flags_of,
    view_row,
    views_between,
)
from backend.transit.photometry.views import LOCAL_BINS

SIGNAL = Signal(period=2.0, epoch=0.5, duration=4.8, depth=10_000.0)


def box(first: float, last: float) -> Segment:
    """A star with box-shaped transits of 1%, with a little noise."""
    time = np.arange(first, last, 0.02)
    phase = (time - SIGNAL.epoch + 1) % 2 - 1
    noise = np.random.default_rng(1).normal(0, 1e-4, len(time))
    flux = 1 - 0.01 * (np.abs(phase) < 0.1) + noise
    return Segment(time, flux, np.full(len(time), 1e-4), np.zeros(len(time), np.int32), 0.02)


def test_a_record_has_the_views_of_its_row_in_the_order_of_the_inputs():
    prepared = prepare([box(0.0, 30.0)], SIGNAL)
    rows = np.array([view_row(7, prepared, 1)], VIEW_ROW_DTYPE)
    assert (rows["row"][0], rows["segments"][0]) == (7, 1)
    assert np.abs(curve_matrix(rows)[0, 1000, 0] - 0.99) < 5e-4
    local = local_matrix(rows)
    assert local.shape == no_local(1).shape == (1, LOCAL_BINS, len(LOCAL_VIEWS))
    for channel, name in enumerate(LOCAL_VIEWS):
        view = prepared.views[name]
        assert np.array_equal(np.isnan(local[0, :, channel]), ~view.has_points)
        known = view.has_points
        assert np.allclose(local[0, known, channel], view.flux[known], atol=1e-6)
    middle = local[0, LOCAL_BINS // 2]
    assert np.all(np.abs(middle[:3] - 0.99) < 5e-4)  # all transits, odd ones, even ones
    assert abs(middle[3] - 1) < 5e-4  # half an orbit later there is none
    evidence = evidence_matrix(rows)
    assert evidence.shape == no_evidence(1).shape
    # A box is no transit: the forms that are fitted have an ingress.
    assert abs(evidence[0, EVIDENCE.index("depth")] - 10_000) < 1500


def test_bins_without_a_point_are_unknown_and_flags_come_back():
    prepared = prepare([box(0.0, 1.2)], SIGNAL)
    record = view_row(0, prepared, 1)
    assert (
        np.isnan(record["local_views"][LOCAL_VIEWS.index("odd_view")]).all()
        or np.isnan(record["local_views"][LOCAL_VIEWS.index("even_view")]).all()
    )  # there is one transit
    assert np.isfinite(record["global_view"]).all()
    assert flags_of(record) == prepared.flags
    assert {"period longer than the data", "one transit"} <= set(flags_of(record))


def test_the_records_of_some_rows_count_from_the_first_of_them():
    records = np.zeros(4, VIEW_ROW_DTYPE)
    records["row"], records["segments"] = [1, 4, 5, 9], [10, 40, 50, 90]
    part = views_between(records, 4, 9)
    assert part["row"].tolist() == [0, 1]
    assert part["segments"].tolist() == [40, 50]
    assert records["row"].tolist() == [1, 4, 5, 9]
    assert len(views_between(records, 6, 9)) == 0
    assert views_between(records, 9, 20)["row"].tolist() == [0]
