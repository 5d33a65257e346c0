"""`make soak`: 200 kill points, 50 with the real trainer and 150 with a light one.

A violation ends it: it names the seed and the point, and keeps the folder.
"""

import argparse
import sys
import time

from tests.soak.soak import Violated, soak

_REAL_SHARE = 4  # one point of so many is of the real trainer


def main() -> None:
    """Run the points that the command line names; exit with code 1 at the first violation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=200, help="how many")
    parser.add_argument("--point", type=int, default=1, help="the first one")
    parser.add_argument("--trainer", choices=["both", "light", "real"], default="both")
    arguments = parser.parse_args()
    for trainer, points in _shares(arguments.trainer, arguments.points).items():
        first = arguments.point
        _soak(arguments.seed, range(first, first + points), trainer)


def _shares(trainer: str, points: int) -> dict[str, int]:
    if trainer != "both":
        return {trainer: points}
    real = points // _REAL_SHARE
    return {"light": points - real, "real": real}


def _soak(seed: int, numbers: range, trainer: str) -> None:
    began = time.monotonic()
    try:
        done = soak(seed, numbers, trainer)
    except Violated as violated:
        sys.exit(f"an invariant does not hold:\n{violated}")
    ended = ", ".join(f"{number} {status}" for status, number in sorted(done.ended.items()))
    ledger = done.ledger
    print(
        f"{trainer}: {len(numbers)} points of seed {seed} in {time.monotonic() - began:.0f} s, no "
        f"violation. Sessions at the end: {ended}. Requests: {ledger.accepted} accepted, "
        f"{ledger.refused} refused, {ledger.unanswered} cut off.",
        flush=True,
    )


if __name__ == "__main__":
    main()
