"""How fast, how exact, how honest? `python -m benchmarks.light_curves [--peers PYTHON]`

Prints markdown tables: the time from segments to views and numbers, against wotan and lightkurve
where a Python is named that has both; the spread of significances where there is nothing; the
depths of transits that were put into real stars. All times are processor time of one core.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from backend.transit.photometry.cleaning import clean
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.flattening import MASKED_WIDTHS, trend, window_days
from backend.transit.photometry.folding import cycles_and_offsets, in_transit
from backend.transit.photometry.prepare import prepare_signal
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.star_curve import StarCurve, star_curve
from backend.transit.photometry.views import local_view, whole_orbit_view
from tests.transit.photometry import real
from tests.transit.photometry.test_noise import nothings, planted, spread

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data")).resolve()
PEERS = Path(__file__).with_name("peers.py")

STARS = {
    "Kepler-227": "KIC_10797460",
    "Kepler-11": real.KEPLER_11,
    "Kepler-10": real.KEPLER_10,
    "TrES-2": real.TRES_2,
    "Kepler-90": real.KEPLER_90,
    "WASP-4": real.WASP_4,
    "pi Men": real.PI_MEN,
}
NULL_STARS = tuple(STARS.values()) + real.QUIET_TESS
# Best of so many.
TIMES = 3


class Star(NamedTuple):
    segments: list[Segment]
    signals: tuple[Signal, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", help="a Python that has wotan and lightkurve")
    parser.add_argument("--nulls", type=int, default=50, help="signals a star that are nothing")
    parser.add_argument("--planted", type=int, default=60, help="transits put into real stars")
    asked = parser.parse_args()
    stars = {
        name: Star(
            real.segments_of(ARCHIVE_DATA, key),
            tuple(real.signals_of(ARCHIVE_DATA, key).values()),
        )
        for name, key in STARS.items()
    }
    with threadpool_limits(limits=1):
        print_speed(stars, peers(stars, asked.peers) if asked.peers else {})
        print_nothings(asked.nulls)
        print_planted(asked.planted)


def print_speed(stars: dict[str, Star], theirs: dict[str, dict[str, float]]) -> None:
    print("| one core, seconds | points | to views | and numbers | wotan | lightkurve | ppm rms |")
    print("|---|---|---|---|---|---|---|")
    for name, star in stars.items():
        points = sum(len(segment) for segment in star.segments)
        to_views = min(seconds(partial(views, star)) for _ in range(TIMES))
        to_numbers = min(seconds(partial(numbers, star)) for _ in range(TIMES))
        peer = theirs.get(name, {})
        keys = ("wotan", "lightkurve", "ppm")
        cells = " | ".join(f"{peer[key]:.2f}" if key in peer else "" for key in keys)
        print(f"| {name} | {points:,} | {to_views:.2f} | {to_numbers:.2f} | {cells} |", flush=True)
    print()


def views(star: Star) -> StarCurve:
    """From segments to the whole orbit and the transit of the first signal."""
    curve = star_curve(star.segments, star.signals)
    signal = star.signals[0]
    _, offset = cycles_and_offsets(curve.time, signal)
    whole_orbit_view(offset / signal.period, curve.flat)
    local_view(offset, curve.flat, signal.duration_days)
    return curve


def numbers(star: Star) -> None:
    """From segments to all views and numbers of the first signal."""
    curve = star_curve(star.segments, star.signals)
    prepare_signal(curve, star.signals[0], star.signals[1:])


def peers(stars: dict[str, Star], python: str) -> dict[str, dict[str, float]]:
    """What the peers take for flattening and for binning, and how the trends differ."""
    curves: dict[str, np.ndarray] = {}
    for name, star in stars.items():
        window = window_days(star.signals)
        segments = [clean(segment) for segment in star.segments]
        at, flux = (
            np.concatenate([getattr(segment, field) for segment in segments])
            for field in ("time", "flux")
        )
        # wotan breaks at gaps alone, so that quarters that follow each other closely are set apart.
        apart = np.repeat(np.arange(len(segments)) * window, [len(s) for s in segments])
        smooth = np.concatenate([trend(s.time, s.flux, star.signals, window) for s in segments])
        curves |= {
            f"{name}/time": at + apart,
            f"{name}/flux": flux,
            f"{name}/flat": flux / smooth,
            f"{name}/masked": in_transit(at, star.signals, MASKED_WIDTHS),
            f"{name}/window": np.array(window),
            f"{name}/trend": smooth,
            f"{name}/period": np.array(star.signals[0].period),
            f"{name}/epoch": np.array(star.signals[0].epoch),
        }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curves.npz"
        np.savez(path, **curves)  # type: ignore[arg-type]
        one_thread = os.environ | {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [python, str(PEERS), str(path)]
        done = subprocess.run(
            command, env=one_thread, check=True, stdout=subprocess.PIPE, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def print_nothings(each: int) -> None:
    found = nothings(ARCHIVE_DATA, NULL_STARS, each)
    print(f"| {each * len(NULL_STARS)} signals that are nothing | spread | above 3 | largest |")
    print("|---|---|---|---|")
    for name in EVIDENCE:
        if name.endswith("_significance"):
            values = found[name][np.isfinite(found[name])]
            high = 100 * np.mean(np.abs(values) > 3)
            print(f"| {name} | {spread(values):.3f} | {high:.1f}% | {np.abs(values).max():.1f} |")
    print()


def print_planted(count: int) -> None:
    truth, depth, sigma = planted(ARCHIVE_DATA, count)
    pull = np.abs(depth - truth) / sigma
    print("| transits put into real stars | median bias | within 2 sigma | within 3 sigma |")
    print("|---|---|---|---|")
    bias = 100 * (np.median(depth / truth) - 1)
    shares = " | ".join(f"{100 * np.mean(pull < limit):.0f}%" for limit in (2, 3))
    print(f"| {len(truth)} | {bias:+.2f}% | {shares} |")


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
