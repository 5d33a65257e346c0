"""How long do the figures of a grid take as its sessions end?

    python -m benchmarks.science.grid_figures

A base and 12 settings with 10 seeds each, whose predictions are made up: 7,350 rows, as many as the
KOI table has with a label, of which each session has tested 15%. Prints a markdown table of the
seconds until a request has the means, and until it has all intervals.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from backend.services.studies.figures import StudyFigures
from backend.storage.layout import Storage
from backend.training.results.save import TEST_ROW_DTYPE

ROWS = 7_350
STARS = 6_000
TESTED = 0.15
SETTINGS = 12
SEEDS = 10

_LONGEST_SECONDS = 1_800.0


def main() -> None:
    """Plant the predictions, let the sessions end, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(Path(folder))
        storage.models.mkdir(parents=True, exist_ok=True)
        parts = [
            _part(storage, setting, seed)
            for setting in range(SETTINGS + 1)
            for seed in range(SEEDS)
        ]
        figures = StudyFigures(storage)
        print("| what has ended since the figures were found | means, s | all intervals, s |")
        print("|---|---|---|")
        _measure(figures, parts[: -SEEDS - 1], "of nothing: 119 sessions")
        _measure(figures, parts[:-SEEDS], "a session, the last of its setting")
        _measure(figures, parts[: -SEEDS + 1], "a session, the first of its setting")
        _measure(figures, parts[: -SEEDS + 1], "nothing")


def _measure(figures: StudyFigures, parts: list[dict[str, Any]], what: str) -> None:
    began, means = time.monotonic(), None
    while time.monotonic() - began < _LONGEST_SECONDS:
        found = figures.of(_STUDY, parts, {each["id"]: {} for each in parts})
        if found is not None and means is None:
            means = time.monotonic() - began
        if found is not None and found["intervals_state"] == "found":
            print(f"| {what} | {means:.2f} | {time.monotonic() - began:.1f} |", flush=True)
            return
        time.sleep(0.01)
    print(f"| {what} | | more than {_LONGEST_SECONDS:,.0f} |", flush=True)


_TRUE = np.random.default_rng(0).integers(0, 3, ROWS)
_STAR = np.random.default_rng(1).integers(0, STARS, ROWS)

_STUDY: dict[str, Any] = {
    **{"id": 1, "kind": "grid", "dataset_size": ROWS},
    "settings": {
        "seeds": list(range(SEEDS)),
        "spec": {"seed": 0, "epochs": 0},
        "differences": [
            {"label": str(each), "changes": {"epochs": each}} for each in range(1, SETTINGS + 1)
        ],
    },
}


def _part(storage: Storage, setting: int, seed: int) -> dict[str, Any]:
    """A session that has ended, with the file of what it has tested."""
    stars = np.random.default_rng(seed).permutation(STARS)[: int(TESTED * STARS)]
    rows = np.flatnonzero(np.isin(_STAR, stars))
    random = np.random.default_rng([setting, seed])
    probabilities = random.dirichlet([1, 1, 1], len(rows)) + np.eye(3)[_TRUE[rows]]
    tested = np.zeros(len(rows), TEST_ROW_DTYPE)
    tested["row"], tested["group"], tested["true"] = rows, _STAR[rows], _TRUE[rows]
    tested["probabilities"] = probabilities / probabilities.sum(axis=1, keepdims=True)
    file = f"1/{setting}_{seed}.keras"
    path = storage.model(file).with_suffix(".test.npy")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, tested)
    return {
        "id": 1 + setting * SEEDS + seed,
        "file": file,
        "status": "completed",
        "spec": {"seed": seed, "epochs": setting},
    }


if __name__ == "__main__":
    main()
