"""A table and a curve set whose stars have transits of known depths."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from backend.light_curves.preparing.run import Inputs
from backend.storage.curve_sets.packs import PackWriter
from backend.storage.curve_sets.records import encode_segment, encode_views
from backend.storage.curve_sets.versions import commit
from backend.transit.columns import EVIDENCE_DTYPE, ROW_DTYPE
from backend.transit.photometry.segments import Segment, Signal
from tests.transit.photometry.made import transit_flux

START = 2_457_000.0

SUN = {"steff": 5778.0, "slogg": 4.44}


def signal(star: int, period: float = 2.0, **changes: float) -> Signal:
    """The transits of a star: deeper from one star to the next."""
    given = {"epoch": START + 0.7, "duration": 4.0, "depth": 1000.0 * (1 + star % 5)}
    return Signal(period, **(given | changes))


def segment(seed: int, *signals: Signal, days: float = 25.0) -> Segment:
    """A light curve with the transits of planets."""
    time = np.arange(START, START + days, 1 / 48)
    flux = 1 + 2e-4 * np.random.default_rng(seed).normal(size=len(time))
    for each in signals:
        flux *= transit_flux(time, 1 / 48, replace(each, impact=0.3, **SUN), "tess")
    quality = np.zeros(len(time), np.int32)
    return Segment(time, 100 * flux, np.full(len(time), np.nan), quality, 1 / 48, "tess", "S1")


def table(folder: Path, rows: Sequence[tuple[str, Signal]]) -> tuple[Path, Path]:
    """A dataset's table and its evidence: of each row star and signal."""
    made = np.zeros(len(rows), ROW_DTYPE)
    evidence = np.zeros(len(rows), EVIDENCE_DTYPE)
    for name in ("impact", "steff", "slogg"):
        made[name] = np.nan
    for place, (star, one) in enumerate(rows):
        made["star"][place], evidence["epoch"][place] = star.encode(), one.epoch
        for name in ("period", "duration", "depth"):
            made[name][place] = getattr(one, name)
    folder.mkdir(exist_ok=True)
    np.save(folder / "table.npy", made)
    np.save(folder / "evidence.npy", evidence)
    return folder / "table.npy", folder / "evidence.npy"


def curve_set(folder: Path, segments: dict[str, list[Segment]], views=()) -> tuple[str, ...]:
    """A curve set of these light curves and prepared views; its packs."""
    writer = PackWriter(folder, "made")
    for star, of_star in segments.items():
        for each in of_star:
            writer.add(*encode_segment(star, each))
    for star, period, name, of_signal in views:
        writer.add(*encode_views(star, period, name, of_signal))
    return commit(folder, [writer.finish()]).packs


def many(folder: Path, stars: int = 7, rows_of_star: int = 1, key: str = "key") -> Inputs:
    """Stars with so many rows each, in an order of their own, and some without a light curve."""
    periods = [2.0 + 0.7 * each for each in range(rows_of_star)]
    signals = {
        str(star): [signal(star, period, epoch=START + 0.3 * n) for n, period in enumerate(periods)]
        for star in range(1, stars + 1)
    }
    rows = [(star, one) for place in range(rows_of_star) for star, one in by_place(signals, place)]
    rows.insert(1, ("none", signal(1)))
    packs = curve_set(
        folder / "set",
        {star: [segment(int(star), *own)] for star, own in signals.items()},
    )
    return Inputs(*table(folder, rows), folder / "set", packs, key)


def by_place(signals: dict[str, list[Signal]], place: int) -> list[tuple[str, Signal]]:
    """One row of each star, the highest identifier first."""
    return [(star, own[place]) for star, own in sorted(signals.items(), reverse=True)]
