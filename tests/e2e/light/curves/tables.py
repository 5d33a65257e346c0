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
