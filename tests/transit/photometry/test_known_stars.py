"""Real light curves: depths, durations and times that are published."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.transit.light_curve.limb_darkening import limb_darkening
from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.prepare import Prepared, prepare
from backend.transit.photometry.segments import TIME_OFFSETS, Segment, Signal
from tests.transit.photometry import real
from tests.transit.photometry.made import as_catalogued

pytestmark = pytest.mark.archive


def numbers(prepared: Prepared) -> dict[str, float]:
    return dict(zip(EVIDENCE, prepared.evidence.tolist(), strict=True))


def measured(archive_data: Path, star: str, name: str) -> dict[str, float]:
    """The numbers of a signal, of which only period, epoch and duration are told."""
    signals = real.signals_of(archive_data, star)
    others = tuple(other for key, other in signals.items() if key != name)
    blind = replace(as_catalogued(signals[name]), depth=np.nan)
    return numbers(prepare(real.segments_of(archive_data, star), blind, others))


def published_depth(radius_ratio: float, signal: Signal, band: str) -> float:
    """ppm, at mid-transit."""
    u1, u2 = limb_darkening(np.array([signal.steff]), np.array([signal.slogg]), band)
    impact = np.array([signal.impact])
    return 1e6 * float(hidden_flux(impact, np.array([radius_ratio]), u1, u2)[0])


def assert_is_near(found: dict[str, float], depth: float) -> None:
    """Within 5% or 2 sigma, whichever is wider."""
    assert abs(found["depth"] - depth) < max(0.05 * depth, 2 * found["depth_error"])


def test_wasp_4_b(archive_data):
    found = measured(archive_data, real.WASP_4, "0")
    assert_is_near(found, published_depth(0.15375, real.WASP_4_B, "tess"))
    assert found["duration_ratio"] == pytest.approx(1, abs=0.02)
    # Transits of 2018 came about a minute early (Bouma et al. 2019): 0.01 durations.
    assert found["transit_shift"] == pytest.approx(0, abs=0.015)
    # k = 0.154 of a central transit: 1 - 0.846 / 1.154.
    assert found["ingress_share"] == pytest.approx(0.27, abs=0.02)
    for name in ("odd_even", "secondary", "dip", "depth_scatter"):
        assert abs(found[f"{name}_significance"]) < 3, name


def test_pi_men_c(archive_data):
    found = measured(archive_data, real.PI_MEN, "0")
    assert_is_near(found, published_depth(0.01703, real.PI_MEN_C, "tess"))
    assert found["duration_ratio"] == pytest.approx(1, abs=0.05)
    assert found["transit_shift"] == pytest.approx(0, abs=0.03)
    assert found["depth_significance"] > 15
    assert found["transits_seen"] == 5


def test_tres_2_b(archive_data):
    # Barclay et al. (2012), ApJ 761, 53: k = 0.125358, b = 0.8408.
    signal = replace(
        real.signals_of(archive_data, real.TRES_2)["K00001.01"],
        impact=0.8408,
        steff=5850.0,
        slogg=4.45,
    )
    found = measured(archive_data, real.TRES_2, "K00001.01")
    assert_is_near(found, published_depth(0.125358, signal, "kepler"))
    assert found["duration_ratio"] == pytest.approx(1, abs=0.05)
    assert found["transit_shift"] == pytest.approx(0, abs=0.005)
    # A light dayside: 6.5 ppm by Kepler's phase curve (Kipping & Spiegel 2011, MNRAS 417, L88),
    # 11.4 + 7.8 - 7.9 by the eclipse (Barclay et al. 2012: 6.5 + 1.7 - 1.8).
    assert found["secondary_depth"] == pytest.approx(6.5, abs=3 * 2.5)
    assert abs(found["odd_even_significance"]) < 3


def test_kepler_90_g_and_h(archive_data):
    signals = real.signals_of(archive_data, real.KEPLER_90)
    h = measured(archive_data, real.KEPLER_90, "K00351.01")
    assert_is_near(h, signals["K00351.01"].depth)
    assert h["duration_ratio"] == pytest.approx(1, abs=0.05)
    middle = 140.4989290 + 331.5972732 + h["transit_shift"] * 14.404 / 24
    assert middle == pytest.approx(472.10, abs=0.05)

    g = measured(archive_data, real.KEPLER_90, "K00351.02")
    assert_is_near(g, signals["K00351.02"].depth)
    assert g["duration_ratio"] == pytest.approx(1, abs=0.08)
    # This transit is 2.5 hours early: its period changes by a day (Cabrera et al. 2014, ApJ 781,
    # 18). The flux is lowest from BKJD 357.32 to 357.79.
    middle = 147.056867 + 210.6013843 + g["transit_shift"] * 11.9922 / 24
    assert middle == pytest.approx(357.555, abs=0.02)


@pytest.mark.slow
def test_the_planets_of_kepler_11(archive_data):
    signals = real.signals_of(archive_data, real.KEPLER_11)
    assert len(signals) == 6
    for name, signal in signals.items():
        found = measured(archive_data, real.KEPLER_11, name)
        # Of six, one may be more than 2 sigma off.
        off = abs(found["depth"] - signal.depth)
        assert off < max(0.05 * signal.depth, 3 * found["depth_error"]), name
        assert found["duration_ratio"] == pytest.approx(1, abs=0.06), name
        assert found["ingress_share"] < 0.3, name


def test_the_secondary_of_kepler_10_b(archive_data):
    # Batalha et al. (2011), ApJ 729, 27: 5.8 +- 2.5 ppm; Fogtmann-Schulz et al. (2014), ApJ 781,
    # 67: 7.4 + 1.1 - 1.0 ppm.
    found = measured(archive_data, real.KEPLER_10, "K00072.01")
    assert found["secondary_depth"] == pytest.approx(7.4, abs=3)
    assert found["secondary_significance"] > 4
    assert_is_near(found, real.signals_of(archive_data, real.KEPLER_10)["K00072.01"].depth)


def test_doubled_times_and_a_single_eclipse_of_8_7_percent(archive_data):
    plain = real.segments_of(archive_data, real.FALSE_POSITIVE)
    assert sum(len(np.unique(s.time)) for s in plain) * 2 == sum(len(s) for s in plain)
    epoch = TIME_OFFSETS["BKJD"] + 214.04
    found = prepare(plain, Signal(161.78832712, epoch, 7.0))
    measured = numbers(found)
    assert found.flags == ("period longer than the data", "one transit")
    # The lowest point is 8.67% below the median; half an hour of exposure rounds it.
    assert measured["depth"] == pytest.approx(87_000, rel=0.05)
    # By eye: from BKJD 213.93 to 214.15, of which the bottom takes 0.13 days.
    assert measured["duration_ratio"] * 7.0 == pytest.approx(5.3, abs=0.2)
    assert measured["ingress_share"] == pytest.approx(0.43, abs=0.05)
    assert found.points == pytest.approx(len(np.unique(plain[0].time)), abs=5)


def segment_of_fits(path: Path) -> Segment:
    fits = pytest.importorskip("astropy.io.fits")
    with warnings.catch_warnings(), fits.open(path, memmap=False) as file:
        warnings.simplefilter("ignore")
        head, table = file[1].header, file[1].data
        is_tess = path.name.startswith("tess")
        number = file[0].header["SECTOR" if is_tess else "QUARTER"]
        flux, error, time = (
            np.array(table[name], dtype=np.float64)
            for name in ("PDCSAP_FLUX", "PDCSAP_FLUX_ERR", "TIME")
        )
        return Segment(
            time + head["BJDREFI"] + head["BJDREFF"],
            flux,
            error,
            np.array(table["QUALITY" if is_tess else "SAP_QUALITY"], dtype=np.int32),
            120 / 86_400 if is_tess else 29.424 / 1440,
            "tess" if is_tess else "kepler",
            f"S{number}" if is_tess else f"Q{number}",
        )


def test_the_missions_files_give_what_the_raw_stars_give(archive_data):
    folder = real.light_curves(archive_data) / "fits"
    kepler_90 = [segment_of_fits(path) for path in sorted(folder.glob("kplr*.fits"))]
    signals = real.signals_of(archive_data, real.KEPLER_90)
    others = tuple(signal for name, signal in signals.items() if name != "K00351.01")
    h = numbers(prepare(kepler_90, signals["K00351.01"], others))
    assert_is_near(h, 8_400)

    (path,) = folder.glob("tess*.fits")
    wasp_4 = numbers(prepare([segment_of_fits(path)], real.WASP_4_B))
    assert_is_near(wasp_4, 27_600)
    raw = measured(archive_data, real.WASP_4, "0")
    assert wasp_4["depth"] == pytest.approx(raw["depth"], rel=0.005)
