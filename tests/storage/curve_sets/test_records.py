"""Records say what was put into them, and nothing else passes for one."""

import zlib

import numpy as np
import pytest

from backend.storage.curve_sets.records import (
    DamagedRecord,
    decode_segment,
    decode_views,
    encode_segment,
    encode_views,
    is_sound,
)
from backend.transit.photometry.segments import Segment


def segment(flux, error=None, quality=None, **changes):
    n = len(flux)
    given = {
        "time": 2455000.25 + np.cumsum(np.random.default_rng(1).uniform(0.01, 0.03, n)),
        "flux": np.asarray(flux, float),
        "error": np.full(n, np.nan) if error is None else np.asarray(error, float),
        "quality": np.zeros(n, np.int32) if quality is None else np.asarray(quality, np.int32),
        "exposure": 0.02, "mission": "kepler", "name": "quarter 3",
    }  # fmt: skip
    return Segment(**(given | changes))


def test_times_are_exact_and_a_flux_keeps_a_ten_thousandth_of_a_ppm():
    flux = 40_000 * (1 + 1e-4 * np.random.default_rng(2).normal(size=500))
    given = segment(flux, np.full(500, 6.7), np.arange(500) - 250)
    found = decode_segment(*encode_segment("11", given))
    np.testing.assert_array_equal(found.time, given.time)
    np.testing.assert_allclose(found.flux, flux, rtol=1e-10)
    np.testing.assert_allclose(found.error, 6.7, rtol=1e-7)
    np.testing.assert_array_equal(found.quality, given.quality)
    assert found.quality.dtype == np.int32
    assert (found.exposure, found.mission, found.name) == (0.02, "kepler", "quarter 3")


@pytest.mark.parametrize(
    "flux",
    [
        np.linspace(-1, 1, 51),
        np.linspace(-1e-300, 1e-300, 51),
        np.linspace(1e29, 1.1e29, 51),
        np.append(np.zeros(50), 5.0),
        np.linspace(-5, -4, 51),
    ],
)
def test_any_scale_of_flux_comes_back(flux):
    found = decode_segment(*encode_segment("1", segment(flux)))
    np.testing.assert_allclose(found.flux, flux, rtol=1e-6, atol=np.abs(flux).max() * 1e-7)


def test_an_unknown_error_stays_unknown_and_takes_no_room():
    flux = np.linspace(1, 2, 500)
    entry, record = encode_segment("1", segment(flux))
    assert np.isnan(decode_segment(entry, record).error).all()
    with_errors = encode_segment("1", segment(flux, np.random.default_rng(3).uniform(1, 2, 500)))
    assert len(with_errors[1]) > len(record) + 500
    some = np.full(500, 2.0)
    some[7] = np.nan
    assert np.isnan(decode_segment(*encode_segment("1", segment(flux, some))).error).sum() == 1


def test_the_content_is_that_of_star_segment_and_numbers():
    flux = np.linspace(1, 2, 50)
    contents = {
        encode_segment(star, each)[0]["content"].tobytes()
        for star, each in (
            ("1", segment(flux)),
            ("1", segment(flux)),
            ("2", segment(flux)),
            ("1", segment(flux, name="quarter 4")),
            ("1", segment(flux, mission="k2")),
            ("1", segment(flux, exposure=0.1)),
            ("1", segment(flux * 2)),
            ("1", segment(flux, quality=np.arange(50))),
        )
    }
    assert len(contents) == 7


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_changed_byte_is_noticed(place):
    entry, record = encode_segment("1", segment(np.linspace(1, 2, 50)))
    changed = bytearray(record)
    changed[place] ^= 1
    with pytest.raises(DamagedRecord, match="star 1 is damaged"):
        decode_segment(entry, bytes(changed))


@pytest.mark.parametrize("plain", [b"", bytes(10), bytes(10_000_000)])
def test_a_record_never_unpacks_to_more_than_its_index_says(plain):
    import hashlib

    entry, _ = encode_segment("1", segment(np.linspace(1, 2, 50)))
    record = zlib.compress(plain)
    entry["sha256"] = np.void(hashlib.sha256(record).digest())
    with pytest.raises(DamagedRecord, match="another length"):
        decode_segment(entry, record)


@pytest.mark.parametrize(
    ("name", "value"),
    [("points", 0), ("points", 2**31 - 1), ("star", b""), ("start", np.nan), ("scale", 0.0),
     ("kind", 7), ("median", np.inf), ("length", 0)],
)  # fmt: skip
def test_a_line_of_the_index_that_cannot_be_is_not_sound(name, value):
    entry, _ = encode_segment("1", segment(np.linspace(1, 2, 50)))
    assert is_sound(entry)
    entry[name] = value
    assert not is_sound(entry)


def test_views_come_back_by_name():
    views = {"global_view": np.linspace(0, 1, 201), "odd_view": np.linspace(1, 2, 31)}
    views = {name: view.astype(np.float32) for name, view in views.items()}
    entry, record = encode_views("5", 3.25, "sector 2", views)
    assert is_sound(entry)
    assert float(entry["period"]) == 3.25
    found = decode_views(entry, record)
    assert list(found) == list(views)
    for name, view in views.items():
        np.testing.assert_array_equal(found[name], view)
    entry["points"] = 10
    with pytest.raises(DamagedRecord):
        decode_views(entry, record)
