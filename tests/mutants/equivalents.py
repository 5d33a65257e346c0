"""The mutants that no test can tell from the code: `equivalents.toml`, with the reason of each."""

import tomllib
from pathlib import Path
from typing import TypedDict

from tests.mutants.changes import Mutant

PATH = Path(__file__).with_name("equivalents.toml")


class Entry(TypedDict):
    """The mutants of one line that are equivalent for one reason.

    `before` and each of `after` are the changed lines, joined, without the space around them.
    """

    module: str
    function: str
    before: str
    after: list[str]
    reason: str


def entries() -> list[Entry]:
    """Everything that is listed."""
    return tomllib.loads(PATH.read_text(encoding="utf-8"))["equivalent"]


def is_listed(mutant: Mutant, listed: list[Entry]) -> bool:
    """Whether a mutant is one of those."""
    return any(
        (entry["module"], entry["function"], entry["before"])
        == (mutant.module, mutant.function, mutant.before)
        and mutant.after in entry["after"]
        for entry in listed
    )
