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
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.columns import LABELS, LIGHT_CURVE
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.kepler import (
    FILE,
    TABLE,
    KeplerStars,
    read_kepler_stars,
    view_rows,
    with_hidden_depth,
)
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

Predict = Callable[[Rows, Index, ViewRows, bool], NDArray[np.float64]]


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
    with tempfile.TemporaryDirectory() as folder:
        predict = _learn(stars.rows, views, split, _spec(Path(folder), asked))
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
        predict: from a table, rows of it, views and whether these are hidden to P(CONFIRMED) over
            P(CONFIRMED) + P(FALSE POSITIVE), float64, (n,).
        seed: of what stands in place of the transits.

    Returns:
        By what was done to them: bool, (n,), the same planets in all.
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
        name: predict(table, planets, records, is_hidden) > 0.5
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


def _spec(folder: Path, asked: argparse.Namespace) -> TrainingSpec:
    return TrainingSpec(
        session_id=0,
        table=folder,
        source="koi",
        dataset_sha256="",
        model_name="benchmark",
        model_path=folder / "none.keras",
        checkpoint=folder / "none.ckpt",
        validation_split=_VALIDATION,
        epochs=asked.epochs,
        seed=asked.seed,
        network=NETWORK,
    )


def _learn(table: Rows, views: ViewRows, split: Split, spec: TrainingSpec) -> Predict:
    """Train the network, without relations to other rows."""
    from backend.training import keras_setup
    from backend.training.fit import examples, fit_network
    from backend.training.results.evaluate import publish_calibrated
    from backend.training.results.predict import predict

    keras_setup.prepare_tensorflow()
    trained = fit_network(spec, table, split, _ignore, _never_stop, views=views)
    published = publish_calibrated(
        trained.steps, trained.validation, split.validation_groups, spec.seed
    )

    def shares(table: Rows, rows: Index, views: ViewRows, is_hidden: bool) -> NDArray[np.float64]:
        asked = examples(spec, trained.steps, table, rows, None, _never_stop, views)
        if is_hidden:
            asked = asked.without((LIGHT_CURVE,), np.arange(len(rows)))
        found = predict(trained.steps, asked, published.calibration, _never_stop)
        return planet_share(found["probabilities"])

    return shares


def _ignore(event: Any) -> None:
    return None


def _never_stop() -> None:
    return None


if __name__ == "__main__":
    main()
