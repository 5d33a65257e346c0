"""What wotan and lightkurve make of the same light curves; run by a Python that has both.

    NUMBA_NUM_THREADS=1 PYTHON benchmarks/light_curves/peers.py CURVES.npz

`CURVES.npz` has of each star `<star>/time`, `flux`, `flat`, `masked`, `window`, `trend`, `period`
and `epoch`; `benchmarks.light_curves` writes it. Prints one JSON object: by star, seconds of
processor time and the difference of the trends in ppm.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

BINS = 2001


def main() -> None:
    from lightkurve import LightCurve
    from wotan import flatten

    curves = np.load(sys.argv[1])
    found = {}
    for star in sorted({name.split("/")[0] for name in curves.files}):
        at, flux, flat, masked, window, trend, period, epoch = (
            curves[f"{star}/{field}"]
            for field in ("time", "flux", "flat", "masked", "window", "trend", "period", "epoch")
        )

        flattened = partial(
            flatten,
            at,
            flux,
            method="biweight",
            window_length=float(window),
            mask=masked,
            edge_cutoff=0,
            break_tolerance=float(window) / 2,
            return_trend=True,
        )
        ephemeris = {"period": float(period), "epoch_time": float(epoch)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flattened()  # compiles
            seconds, (_, theirs) = timed(flattened)
            binning, _ = timed(partial(binned, LightCurve, at, flat, ephemeris))
        outside = ~masked & np.isfinite(theirs)
        found[star] = {
            "wotan": seconds,
            "lightkurve": binning,
            "ppm": 1e6 * float(np.sqrt(np.mean((trend / theirs - 1)[outside] ** 2))),
        }
    print(json.dumps(found))


def binned(light_curve: Any, at: np.ndarray, flat: np.ndarray, when: dict[str, float]) -> Any:
    return light_curve(time=at, flux=flat).fold(**when).bin(bins=BINS)


def timed(work: Callable) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    main()
