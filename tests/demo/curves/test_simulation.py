"""The stars of `make demo-curves`: what is in their light curves is what the table says."""

import io
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.demo.curves.files import light_curve_of, write_light_curves, write_table
from backend.demo.curves.photometry import BAND, DAYS, START, STEP, Noise, dimmed, observe
from backend.demo.curves.population import (
    BINARY,
    BLEND,
    GRAZING,
    PLANET,
    SHARES,
    Candidate,
    draw_population,
)
from backend.light_curves.child.reading import NOTHING_SAID, read
from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import LABELS
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.folding import cycles_and_offsets, is_odd, phases
from backend.transit.photometry.prepare import prepare
from backend.transit.photometry.segments import Signal
from backend.transit.simulation.catalogue import is_simulated

SEED = 7

QUIET = Noise(white_ppm=1e-3, red_ppm=1e-3, red_hours=4, variation_ppm=1e-3, variation_days=10)
PLANETARY = Signal(3.3, START + 1.1, 4.0, 2_500.0, 0.3, 5778.0, 4.44)

FINE = np.arange(START, START + DAYS, STEP / 10)


@pytest.fixture(scope="module")
def population() -> list[Candidate]:
    return draw_population(300, SEED)


def of_kind(population: list[Candidate], kind: str, count: int = 8) -> list[Candidate]:
    """Some whose dips are clear: the strongest."""
    found = [each for each in population if each.kind == kind]
    return sorted(found, key=lambda each: -each.snr)[:count]


def light_of(candidate: Candidate) -> np.ndarray:
    """What the dips leave, without noise."""
    flux = np.ones(len(FINE))
    for dip in candidate.dips:
        flux *= dimmed(FINE, dip)
    return flux


def depth_ppm(flux: np.ndarray) -> float:
    return float(1e6 * (1 - flux.min()))


@pytest.mark.parametrize("kind", SHARES)
def test_the_dips_lie_where_the_table_says_and_are_as_deep_and_as_long(
    population: list[Candidate], kind: str
):
    for each in of_kind(population, kind):
        flux, signal = light_of(each), each.signal
        _, offset = cycles_and_offsets(FINE, signal)
        is_near = np.abs(offset) < signal.period / 4
        dip = (1 - flux) * is_near
        middle = np.sum(dip * offset) / np.sum(dip)
        assert abs(middle) < 0.02 * signal.duration_days
        reach = np.abs(offset[(dip > 1e-9) & is_near]).max()
        # An exposure sees the dip from half of its length before it begins.
        assert reach == pytest.approx((signal.duration_days + STEP) / 2, abs=STEP / 4)
        # The exposure blurs a V more than a U.
        at_middle = np.abs(offset) < STEP / 8
        blurred = 1e6 * np.mean(dip[at_middle])
        assert blurred == pytest.approx(signal.depth, rel=0.2 if kind == GRAZING else 0.05)


def test_a_short_exposure_sees_the_depth_of_the_table():
    long = replace(PLANETARY, duration=30.0, period=12.0)  # half an hour is little of it
    assert depth_ppm(dimmed(FINE, long)) == pytest.approx(long.depth, rel=1e-3)


def test_eclipsing_binaries_have_a_secondary_at_phase_one_half(population: list[Candidate]):
    for each in of_kind(population, BINARY):
        later = replace(each.signal, epoch=each.signal.epoch + each.signal.period / 2)
        flux = light_of(each)
        inside = np.abs(phases(FINE, later)) < 0.1
        lowest = phases(FINE[inside], later)[np.argmin(flux[inside])] * each.signal.period
        assert abs(lowest) < STEP
        assert 0.05 < depth_ppm(flux[inside]) / each.signal.depth < 0.55
    for each in of_kind(population, PLANET):
        later = replace(each.signal, epoch=each.signal.epoch + each.signal.period / 2)
        assert (light_of(each)[np.abs(phases(FINE, later)) < 0.1] == 1).all()


def test_odd_and_even_eclipses_of_blends_differ_and_those_of_planets_do_not(
    population: list[Candidate],
):
    def ratio(each: Candidate) -> float:
        cycle, offset = cycles_and_offsets(FINE, each.signal)
        middle = np.abs(offset) < STEP / 8
        flux, odd = light_of(each)[middle], is_odd(cycle[middle])
        return float(np.mean(1 - flux[odd]) / np.mean(1 - flux[~odd]))

    assert max(ratio(each) for each in of_kind(population, BLEND)) < 0.95
    planets = [ratio(each) for each in of_kind(population, PLANET)]
    assert planets == pytest.approx([1.0] * len(planets), abs=0.02)


def test_grazing_eclipses_have_no_flat_bottom(population: list[Candidate]):
    def flat_part(each: Candidate) -> float:
        """The part of the time in transit in which nine tenths of the depth are reached."""
        flux = light_of(each)
        dip = 1 - flux
        return float(np.mean(dip[dip > 1e-7] > 0.9 * dip.max()))

    grazing = [flat_part(each) for each in of_kind(population, GRAZING)]
    planets = [flat_part(each) for each in of_kind(population, PLANET)]
    assert max(grazing) < min(planets)


