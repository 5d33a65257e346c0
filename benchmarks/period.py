"""How well can a period be known from a transit's shape and its star? `python -m benchmarks.period`

Kepler's third law on the real KOI table: P = 2 pi sqrt(R*/g) (a/R*)^(3/2), a/R* from T/P, depth and
impact, as on a circular orbit. Prints a markdown table.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import LABELS
from backend.transit.light_curve.curve import transit_geometry
from backend.transit.light_curve.diagnostics import SECONDS_A_DAY
from backend.transit.solar import SOLAR_RADIUS_CM

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))


def main() -> None:
    with open(ARCHIVE_DATA / "koi_cumulative.csv", "rb") as stream:
        rows = np.concatenate([chunk.rows for chunk in open_catalog(stream, label_required=True)])
    ratio = period_from_density(rows) / rows["period"]
    print("| KOI rows | rows | median relative error | median ratio | 16% to 84% of the ratios |")
    print("|---|---|---|---|---|")
    for code, name in enumerate(LABELS):
        some = ratio[rows["label"] == code]
        low, middle, high = np.percentile(some, [16, 50, 84])
        error = np.median(np.abs(some - 1))
        print(f"| {name} | {len(some)} | {error:.2f} | {middle:.2f} | {low:.2f} to {high:.2f} |")


def period_from_density(rows: NDArray[np.void]) -> NDArray[np.float64]:
    """Periods in days, float64 (n,), from ROW_DTYPE (n,), as if `period` gave only T/P."""
    seconds = 2 * np.pi * np.sqrt(rows["srad"] * SOLAR_RADIUS_CM / 10 ** rows["slogg"])
    return seconds * transit_geometry(rows, "kepler").scaled_semi_major_axis ** 1.5 / SECONDS_A_DAY


if __name__ == "__main__":
    main()
