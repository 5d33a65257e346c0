"""The words in a table's column of labels: which are known, and how many of each."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from backend.transit.catalog.cells import MISSING_LABEL, read_labels, shown
from backend.transit.columns import LABELS, NO_LABEL

# A column of comments would have as many words as rows.
_MOST_WORDS = 100


class LabelWords:
    """Counts the words of a column as they are read.

    `said` are codes of words that come before the known ones.
    """

    def __init__(self, said: Mapping[str, int]) -> None:
        self._said = said
        self._counts: Counter[str] = Counter()
        self._others = 0

    def add(self, counts: Mapping[str, int]) -> None:
        """Count some more cells; words that are new beyond the first hundred are counted together.

        Args:
            counts: by cell, in the order in which they come first.
        """
        for cell, count in counts.items():
            word = cell.strip()
            is_new = word not in self._counts and len(self._counts) >= _MOST_WORDS
            if is_new and read_labels([word], self._said)[0] == NO_LABEL:
                self._others += count
            elif not is_new:
                self._counts[word] += count

    def unknown(self) -> dict[str, int]:
        """The words that are no labels, the most frequent first, each cut to what can be shown.

        Behind them, under "…", all words beyond the first hundred together.
        """
        codes = read_labels(self._counts, self._said)
        found = Counter(
            {
                word: n
                for (word, n), code in zip(self._counts.items(), codes, strict=True)
                if code == NO_LABEL
            }
        )
        others = {"…": self._others} if self._others else {}
        return {shown(word)[1:-1]: n for word, n in found.most_common()} | others

    def known(self) -> dict[str, dict[str, Any]]:
        """The words that are labels, whatever was said of them, the most frequent first.

        Returns:
            by word, {rows, label}: the label's name that it has if nothing is said.
        """
        codes = read_labels(self._counts)
        found = dict(zip(self._counts, codes.tolist(), strict=True))
        return {
            word: {"rows": n, "label": LABELS[found[word]]}
            for word, n in self._counts.most_common()
            if found[word] not in (NO_LABEL, MISSING_LABEL)
        }

    def are_binary(self) -> bool:
        """Whether the labels are the numbers 0 and 1, and nobody said what they mean."""
        if self._said or self._others:
            return False
        codes = read_labels(self._counts)
        known = {
            word for word, code in zip(self._counts, codes, strict=True) if code != MISSING_LABEL
        }
        return {word.replace(",", ".").removesuffix(".0") for word in known} == {"0", "1"}