def test_our_own_photometry_finds_the_depth_the_secondary_and_the_difference(
    population: list[Candidate],
):
    def numbers(kind: str) -> dict[str, float]:
        (each,) = of_kind(population, kind, 1)
        found = prepare([light_curve_of(each, SEED)], each.signal)
        return dict(zip(EVIDENCE, found.evidence, strict=True)) | {"said": each.signal.depth}

    planet, binary, blend, grazing = (numbers(k) for k in (PLANET, BINARY, BLEND, GRAZING))
    assert planet["depth"] == pytest.approx(planet["said"], rel=0.05)
    assert abs(planet["odd_even_significance"]) < 4
    assert planet["secondary_significance"] < 4
    assert binary["secondary_significance"] > 5
    assert abs(blend["odd_even_significance"]) > 5
    assert grazing["ingress_share"] > 2 * planet["ingress_share"]


def test_the_scatter_out_of_transit_is_the_noise_that_is_said():
    white = replace(QUIET, white_ppm=300.0)
    segment = observe((PLANETARY,), white, np.random.default_rng(1))
    good = (segment.quality == 0) & (np.abs(phases(segment.time, PLANETARY)) > 0.1)
    flux = segment.flux[good]
    robust = 1.4826 * np.median(np.abs(flux - np.median(flux)))
    assert 1e6 * robust == pytest.approx(300, rel=0.05)


def test_red_noise_has_the_strength_and_the_memory_that_are_said():
    red = replace(QUIET, red_ppm=200.0, red_hours=5.0)
    strengths, kept = [], []
    for seed in range(30):
        segment = observe((), red, np.random.default_rng(seed))
        good = segment.where(segment.quality == 0)
        is_next = np.round(np.diff(good.time) / STEP) == 1
        strengths.append(1e6 * np.std(good.flux))
        kept.append(np.corrcoef(good.flux[:-1][is_next], good.flux[1:][is_next])[0, 1])
    assert np.median(strengths) == pytest.approx(200, rel=0.1)
    assert np.median(kept) == pytest.approx(np.exp(-0.5 / 5), abs=0.02)


def test_there_are_gaps_outliers_and_flagged_points(population: list[Candidate]):
    segment = light_curve_of(population[0], SEED)
    steps = np.diff(segment.time)
    assert np.sum(steps > 0.9) >= 6
    assert steps.max() > 2.9
    assert 0.8 < len(segment) / (DAYS / STEP) < 0.95
    assert 0 < np.mean(segment.quality > 0) < 0.02
    flat = observe((), replace(QUIET, white_ppm=100.0), np.random.default_rng(3))
    good = flat.flux[flat.quality == 0]
    assert 2 <= np.sum(good > 1 + 5.5e-4) <= 20
    assert (good > 1 - 5.5e-4).all()


def test_period_and_depth_are_alike_for_all_kinds_and_most_stars_have_a_curve():
    population = draw_population(3_000, 1)
    for name in ("period", "depth"):
        medians = [
            np.median([getattr(each.signal, name) for each in population if each.kind == kind])
            for kind in SHARES
        ]
        assert max(medians) / min(medians) < 1.25, name
    assert np.mean([each.is_observed for each in population]) == pytest.approx(0.9, abs=0.02)
    for label in range(len(LABELS)):
        part = [each.is_observed for each in population if each.label == label]
        assert len(part) > 100
        assert np.mean(part) == pytest.approx(0.9, abs=0.06)
    planets = {each.label for each in population if each.kind == PLANET}
    others = {each.label for each in population if each.kind != PLANET}
    assert planets == {LABELS.index("CANDIDATE"), LABELS.index("CONFIRMED")}
    assert others == {LABELS.index("CANDIDATE"), LABELS.index("FALSE POSITIVE")}


def test_the_files_are_the_same_bytes_for_the_same_seed_and_others_for_another(tmp_path: Path):
    def written(seed: int, name: str) -> tuple[bytes, bytes]:
        population = draw_population(20, seed)
        table, archive = tmp_path / f"{name}.csv", tmp_path / f"{name}.zip"
        write_table(population, table)
        count = write_light_curves(population, seed, archive)
        assert count == sum(each.is_observed for each in population)
        return table.read_bytes(), archive.read_bytes()

    assert written(1, "one") == written(1, "same")
    assert all(a != b for a, b in zip(written(1, "one"), written(2, "other"), strict=True))


def test_what_is_written_is_read_as_it_was_simulated(population: list[Candidate], tmp_path: Path):
    few = population[:6]
    table, archive = tmp_path / "table.csv", tmp_path / "curves.zip"
    write_table(few, table)
    write_light_curves(few, SEED, archive)
    content = io.BytesIO(table.read_bytes())
    assert is_simulated(content)
    rows = np.concatenate([part.rows for part in open_catalog(content, label_required=True)])
    assert rows["period"].tolist() == pytest.approx([each.signal.period for each in few])
    assert rows["label"].tolist() == [each.label for each in few]
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        zipped.extractall(tmp_path)
    observed = [each for each in few if each.is_observed]
    assert names == [f"{each.star}.csv" for each in observed]
    for each in observed:
        found = read(tmp_path / f"{each.star}.csv", f"{each.star}.csv", NOTHING_SAID)
        ((star, segment),) = found.segments
        truth = light_curve_of(each, SEED)
        assert star.encode() == rows["star"][few.index(each)]
        assert segment.time == pytest.approx(truth.time, abs=1e-5)
        assert segment.flux == pytest.approx(truth.flux, abs=1e-6)
        assert segment.quality.tolist() == truth.quality.tolist()
    assert truth.mission == BAND


def test_a_hundred_stars_take_seconds():
    began = time.process_time()
    for each in draw_population(100, 2):
        light_curve_of(each, 2)
    assert time.process_time() - began < 10
