"""The control of the light curve benchmark: after it, the transits are gone and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from backend.training.split import Split
from backend.transit.columns import LABELS, ROW_DTYPE
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.folding import cycles_and_offsets, in_transit
from backend.transit.photometry.prepare import Prepared, prepare
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.control import control, line, split_by_star, wilson_interval
from benchmarks.curve_evidence.kepler import KeplerStars, view_rows
from benchmarks.curve_evidence.without_transit import without_transit
from tests.transit.photometry.made import HOT_JUPITER, START, segment, with_signal

NOISE = 3e-4
SMALL = Signal(5.2, START + 2.0, 3.5, 800.0, 0.3, 5778.0, 4.44)
BINNED = 0.05


def number(prepared: Prepared, name: str) -> float:
    return float(prepared.evidence[EVIDENCE.index(name)])


def wavy(seed: int = 1, step: float = BINNED) -> Segment:
    """A star with spots."""
    plain = segment(days=90, step=step, noise=NOISE, seed=seed)
    waves = 1 + 3e-3 * np.sin(2 * np.pi * (plain.time - START) / 9.0)
    return replace(plain, flux=plain.flux * waves)


def taken_out(curve: Segment, signal: Signal, others: tuple[Signal, ...] = ()) -> Segment:
    return without_transit(curve, signal, np.random.default_rng(3), others)


@pytest.mark.parametrize("signal", [SMALL, HOT_JUPITER], ids=["small", "hot Jupiter"])
@pytest.mark.parametrize("seed", range(4))
def test_the_depth_that_is_left_is_none(signal: Signal, seed: int):
    curve = with_signal(wavy(seed), signal)
    before, after = prepare([curve], signal), prepare([taken_out(curve, signal)], signal)
    assert number(before, "depth_significance") > 8
    assert abs(number(after, "depth_significance")) < 3
    assert abs(number(after, "depth_ratio")) < 3 * abs(
        number(after, "depth") / number(after, "depth_significance") / signal.depth
    )


def test_the_scatter_in_transit_is_that_of_the_surroundings():
    curve = with_signal(wavy(step=BINNED / 4), HOT_JUPITER)
    after = taken_out(curve, HOT_JUPITER)
    _, offset = cycles_and_offsets(after.time, HOT_JUPITER)
    flat = after.flux / (1 + 3e-3 * np.sin(2 * np.pi * (after.time - START) / 9.0)) / 5000
    inside, outside = (
        flat[where]
        for where in (np.abs(offset) < HOT_JUPITER.duration_days / 2, np.abs(offset) > 0.3)
    )
    assert len(inside) > 200
    assert np.std(inside) == pytest.approx(np.std(outside), rel=0.1)
    assert np.std(outside) == pytest.approx(NOISE, rel=0.05)


def test_out_of_transit_every_point_stays_as_it_is():
    curve = with_signal(wavy(), SMALL)
    after = taken_out(curve, SMALL)
    assert after.time.tolist() == curve.time.tolist()
    outside = ~in_transit(curve.time, (SMALL,), 1.2)
    assert after.flux[outside].tolist() == curve.flux[outside].tolist()
    inside = in_transit(curve.time, (SMALL,), 0.4)
    assert (after.flux[inside] != curve.flux[inside]).all()


def test_the_transits_of_another_planet_stay_and_are_no_surroundings():
    # Too shallow for an outlier, and a third of what is around.
    beside = replace(SMALL, epoch=SMALL.epoch + 0.32, depth=1_000.0, duration=7.0)
    curve = with_signal(with_signal(wavy(), SMALL), beside)
    after = taken_out(curve, SMALL, (beside,))
    assert number(prepare([after], beside), "depth") == pytest.approx(1_000, rel=0.2)

    def level(flat: Segment) -> float:
        """Of the points in its own transits, relative to the star's light, in ppm."""
        wave = 5000 * (1 + 3e-3 * np.sin(2 * np.pi * (flat.time - START) / 9.0))
        return float(1e6 * np.mean((flat.flux / wave - 1)[in_transit(flat.time, (SMALL,), 0.4)]))

    assert abs(level(after)) < 3 * 1e6 * NOISE / np.sqrt(17 * 2)
    assert level(taken_out(curve, SMALL)) < -200


