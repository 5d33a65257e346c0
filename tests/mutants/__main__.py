"""`make mutants`: changes the code in a thousand small ways, and says which no test notices.

Without options: a sample of each module, the same for the same seed. It fails when a mutant
survives that `tests/mutants/equivalents.toml` does not list.
"""

import argparse
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import replace

from tests.mutants.bench import BenchError, OutOfTime, bench
from tests.mutants.changes import Mutant
from tests.mutants.equivalents import entries, is_listed
from tests.mutants.subjects import SUBJECTS, Subject

SAMPLE = 40  # of each module
MINUTES = 60


def main() -> None:
    """Test what the command line names; exit with code 1 when something survived or was left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--module",
        action="append",
        default=[],
        help="only this one, such as backend/web/auth.py, and all its mutants; may be repeated",
    )
    parser.add_argument("--all", action="store_true", help="all mutants of every module; hours")
    parser.add_argument("--sample", type=int, help=f"so many of each module: {SAMPLE}")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--processes", type=int, default=2, help="how many are tested at once")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="it stops after so many")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the copy is removed
    chosen = _chosen(arguments.module)
    if not chosen:
        parser.error("Expected modules of those in tests/mutants/subjects.py")
    size = arguments.sample
    if size is None and not arguments.all and not arguments.module:
        size = SAMPLE
    began = time.monotonic()
    fates: dict[Mutant, str] = {}
    left: list[str] = []
    for subject in chosen:
        deadline = began + 60 * arguments.minutes
        modules = ", ".join(subject.modules)
        try:
            fates |= _test(subject, size, arguments.seed, arguments.processes, deadline)
        except OutOfTime:
            left.append(f"There was no time for {modules}.")
        except BenchError as error:
            left.append(f"There is no result for {modules}: {error}")
        except KeyboardInterrupt:
            left.append(f"Interrupted at {modules}.")
            break
    reasons = left + _sum_up(fates, (time.monotonic() - began) / 60)
    if reasons:
        sys.exit("\n".join(["", *reasons]))


def _chosen(modules: list[str]) -> list[Subject]:
    if not modules:
        return list(SUBJECTS)
    chosen = (
        replace(each, modules=tuple(name for name in each.modules if name in modules))
        for each in SUBJECTS
    )
    return [each for each in chosen if each.modules]


def _test(
    subject: Subject, size: int | None, seed: int, processes: int, deadline: float
) -> dict[Mutant, str]:
    with bench(subject, processes) as place:
        mutants = [each for each in place.prepare(deadline) if not each.changes_only_words()]
        sample: list[Mutant] = []
        for module in subject.modules:
            own = [each for each in mutants if each.module == module]
            sample += _sample(own, size, seed)
        fates = place.test(sample, deadline)
    for module in subject.modules:
        there = sum(each.module == module for each in mutants)
        counts = Counter(fate for each, fate in fates.items() if each.module == module)
        states = ", ".join(f"{counts[fate]} {fate}" for fate in sorted(counts))
        of_seed = "" if size is None else f" (seed {seed})"
        print(f"{module}: {counts.total()} of {there} mutants{of_seed}: {states}", flush=True)
    _print_each(fates)
    return fates


def _sample(mutants: list[Mutant], size: int | None, seed: int) -> list[Mutant]:
    """Some mutants of one module: the same ones for the same seed and the same code."""
    if size is None or size >= len(mutants):
        return mutants
    return random.Random(seed).sample(mutants, size)


def _print_each(fates: dict[Mutant, str]) -> None:
    """At once, so that they are known whatever happens later."""
    slow = [mutant for mutant, fate in fates.items() if fate == "timed out"]
    for mutant in [*slow, *_unlisted(fates)]:
        print(f"\n{fates[mutant]}: {mutant.function} of {mutant.module}")
        print(f"  - {mutant.before}\n  + {mutant.after}\n", flush=True)


def _unlisted(fates: dict[Mutant, str]) -> list[Mutant]:
    """The survivors that are not listed as equivalent."""
    listed = entries()
    return [
        mutant
        for mutant, fate in fates.items()
        if fate == "survived" and not is_listed(mutant, listed)
    ]


def _sum_up(fates: dict[Mutant, str], minutes: float) -> list[str]:
    """Print the counts; return what is to be done about them."""
    counts = Counter(fates.values())
    unlisted = len(_unlisted(fates))
    print(
        f"\n{len(fates)} mutants in {minutes:.0f} minutes: {counts['killed']} killed, "
        f"{counts['timed out']} timed out, {counts['survived'] - unlisted} equivalent, "
        f"{unlisted} survived, {counts['not tested']} not tested in time",
        flush=True,
    )
    reasons = []
    if unlisted:
        reasons.append(
            "Kill each survivor with a test, or list it with the reason in "
            "tests/mutants/equivalents.toml."
        )
    if counts["not tested"]:
        reasons.append("Give it more --minutes for those that were not tested.")
    return reasons


if __name__ == "__main__":
    main()
