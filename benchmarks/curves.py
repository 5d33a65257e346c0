"""How accurate and how fast are our curves, compared with batman's? `python -m benchmarks.curves`

Prints two markdown tables. All times are processor time on one core. batman gets the fewest samples
per bin (of 1, 2, 3, 4, 6, 8, 11, 16 …: steps of the square root of 2) that reach 1 ppm.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from backend.transit.light_curve.curve import BINS, Geometry, transit_curves, transit_geometry
from backend.transit.rows import Rows
from tests.transit.light_curve.batman_reference import (
    HALF_CURVE,
    batman_flux,
    bins_in_half_transit,
    converged_half_curve,
    edge_cases,
    koi_rows,
    largest_errors,
)

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
WANTED_PPM = 1.0
LADDER = sorted({round(2 ** (step / 2)) for step in range(41)})
PHASES = np.arange(-(BINS // 2), BINS // 2 + 1) / BINS
# Where batman takes minutes for a curve, only every 23rd bin is timed, and the time multiplied.
SPARSE = 23
# batman keeps every sample of a call in memory.
MOST_SAMPLES = 2**23


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timed-rows", type=int, default=200, help="rows that batman is timed on")
    timed_rows = parser.parse_args().timed_rows

    silence_c_output()
    rows = koi_rows(ARCHIVE_DATA)
    with threadpool_limits(limits=1):
        transits = transit_geometry(rows, "kepler")
        print_accuracy({"KOI rows": transits, "edge cases": edge_cases()})
        samples = np.array([least_samples(transits, row) for row in range(len(transits))])
        print_speed(rows, transits, samples, timed_rows)


def silence_c_output() -> None:
    """batman's C code prints a line wherever its elliptic integrals fail to converge."""
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def print_accuracy(cases: dict[str, Geometry]) -> None:
    print("| against batman, largest error of any bin | curves | median | 99% | worst |")
    print("|---|---|---|---|---|")
    for name, transits in cases.items():
        errors = largest_errors(transit_curves(transits), transits)
        middle, high = np.percentile(errors, [50, 99])
        figures = " | ".join(f"{error:.3f} ppm" for error in (middle, high, errors.max()))
        print(f"| {name} | {len(errors)} | {figures} |")
    print(flush=True)


def print_speed(rows: Rows, transits: Geometry, samples: np.ndarray, timed_rows: int) -> None:
    chosen = np.random.default_rng(0).choice(len(samples), timed_rows, replace=False)
    ours = min(seconds(lambda: draw(rows)) for _ in range(5)) / len(samples)
    most = np.full(len(samples), samples.max())
    ways = {
        f"batman, {samples.max()} samples in every bin (1 ppm on every row)": batman_seconds(
            transits, chosen[:2], most, PHASES[::SPARSE], times=SPARSE
        ),
        f"batman, the samples that each row needs (median {np.median(samples):.0f})": (
            batman_seconds(transits, chosen, samples, PHASES)
        ),
        "batman, the same, and only the bins of half the transit": batman_seconds(
            transits, chosen, samples, None
        ),
    }
    print("| one core | ms per curve | curves per second | exotrain is faster by |")
    print("|---|---|---|---|")
    print(f"| exotrain, rows to curves | {ours * 1e3:.3f} | {1 / ours:,.0f} | |")
    for name, each in ways.items():
        print(f"| {name} | {each * 1e3:,.3g} | {1 / each:,.3g} | {each / ours:,.0f} |", flush=True)


def draw(rows: Rows) -> None:
    transit_curves(transit_geometry(rows, "kepler"))


def least_samples(transits: Geometry, row: int) -> int:
    """The fewest samples per bin on the ladder with which batman reaches 1 ppm in every bin."""
    exact = converged_half_curve(transits, row)
    bins = np.arange(bins_in_half_transit(transits, row))
    for samples in LADDER:
        error = np.abs(supersampled(transits, row, HALF_CURVE[bins], samples) - exact[bins])
        # Bins that have reached 1 ppm are not sampled again, which keeps the search affordable.
        bins = bins[error * 1e6 > WANTED_PPM]
        if not len(bins):
            return samples
    raise RuntimeError(f"Expected 1 ppm by {LADDER[-1]} samples a bin. Received: more for {row=}")


def supersampled(transits: Geometry, row: int, phases: np.ndarray, samples: int) -> np.ndarray:
    return batman_flux(transits, row, phases, supersample_factor=samples, exp_time=1 / BINS)


def batman_seconds(
    transits: Geometry,
    rows: np.ndarray,
    samples: np.ndarray,
    phases: np.ndarray | None,
    times: int = 1,
) -> float:
    """batman's mean processor time per curve, seconds.

    Args:
        transits: all of them.
        rows: intp, (m,), the rows to time.
        samples: intp, (n,), each row's samples a bin.
        phases: centres of the bins to compute; None for the bins of half the transit.
        times: factor from `phases` to the whole curve.
    """
    start = time.process_time()
    for row in rows:
        bins = HALF_CURVE[: bins_in_half_transit(transits, row)] if phases is None else phases
        calls = -(-len(bins) * samples[row] // MOST_SAMPLES)
        for part in np.array_split(bins, calls):
            supersampled(transits, row, part, int(samples[row]))
    return times * (time.process_time() - start) / len(rows)


def seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
