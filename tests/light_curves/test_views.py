"""Prepared views in `.npz`: what is taken, in which scale, and what is refused."""

import io

import numpy as np
import pytest

from backend.light_curves.child import sizes
from backend.light_curves.child.views import read
from backend.storage.curve_sets.versions import open_version
from backend.tables.child.limits import NotReadable
from tests.light_curves.files import ARCHIVE, csv, needs_real_curves, tess, zip_of
from tests.transit.photometry.test_prepared_views import view


def npz(**arrays):
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def many(count=5, **changes):
    given = {
        "star": np.array([f"TIC {i}" for i in range(1, count + 1)]),
        "period": np.linspace(1, 5, count),
        "local_view": np.array([view(61, noise=1e-3, seed=i) for i in range(count)]),
        "global_view": np.array([view(201, width=0.02, noise=1e-3) for _ in range(count)]),
        "scale": "relative",
    }
    given |= changes
    return {name: value for name, value in given.items() if value is not None}


def read_npz(tmp_path, said=None, **arrays):
    (tmp_path / "x.npz").write_bytes(npz(**arrays))
    return read(tmp_path / "x.npz", said)


def refusal(tmp_path, **arrays):
    with pytest.raises(NotReadable) as caught:
        read_npz(tmp_path, **arrays)
    return str(caught.value)


def test_each_signal_has_its_star_its_period_and_its_views(tmp_path):
    given = many(sector=np.arange(1, 6))
    found = read_npz(tmp_path, **given)
    assert [each.star for each in found.views] == list("12345")
    assert [each.period for each in found.views] == given["period"].tolist()
    assert [each.name for each in found.views][:2] == ["sector 1", "sector 2"]
    np.testing.assert_allclose(found.views[3].views["local_view"], given["local_view"][3])
    assert found.notes == []


def test_one_signal_needs_no_second_axis_and_names_of_other_tables_are_known(tmp_path):
    given = {
        "kepid": np.float64(11442793),
        "period": 3.5,
        "local_view": view(31),
        "scale": "relative",
    }
    [signal] = read_npz(tmp_path, **given).views
    assert (signal.star, signal.period) == ("11442793", 3.5)
    assert read_npz(tmp_path, said="TIC 7", **given).views[0].star == "7"


def test_stretched_views_are_undone_by_the_depth(tmp_path):
    clean = np.array([view(61), view(61, depth=0.02)])
    given = many(2, local_view=(clean - 1) / [[0.01], [0.02]], global_view=None, scale="minmax")
    found = read_npz(tmp_path, depth=np.array([10_000.0, 20_000.0]), **given)
    for signal, expected in zip(found.views, clean, strict=True):
        np.testing.assert_allclose(signal.views["local_view"], expected, rtol=1e-6)
    assert "array `depth`" in refusal(tmp_path, **given)


def test_signals_that_cannot_be_used_are_counted_and_the_others_are_taken(tmp_path):
    given = many(9)
    given["period"][[0, 4]] = [np.nan, -3]
    given["star"][1] = ""
    given["local_view"][2] = given["global_view"][2] = np.nan
    given["local_view"][3] -= 1
    given["local_view"][5] = 1.0
    found = read_npz(tmp_path, **given)
    assert [each.star for each in found.views] == ["7", "8", "9"]
    assert found.notes == [
        "2 signals (row 1, 5) have been left out: the period is no number of days.",
        "Row 2 has been left out: no star is named.",
        "Row 3 has been left out: its views are empty.",
        "Row 4 has been left out: the flux is not around 1. If the views were stretched, say "
        "`scale` minmax.",
        "Row 6 has been left out: a view is the same in all bins.",
    ]


