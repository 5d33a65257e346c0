"""How long does it take to prepare a KOI training with the code on PYTHONPATH?

    PYTHONPATH=. python benchmarks/preparation.py TABLE.npy NETWORK

Everything from the accepted rows to the network: the split, curves, catalogue numbers and
scaling. Prints the processor seconds of the best of a few times. `benchmarks.predictions` runs it
with this code and with that of an earlier release, whose modules have other names.
"""

import sys
import time
from importlib import import_module
from typing import Any

import numpy as np

TIMES = 5

# The bytes of curves that are kept; up to 0.2.0 whether they are kept.
KEEP_ALL = 1 << 40

# Where the functions are, by release: the first layout whose modules are all there is taken.
LAYOUTS = (
    {
        "split_by_star": "backend.training.split",
        "Examples": "backend.training.examples.batches",
        "learn_scaling": "backend.transit.networks.scaling",
        "NETWORKS": "backend.transit.networks.registry",
    },
    {
        "split_by_star": "backend.training_data",
        "Examples": "backend.training_batches",
        "learn_scaling": "backend.transit.scaling",
        "NETWORKS": "backend.transit.networks",
    },
)


def main() -> None:
    table_path, network = sys.argv[1:]
    code = find_code()
    table = np.load(table_path, mmap_mode="r")
    print(min(seconds_to_prepare(code, table, network) for _ in range(TIMES)))


def find_code() -> dict[str, Any]:
    """The functions of the first layout that the code has, by name."""
    for layout in LAYOUTS:
        try:
            return {name: getattr(import_module(path), name) for name, path in layout.items()}
        except ModuleNotFoundError:
            continue
    raise SystemExit("No layout of the code is known: see LAYOUTS.")


def seconds_to_prepare(code: dict[str, Any], table: np.ndarray, network: str) -> float:
    """Processor seconds."""
    start = time.process_time()
    split = code["split_by_star"](table, 0.15, 0.15, 0)
    inputs = code["NETWORKS"][network].inputs
    training, _ = (
        code["Examples"](table[rows], "kepler", inputs, KEEP_ALL, lambda: None)
        for rows in (split.train, split.validation)
    )
    code["learn_scaling"](training.rows, training.catalogue)
    return time.process_time() - start


if __name__ == "__main__":
    main()
