"""Rows that were left out: counted by reason, and kept with line and reason where asked."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TextIO

FIRST_SHOWN = 20
# A million short lines of rubbish would fill a hundred times their own size.
MOST_KEPT = 500_000

# The reason codes and what they mean.
REASONS = {
    "field_count": "the row does not have as many fields as the header",
    "unclosed_quote": "a quote is opened and never closed",
    "missing_value": "a required value is missing, or the label where one is needed",
    "not_a_number": "a cell that should hold a number holds something else",
    "ambiguous_number": "a number's dot or comma may be decimal or group its digits",
    "not_finite": "a number is infinite",
    "out_of_range": "a number is outside the range that exotrain can compute with",
    "duration_not_below_period": "the transit would last as long as the orbit or longer",
    "unknown_label": "the label is not one of the known words",
}


class Rejection(NamedTuple):
    """One row that was left out.

    `line` is the 1-based line at which the row starts; `reason` a key of REASONS; `column` the
    name in the file's header, where one column is to blame; `message` what was expected and what
    came.
    """

    line: int
    reason: str
    column: str | None
    message: str


class RejectionLog:
    """Counts rejections by reason, keeps the first few, and writes them where asked.

    A table can reject a million rows, so they are not held: they go to `sink`, one JSON object a
    line, from where `read_rejections` pages them. The counts are of all; the sink gets no more
    than the first MOST_KEPT.
    """

    def __init__(self, sink: TextIO | None = None) -> None:
        self.by_reason: Counter[str] = Counter()
        self.first: list[Rejection] = []
        self.kept = 0
        self._sink = sink

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())

    def add(self, rejections: list[Rejection]) -> None:
        self.by_reason.update(rejection.reason for rejection in rejections)
        self.first += rejections[: FIRST_SHOWN - len(self.first)]
        if self._sink is not None:
            kept = rejections[: MOST_KEPT - self.kept]
            self._sink.writelines(json.dumps(each._asdict()) + "\n" for each in kept)
            self.kept += len(kept)

    def summary(self) -> dict[str, Any]:
        """JSON-able: `total`, `by_reason` (counts by code), and `first`, a list of rejections."""
        return {
            "total": self.total,
            "by_reason": dict(self.by_reason.most_common()),
            "first": [rejection._asdict() for rejection in self.first],
        }


def read_rejections(source: Iterable[str], offset: int, limit: int) -> Iterator[Rejection]:
    """Rejections `offset` to `offset + limit` of what a RejectionLog wrote, in the file's order."""
    for line in islice(source, offset, offset + limit):
        yield Rejection(**json.loads(line))