def test_a_transit_that_is_not_in_the_middle_is_refused_with_what_to_do(tmp_path):
    given = many()
    rolled = np.roll(given["local_view"], 30, axis=1)
    assert "Shift the phases" in refusal(tmp_path, **(given | {"local_view": rolled}))
    given["local_view"][0] = rolled[0]
    found = read_npz(tmp_path, **given)
    assert len(found.views) == 5
    assert found.notes == ["Row 1 has a deeper dip elsewhere than in the middle."]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scale": None}, "Expected an array `scale`"),
        ({"scale": "0 to 1"}, "Expected an array `scale`"),
        ({"star": None}, "Expected an array `star`"),
        ({"period": None}, "Expected an array `period`"),
        ({"period": np.array(["a"] * 5)}, "Expected an array `period` of numbers"),
        ({"period": np.ones(4)}, "4 values for 5 signals"),
        ({"local_view": None, "global_view": None}, "`global_view` or `local_view`"),
        ({"local_view": np.ones((4, 61))}, "same number of signals"),
        ({"local_view": np.ones((5, 7))}, "7 bins"),
        ({"local_view": np.ones((5, 30_000))}, "30,000 bins"),
        ({"local_view": np.ones((5, 8, 8))}, "another size"),
        ({"star": np.array([{}] * 5, object)}, "Python objects are not read"),
    ],
)
def test_what_is_missing_or_wrong_is_said(tmp_path, changes, says):
    assert says in refusal(tmp_path, **many(**changes))


def test_nothing_that_is_pickled_is_opened(tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    given = many(local_view=np.array([Harm()], object))
    assert "Python objects" in refusal(tmp_path, **given)
    assert not (tmp_path / "harm").exists()


def test_an_array_that_says_another_size_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 61)}
    )
    content = {"local_view.npy": header.getvalue() + bytes(100), "star.npy": b"\x93NUMPY"}
    with pytest.raises(NotReadable, match="another size than its header says"):
        read(zip_of(content, tmp_path / "x.npz"), None)


def test_a_bomb_of_arrays_is_refused_by_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "MAX_FILE_BYTES", 1_000_000)
    path = zip_of({"local_view.npy": bytes(1_000_001)}, tmp_path / "x")
    with pytest.raises(NotReadable, match="unpacks to more"):
        read(path, None)


def test_views_are_stored_beside_light_curves_and_every_sector_counts(send, tmp_path):
    same = {"star": np.array([5, 5]), "period": np.array([2.5, 2.5]), "sector": np.array([1, 2])}
    done = send({"views.npz": npz(**many(2, **same)), "a.fits": tess(star=5), "TIC 6.csv": csv()})
    assert [each.status for each in done.outcomes] == ["taken"] * 3
    assert (done.outcomes[0].views, done.outcomes[0].segments) == (2, 0)
    assert (done.version.views, done.version.segments, done.version.stars) == (2, 2, 2)
    found = open_version(tmp_path / "set", done.version)
    assert [period for period, _ in found.views_of("5")] == [2.5, 2.5]
    assert set(found.views_of("5")[0][1]) == {"local_view", "global_view"}
    assert found.views_of("6") == []
    assert len(found.segments_of("5")) == 1


def test_views_in_an_archive_are_no_archive_in_an_archive(send, tmp_path):
    done = send({"x.zip": zip_of({"views.npz": npz(**many())}, tmp_path / "x")})
    assert done.version.views == 5


@needs_real_curves
@pytest.mark.archive
def test_real_views_of_tess_go_in(tmp_path):
    with np.load(ARCHIVE / "lightcurves" / "tess_nigraha.npz") as file:
        given = {name: file[name][:1000] for name in file}
    found = read_npz(
        tmp_path,
        tic_id=given["tic_id"],
        period=given["period"],
        sector=given["sector"],
        local_view=given["local_view"],
        global_view=given["global_view"],
        depth=(1 - given["depth"]) * 1e6,
        scale="minmax",
    )
    assert len(found.views) > 950
    assert all(abs(np.nanmedian(each.views["local_view"]) - 1) < 1e-6 for each in found.views)
