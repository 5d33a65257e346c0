"""Does a network look at the transit? Planets again, with the transit taken out of the photometry.

    make benchmark-curves        or  python -m benchmarks.curve_evidence.control

`light_curve_cnn` learns from the Kepler stars with binned light curves, by star. The confirmed
planets among the test rows are predicted as they are; with views and numbers made again from their
light curves without the transits, the catalogue unchanged; and the same with depth and
signal-to-noise ratio hidden. Prints the share that is still called a planet, as a markdown table.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.training.split import Split
from backend.transit.columns import LABELS
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index
from benchmarks.curve_evidence.kepler import (
    FILE,
    TABLE,
    KeplerStars,
    read_kepler_stars,
    view_rows,
    with_hidden_depth,
)
from benchmarks.curve_evidence.learning import Predict, Recipe, learn
from benchmarks.curve_evidence.population import ARCHIVE_DATA
from benchmarks.curve_evidence.runs import NETWORK, planet_share
from benchmarks.curve_evidence.without_transit import without_transit

_TEST = 0.25
_VALIDATION = 0.15
_CONFIRMED = LABELS.index("CONFIRMED")

# Of the normal distribution, for intervals of 95%.
_SIGMAS = 1.959964

_HEADER = (
    "| confirmed planets of the test stars | n | still a planet | 95% |",
    "|---|---|---|---|",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    missing = [str(each) for each in (FILE, TABLE) if not (ARCHIVE_DATA / each).exists()]
    if missing:
        sys.exit(f"No {' and no '.join(missing)} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    stars = read_kepler_stars()
    print(f"{len(stars.rows)} rows of {len(stars.segments)} stars: their views", file=sys.stderr)
    views = view_rows(stars, np.arange(len(stars.rows)))
    split = split_by_star(stars, views["row"].astype(np.intp), asked.seed)
    print(f"{NETWORK} learns from {len(split.train)} rows", file=sys.stderr)
    recipe = Recipe(NETWORK, "koi", asked.seed, asked.epochs)
    predict = learn(recipe, stars.rows, views, split, {})
    shares = control(stars, views, split, predict, asked.seed)
    print("\n".join([*_HEADER, *(line(name, stays) for name, stays in shares.items())]))


def split_by_star(stars: KeplerStars, rows: Index, seed: int) -> Split:
    """Training, validation and test rows among those with a usable light curve, by star."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(stars.segments))
    tested = round(_TEST * len(order))
    watched = tested + round(_VALIDATION * (len(order) - tested))
    part = np.empty(len(order), np.intp)
    for number, members in enumerate(np.split(order, [tested, watched])):
        part[members] = number
    test, validation, train = (rows[part[stars.star[rows]] == number] for number in range(3))
    return Split(train, validation, test, stars.star[validation], stars.star[test])


def control(
    stars: KeplerStars, views: ViewRows, split: Split, predict: Predict, seed: int
) -> dict[str, NDArray[np.bool_]]:
    """Which confirmed planets of the test stars are called planets, with and without transits.

    Args:
        stars: all rows.
        views: of the rows with a usable light curve.
        split: of these.
        predict: as `learning` has it.
        seed: of what stands in place of the transits.

    Returns:
        By what was done to them: bool, (n,), the same planets in all: whether CONFIRMED is more
        probable than FALSE POSITIVE.
    """
    planets = split.test[stars.rows["label"][split.test] == _CONFIRMED]
    median = float(np.median(stars.rows["depth"][split.train]))
    unknown = with_hidden_depth(stars, median)
    no_transit = _quiet(seed)
    without = view_rows(stars, planets, no_transit)
    without_both = view_rows(unknown, planets, no_transit)
    planets = planets[np.isin(planets, without["row"]) & np.isin(planets, without_both["row"])]
    cases = {
        "as they are": (stars.rows, views, False),
        "light curve hidden": (stars.rows, views, True),
        "transit taken out": (stars.rows, without, False),
        "depth and snr hidden": (unknown.rows, view_rows(unknown, planets), False),
        "transit taken out, depth and snr hidden": (unknown.rows, without_both, False),
    }
    return {
        name: planet_share(predict(table, planets, records, is_hidden)) > 0.5
        for name, (table, records, is_hidden) in cases.items()
    }


def line(name: str, stays: NDArray[np.bool_]) -> str:
    """A line of the table."""
    low, high = wilson_interval(int(stays.sum()), len(stays))
    cells = (
        name,
        len(stays),
        f"{100 * stays.mean():.1f}%",
        f"{100 * low:.1f}% to {100 * high:.1f}%",
    )
    return f"| {' | '.join(map(str, cells))} |"


def wilson_interval(count: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share, 0 to 1.

    Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209, doi:10.1080/01621459.1927.10502953.
    """
    share, weight = count / of, _SIGMAS**2 / of
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _quiet(seed: int) -> Callable[[Segment, Signal, Sequence[Signal]], Segment]:
    """Takes transits out; the same light curve and signal become the same each time."""

    def change(segment: Segment, signal: Signal, others: Sequence[Signal]) -> Segment:
        drawn_by = [seed, len(segment), int(1e6 * signal.period)]
        return without_transit(segment, signal, np.random.default_rng(drawn_by), tuple(others))

    return change


if __name__ == "__main__":
    main()
