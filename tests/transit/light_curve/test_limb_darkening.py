"""The limb-darkening table and its interpolation."""

import csv
from pathlib import Path

import numpy as np
import pytest

from backend.transit.light_curve.limb_darkening import (
    GRAVITIES,
    TABLES,
    is_off_grid,
    limb_darkening,
)


def at(steff: float, slogg: float, band: str = "kepler") -> tuple[float, float]:
    u1, u2 = limb_darkening(np.array([steff]), np.array([slogg]), band)
    return u1[0], u2[0]


@pytest.fixture(scope="module")
def published(archive_data: Path) -> list[tuple[str, float, float, float, float]]:
    path = archive_data / "limb_darkening.csv"
    if not path.exists():
        pytest.skip(f"NO ARCHIVE TABLES: {path} with the published coefficients is missing")
    with path.open() as stream:
        return [
            (
                line["band"],
                float(line["steff"]),
                float(line["slogg"]),
                float(line["u1"]),
                float(line["u2"]),
            )
            for line in csv.DictReader(stream)
        ]


@pytest.mark.archive
def test_every_number_of_the_table_is_the_published_one(published):
    known = {(band, steff, slogg): (u1, u2) for band, steff, slogg, u1, u2 in published}
    for band, table in TABLES.items():
        for line in table:
            for column, slogg in enumerate(GRAVITIES):
                values = (line[1 + column], line[5 + column])
                assert values == known[band, line[0], slogg]


@pytest.mark.archive
@pytest.mark.parametrize(
    ("band", "low", "high", "tolerance"),
    [("kepler", 4500, 7000, 0.026), ("tess", 4500, 7000, 0.01), ("tess", 3000, 10_000, 0.02)],
)
def test_between_its_points_it_follows_the_published_grid(published, band, low, high, tolerance):
    for in_band, steff, slogg, u1, u2 in published:
        if in_band == band and low <= steff <= high:
            assert at(steff, slogg, band) == pytest.approx((u1, u2), abs=tolerance)


def test_it_has_a_dozen_temperatures_in_order_by_four_gravities():
    for table in TABLES.values():
        assert table.shape == (12, 1 + 2 * len(GRAVITIES))
        assert (np.diff(table[:, 0]) > 0).all()


def test_on_a_point_of_the_table_it_gives_the_point():
    assert at(6400, 4.5) == (0.3903, 0.2334)
    assert at(3000, 3.5) == (0.7785, 0.2275)
    assert at(10_000, 5.0) == pytest.approx((0.2412, 0.2656))


def test_between_four_points_it_is_bilinear():
    corners = [at(steff, slogg) for steff in (5300, 6400) for slogg in (4.0, 4.5)]
    assert at(5850, 4.25) == pytest.approx(np.mean(corners, axis=0))


@pytest.mark.parametrize(
    ("star", "edge"),
    [
        ((500, 4.2), (3000, 4.2)),
        ((200_000, 4.2), (10_000, 4.2)),
        ((5500, -3), (5500, 3.5)),
        ((5500, 10), (5500, 5.0)),
        ((50_000, 0), (10_000, 3.5)),
    ],
)
def test_beyond_the_table_it_gives_the_nearest_edge_and_says_so(star, edge):
    assert at(*star) == at(*edge)
    assert is_off_grid(np.array([star[0]]), np.array([star[1]]), "kepler")[0]
    assert not is_off_grid(np.array([edge[0]]), np.array([edge[1]]), "kepler")[0]


@pytest.mark.parametrize("star", [(np.nan, 4.438), (5772, np.nan), (np.nan, np.nan)])
@pytest.mark.parametrize("band", ["kepler", "tess"])
def test_an_unknown_star_is_the_sun(star, band):
    assert at(*star, band) == at(5772, 4.438, band)
    assert not is_off_grid(np.array([star[0]]), np.array([star[1]]), band)[0]


def test_an_unknown_band_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match=r"kepler, tess.*'plato'"):
        at(5000, 4, "plato")
