"""The records of a star's rows, against what one row by itself gives."""

from dataclasses import replace

import numpy as np
import pytest

from backend.light_curves.preparing.star import NO_VIEW, prepare_star
from backend.storage.curve_sets.versions import CurveSet
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepare import prepare
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, view_row
from tests.light_curves.preparing.made import START, curve_set, segment, signal
from tests.transit.photometry.test_prepared_views import view

DEPTH = EVIDENCE.index("depth")


def opened(tmp_path, segments, views=()):
    return CurveSet(tmp_path / "set", curve_set(tmp_path / "set", segments, views))


def rows_of(records):
    return np.array(records, VIEW_ROW_DTYPE)


def test_a_row_has_its_depth_and_its_place(tmp_path):
    own = signal(3)
    curves = opened(tmp_path, {"3": [segment(3, own)]})
    records, facts = prepare_star(curves, "3", [17], [own])
    [found] = rows_of(records)
    assert (found["row"], found["segments"]) == (17, 1)
    assert found["evidence"][DEPTH] == pytest.approx(4000, rel=0.05)
    assert found["global_view"][1000] == pytest.approx(1 - 0.004, abs=4e-4)
    assert (facts.stars, facts.rows_with_curve, facts.rows_used) == (1, 1, 1)


def test_rows_of_one_star_are_what_each_is_beside_the_others(tmp_path):
    signals = [signal(1), signal(2, 3.3, epoch=START + 1.1), signal(4, 5.9, epoch=START + 2.0)]
    made = [segment(1, *signals)]
    curves = opened(tmp_path, {"1": made})
    stored = curves.segments_of("1")
    records, facts = prepare_star(curves, "1", [4, 5, 9], signals)
    for row, (place, own) in enumerate(zip((4, 5, 9), signals, strict=True)):
        others = tuple(each for each in signals if each is not own)
        alone = view_row(place, prepare(stored, own, others), 1)
        assert records[row].tobytes() == alone.tobytes()
    assert facts.rows_used == 3


def test_two_rows_of_one_period_do_not_hide_each_others_transits(tmp_path):
    own = signal(3)
    again = replace(own, period=own.period * 1.0005, duration=own.duration * 1.1)
    curves = opened(tmp_path, {"3": [segment(3, own)]})
    records, _ = prepare_star(curves, "3", [0, 1], [own, again])
    alone, _ = prepare_star(curves, "3", [0], [own])
    assert records[0].tobytes() == alone[0].tobytes()
    assert rows_of(records)["evidence"][1, DEPTH] == pytest.approx(4000, rel=0.1)


def test_a_row_without_an_epoch_has_no_record_and_does_not_hide_the_others(tmp_path):
    own = signal(2)
    unknown = replace(signal(1, 7.0), epoch=np.nan)
    curves = opened(tmp_path, {"2": [segment(2, own)]})
    records, facts = prepare_star(curves, "2", [0, 1], [own, unknown])
    assert rows_of(records)["row"].tolist() == [0]
    assert (facts.rows_used, facts.rows_without_epoch, facts.rows_with_curve) == (1, 1, 2)


def test_what_says_nothing_of_a_row_is_counted_with_the_reason(tmp_path):
    late = signal(2, 400.0, epoch=START + 300)
    curves = opened(tmp_path, {"2": [segment(2)]})
    records, facts = prepare_star(curves, "2", [0], [late])
    assert records == []
    assert facts.rows_unusable == 1
    assert facts.flags["no data in transit"] == 1


def test_a_damaged_record_costs_its_star_and_is_said(tmp_path):
    packs = curve_set(tmp_path / "set", {"1": [segment(1, signal(1))]})
    path = tmp_path / "set" / f"{packs[0]}.curves"
    content = bytearray(path.read_bytes())
    content[100] ^= 255
    path.write_bytes(content)
    records, facts = prepare_star(CurveSet(tmp_path / "set", packs), "1", [0], [signal(1)])
    assert records == []
    assert (facts.rows_damaged, facts.rows_used) == (1, 0)
    assert facts.damaged == [{"star": "1", "message": "A record of star 1 is damaged."}]


def test_a_star_at_which_the_arithmetic_fails_is_damaged(tmp_path, monkeypatch):
    def fail(*_):
        raise ValueError("a strange curve")

    monkeypatch.setattr("backend.transit.photometry.star_signals.prepare_signal", fail)
    curves = opened(tmp_path, {"1": [segment(1)]})
    _, facts = prepare_star(curves, "1", [0], [signal(1)])
    assert facts.damaged == [{"star": "1", "message": "a strange curve"}]


@pytest.mark.parametrize("error", [MemoryError, OSError])
def test_a_lack_of_memory_or_disk_is_no_damage(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("backend.transit.photometry.star_signals.prepare_signal", fail)
    curves = opened(tmp_path, {"1": [segment(1)]})
    with pytest.raises(error):
        prepare_star(curves, "1", [0], [signal(1)])


def others_views(seed, **names):
    made = {name: view(bins, noise=1e-4, seed=seed) for name, bins in names.items()}
    return {name: each.astype(np.float32) for name, each in made.items()}


def test_views_of_others_are_found_by_period_and_sectors_are_averaged(tmp_path):
    sectors = [others_views(seed, global_view=201, local_view=61) for seed in (1, 2)]
    views = [("8", 2.0, f"sector {n}", each) for n, each in enumerate(sectors)]
    views.append(("8", 9.0, "sector 1", others_views(3, local_view=61)))
    curves = opened(tmp_path, {}, views)
    near = replace(signal(1), period=2.0 * 1.0009, epoch=np.nan)
    far = replace(signal(1), period=2.0 * 1.0011)
    records, facts = prepare_star(curves, "8", [0, 1], [near, far])
    [found] = rows_of(records)
    assert (found["row"], found["segments"]) == (0, 2)
    assert np.isfinite(found["global_view"]).all()
    assert np.isfinite(found["local_views"][0]).all()
    assert np.isnan(found["local_views"][1:]).all()
    assert np.isnan(found["evidence"]).all()
    assert found["local_views"][0].argmin() == pytest.approx(52, abs=12)
    assert (facts.rows_used, facts.rows_without_epoch, facts.rows_unusable) == (1, 0, 1)
    assert facts.flags == {NO_VIEW: 1}


def test_a_whole_orbit_that_others_do_not_have_is_flat(tmp_path):
    views = [("8", 2.0, "", others_views(1, local_view=61))]
    records, _ = prepare_star(opened(tmp_path, {}, views), "8", [0], [signal(1)])
    assert (rows_of(records)["global_view"] == 1).all()


def test_a_light_curve_goes_before_views_of_others(tmp_path):
    own = signal(3)
    views = [("3", own.period, "", others_views(1, local_view=61))]
    curves = opened(tmp_path, {"3": [segment(3, own)]}, views)
    records, _ = prepare_star(curves, "3", [0], [own])
    assert np.isfinite(rows_of(records)["evidence"][0, DEPTH])
