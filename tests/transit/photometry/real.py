"""The real light curves, and what is published of the signals in them."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from backend.transit.photometry.segments import TIME_OFFSETS, Segment, Signal

# Of a mission's stars: the catalogue's name for them, its segments' letter, exposure in days.
_MISSIONS = {
    "KIC": ("kepler", "Q", 29.424 / 1440),
    "EPIC": ("k2", "C", 29.424 / 1440),
    "TIC": ("tess", "S", 120 / 86_400),
}

KEPLER_90 = "KIC_11442793"
KEPLER_10 = "KIC_11904151"
KEPLER_11 = "KIC_6541920"
TRES_2 = "KIC_11446443"
FALSE_POSITIVE = "KIC_1432214"
WASP_4 = "TIC_402026209"
PI_MEN = "TIC_261136679"
QUIET_TESS = ("TIC_270501383", "TIC_126890217")

# Bouma et al. (2019), AJ 157, 217: period and mid-transit. Winn et al. (2009), AJ 137, 3826: k =
# 0.15375, b = 0.061, 2.158 hours.
WASP_4_B = Signal(1.338231466, 2_455_804.515752, 2.158, np.nan, 0.061, 5500.0, 4.5)
# Huang et al. (2018), ApJL 868, L39: k = 0.01703, b = 0.59, 2.95 hours.
PI_MEN_C = Signal(6.2682, 2_458_325.50400, 2.95, np.nan, 0.59, 6037.0, 4.42)

TESS_SIGNALS = {WASP_4: (WASP_4_B,), PI_MEN: (PI_MEN_C,)}


def light_curves(archive_data: Path) -> Path:
    """The folder of real light curves; skips loudly without it."""
    folder = archive_data / "lightcurves"
    if not (folder / "raw_stars.npz").exists():
        pytest.skip(f"NO ARCHIVE TABLES in {folder}: raw_stars.npz is missing")
    return folder


def segments_of(archive_data: Path, star: str) -> list[Segment]:
    """The segments of one of the raw stars."""
    mission, letter, exposure = _MISSIONS[star.split("_")[0]]
    offset = TIME_OFFSETS["BTJD" if mission == "tess" else "BKJD"]
    with np.load(light_curves(archive_data) / "raw_stars.npz") as raw:
        time, flux, error, quality, number = (
            raw[f"{star}/{field}"] for field in ("time", "flux", "flux_err", "quality", "segment")
        )
    return [
        Segment(
            time[number == n] + offset,
            flux[number == n].astype(float),
            error[number == n].astype(float),
            quality[number == n],
            exposure,
            mission,
            f"{letter}{n}",
        )
        for n in np.unique(number)
    ]


@cache
def _kois(path: Path) -> dict[str, dict[str, Signal]]:
    found: dict[str, dict[str, Signal]] = {}
    with path.open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            columns = ("period", "time0bk", "duration", "depth", "impact", "steff", "slogg")
            numbers = [float(row[f"koi_{column}"] or "nan") for column in columns]
            numbers[1] += TIME_OFFSETS["BKJD"]
            found.setdefault(f"KIC_{row['kepid']}", {})[row["kepoi_name"]] = Signal(*numbers)
    return found


def signals_of(archive_data: Path, star: str) -> dict[str, Signal]:
    """Those that the KOI table (Thompson et al. 2018, ApJS 235, 38) or a paper knows, by name."""
    if star in TESS_SIGNALS:
        return {str(number): signal for number, signal in enumerate(TESS_SIGNALS[star])}
    return _kois(archive_data / "koi_cumulative.csv").get(star, {})