def test_a_transit_with_nothing_around_it_is_left_out():
    curve = with_signal(wavy(), SMALL)
    near = np.abs(curve.time - SMALL.epoch) < 1.5
    alone = curve.where(~near | in_transit(curve.time, (SMALL,), 0.6))
    after = taken_out(alone, SMALL)
    assert not (np.abs(after.time - SMALL.epoch) < 1.0).any()
    assert len(alone) - len(after) == (np.abs(alone.time - SMALL.epoch) < 1.0).sum()


@pytest.fixture(scope="module")
def stars() -> KeplerStars:
    """Twelve stars with one planet each."""
    rows = np.zeros(12, ROW_DTYPE)
    for name in ("impact", "tmag"):
        rows[name] = np.nan
    for name, value in (("period", 5.2), ("duration", 3.5), ("snr", 30.0), ("steff", 5778.0)):
        rows[name] = value
    rows["srad"], rows["slogg"] = 1.0, 4.44
    rows["depth"] = 500.0 + 50.0 * np.arange(12)
    rows["label"] = LABELS.index("CONFIRMED")
    curves = [
        with_signal(wavy(number), replace(SMALL, depth=float(depth)))
        for number, depth in enumerate(rows["depth"])
    ]
    return KeplerStars(rows, np.full(12, SMALL.epoch), np.arange(12), curves)


def test_the_control_hides_what_it_says_and_nothing_else(stars: KeplerStars):
    every = np.arange(12)
    views = view_rows(stars, every)
    split = Split(every[:6], every[6:8], every[8:], every[6:8], every[8:])
    asked: list[tuple[Rows, ViewRows, bool]] = []

    def predict(table: Rows, rows: Index, records: ViewRows | None, is_hidden: bool) -> np.ndarray:
        assert records is not None
        assert rows.tolist() == every[8:].tolist()
        shown = records[np.isin(records["row"], rows)]
        asked.append((table[rows], shown, is_hidden))
        significance = shown["evidence"][:, EVIDENCE.index("depth_significance")]
        share = np.where(is_hidden, 0.0, np.where(significance > 4, 0.9, 0.1))
        return np.column_stack([np.zeros(len(rows)), share, 1 - share])

    shares = {
        name: stays.mean() for name, stays in control(stars, views, split, predict, 1).items()
    }
    assert shares == {
        "as they are": 1.0,
        "light curve hidden": 0.0,
        "transit taken out": 0.0,
        "depth and snr hidden": 1.0,
        "transit taken out, depth and snr hidden": 0.0,
    }
    for table, _, _ in asked[:3]:
        assert table.tobytes() == stars.rows[8:].tobytes()
    for table, _, _ in asked[3:]:
        assert (table["depth"] == np.median(stars.rows["depth"][:6])).all()
        assert np.isnan(table["snr"]).all()
        assert table["period"].tolist() == stars.rows["period"][8:].tolist()


def test_no_star_is_in_two_parts_of_the_split(stars: KeplerStars):
    doubled = replace(
        stars, rows=np.repeat(stars.rows, 2), epochs=np.repeat(stars.epochs, 2),
        star=np.repeat(stars.star, 2),
    )  # fmt: skip
    split = split_by_star(doubled, np.arange(24), 5)
    parts = [set(doubled.star[rows]) for rows in (split.train, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 12
    assert all(parts)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count: int, of: int, low: float, high: float):
    """81 of 263 is the example of Newcombe (1998), Stat. Med. 17, 857, table I."""
    assert wilson_interval(count, of) == pytest.approx((low, high), abs=1e-4)


def test_a_line_says_how_many_and_how_surely():
    said = line("as they are", np.array([True] * 81 + [False] * 182))
    assert said == "| as they are | 263 | 30.8% | 25.5% to 36.6% |"
