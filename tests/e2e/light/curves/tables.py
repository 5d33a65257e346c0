"""Light curves for the tests of the pages: small tables, a star each, with transits."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.e2e.server import Client, wait_for

STARS = (1001, 1002)

PERIOD = 3.0
EPOCH = 2_455_001.0
DURATION = 4.0  # hours
DEPTH = 5_000.0  # ppm

# The rows of `write_catalogue`, and those whose stars have curves.
MATCHED, ROWS = 8, 90

_DAYS = 40
_STEP = 0.02  # days


def curve_of(star: int) -> str:
    """A table of a star's flux with 200 ppm of noise, the same at each call."""
    time = EPOCH - 1 + np.arange(0, _DAYS, _STEP)
    phase = np.remainder(time - EPOCH + PERIOD / 2, PERIOD) - PERIOD / 2
    noise = np.random.default_rng(star).normal(0, 2e-4, len(time))
    flux = 1 + noise - np.where(np.abs(phase) < DURATION / 48, DEPTH * 1e-6, 0)
    rows = (f"{at:.6f},{value:.7f}" for at, value in zip(time, flux, strict=True))
    return "\n".join(["time,flux", *rows]) + "\n"


def write_curves(folder: Path) -> list[Path]:
    """A table for each star, named like it."""
    paths = [folder / f"KIC {star}.csv" for star in STARS]
    for star, path in zip(STARS, paths, strict=True):
        path.write_text(curve_of(star))
    return paths


def write_rows(folder: Path) -> Path:
    """A catalogue: of two stars with curves, one of which has no epoch, and of one without."""
    path = folder / "rows.csv"
    path.write_text(
        "name,star,period,epoch,duration,depth,label\n"
        f"a,KIC {STARS[0]},{PERIOD},{EPOCH},{DURATION},{DEPTH},1\n"
        f"b,KIC {STARS[1]},{PERIOD},,{DURATION},{DEPTH},0\n"
        f"c,KIC 9999,{PERIOD},{EPOCH},{DURATION},{DEPTH},2\n"
    )
    return path


def write_catalogue(folder: Path) -> Path:
    """Rows to train on: of the two stars with curves, of which two have no epoch, and of others."""
    path = folder / "many.csv"
    lines = ["name,star,period,epoch,duration,depth,label"]
    for row in range(ROWS):
        has_curve = row < MATCHED
        star = STARS[row % 2] if has_curve else 5000 + row
        period = PERIOD if has_curve else 2 + 0.137 * row
        epoch = "" if row in (0, 1) else EPOCH if has_curve else EPOCH + 0.37 * row
        lines.append(f"r{row},KIC {star},{period},{epoch},{DURATION},{DEPTH + row},{row % 3}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_many(folder: Path, stars: int = 90) -> tuple[Path, list[Path]]:
    """A catalogue that can be trained on, and light curves of two thirds of its stars.

    Those of false positives have a secondary eclipse, which no column tells.
    """
    folder.mkdir(exist_ok=True)
    lines, paths = ["star,period,epoch,duration,depth,impact,snr,steff,srad,slogg,tmag,label"], []
    for star in range(1, stars + 1):
        random = np.random.default_rng(star)
        period, label = 2 + 0.0171 * star, star % 3  # no two of them share an eclipse
        columns = f"0.2,{random.uniform(20, 60):.1f},{random.uniform(5000, 6000):.0f},1.0,4.4,13"
        lines.append(
            f"KIC {star},{period},{EPOCH + 0.31 * star},{DURATION},{DEPTH},{columns},{label}"
        )
        if star % 3 != star // 30 % 3:
            time = EPOCH + np.arange(0, _DAYS / 2, _STEP)
            cycles = (time - EPOCH - 0.31 * star) / period
            is_dip = np.abs(cycles - np.round(cycles)) * period < DURATION / 48
            half = np.abs(cycles + 0.5 - np.round(cycles + 0.5)) * period < DURATION / 48
            flux = 1 + random.normal(0, 2e-4, len(time)) - DEPTH * 1e-6 * is_dip
            flux -= DEPTH / 2 * 1e-6 * (half & (label == 2))
            rows = (f"{at:.6f},{value:.7f}" for at, value in zip(time, flux, strict=True))
            paths.append(folder / f"KIC {star}.csv")
            paths[-1].write_text("\n".join(["time,flux", *rows]) + "\n")
    (folder / "many.csv").write_text("\n".join(lines) + "\n")
    return folder / "many.csv", paths


def bring_curves(client: Client, key: str, paths: list[Path], name: str = "stars") -> int:
    """Make a curve set of files, wait until they are read; its id."""
    files = [("file", (path.name, path.read_bytes())) for path in paths]
    asked = {"workspace_key": key, "name": name}
    made: dict[str, Any] = client.post("/api/light-curves", 202, files=files, data=asked)
    path = f"/api/light-curves/{made['curve_set']['id']}"
    job = wait_for(
        lambda: client.get(path)["curve_set"]["job"],
        lambda found: found["status"] not in ("pending", "running"),
    )
    assert job["status"] == "completed", job
    return int(made["curve_set"]["id"])
