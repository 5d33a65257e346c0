"""What was not tested, and why: gathered over all steps of `make test`, said in its last line.

A pytest plugin (`tests/conftest.py` names it) and a command. The steps of the Makefile share one
file, named by `SKIPS_FILE`, in which each line is one reason and how many tests it skipped.

A reason that begins with NO and a name in capitals ("NO CHROMIUM: …") says that the machine lacks
something. With `REQUIRE_ALL=1`, as in CI, such a skip is a failure; only the tables of the NASA
Exoplanet Archive, which are not ours to hand out, and the rights to mount and to limit memory may
be missing there too.
"""

import argparse
import json
import os
import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

MAY_BE_MISSING = ("NO ARCHIVE TABLES", "NO MOUNT", "NO CGROUP")

# The tests that only `make test-all` runs, and what its reason says of them in `make test`.
LATER = "left to make test-all"

# Those that only `make test-long` runs.
LONG = "left to make test-long"

_LACKS = re.compile(r"NO [A-Z]{2,}")


def is_required(reason: str) -> bool:
    """Whether a skip for this reason is a failure: in CI, whatever can be installed there."""
    everything = os.environ.get("REQUIRE_ALL") == "1"
    return everything and bool(_LACKS.match(reason)) and not reason.startswith(MAY_BE_MISSING)


def add(reason: str, count: int = 1) -> None:
    """Note that `count` tests were skipped; does nothing outside `make`."""
    path = os.environ.get("SKIPS_FILE")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps([reason, count]) + "\n")


def summary(path: Path, *, with_later: bool) -> str:
    """One line: how many tests were skipped, grouped by reason, the most frequent one first.

    Args:
        path: the file of the reasons; it need not exist.
        with_later: whether to mention the tests that were left to `make test-all`.
    """
    reasons: Counter[str] = Counter()
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            reason, count = json.loads(line)
            reasons[reason] += count
    left = reasons.pop(LATER, 0)
    parts = [f"{reason} ({count})" for reason, count in _ordered(reasons)]
    if left and with_later:
        parts.append(f"{LATER} ({left})")
    return f"Skipped: {'; '.join(parts)}" if parts else "Skipped: nothing."


def _ordered(reasons: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first, then by name: workers finish in any order."""
    return sorted(reasons.items(), key=lambda each: (-each[1], each[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is required, a skip for something that the machine lacks is a failure."""
    report = yield
    if report.skipped and is_required(reason_of(report)):
        report.outcome = "failed"
        report.longrepr = f"skipped, and REQUIRE_ALL=1: {reason_of(report)}"
    return report


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the tests that `make test` leaves to `make test-all`, and that to `make test-long`."""
    if items:
        config = items[0].config
        name = "long" if "not long" in config.option.markexpr else "client"
        later = sum(item.get_closest_marker(name) is not None for item in items)
        config.stash[_later] = config.stash.get(_later, 0) + later


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist says to its controller how many it left out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["later"] = session.config.stash.get(_later, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Every worker leaves out the same tests, so one number is enough."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    output = getattr(node, "workeroutput", {})
    config.stash[_later] = max(config.stash.get(_later, 0), output.get("later", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write down what was skipped; say once more, where it is seen, what the machine lacks."""
    if hasattr(terminalreporter.config, "workerinput"):
        return  # its controller hears of every test
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(map(reason_of, skipped)).items():
        add(reason, count)
        if _LACKS.match(reason):
            terminalreporter.write_sep("!", f"{count} tests skipped, {reason}", red=True)
    config = terminalreporter.config
    later = config.stash.get(_later, 0)
    if later:
        add(LONG if "not long" in config.option.markexpr else LATER, later)


def reason_of(report: pytest.TestReport) -> str:
    """The reason of a skipped test, as its author wrote it."""
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")


def main() -> None:
    """`python -m tests.skips FILE` prints the last line."""
    parser = argparse.ArgumentParser(prog="python -m tests.skips", description=main.__doc__)
    parser.add_argument("--all", action="store_true", help="nothing was left to make test-all")
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    print(summary(arguments.file, with_later=not arguments.all))


_later = pytest.StashKey[int]()

if __name__ == "__main__":
    main()
