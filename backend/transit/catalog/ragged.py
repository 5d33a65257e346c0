"""Records that do not have the header's number of fields: some are mended, the others rejected."""

from backend.transit.catalog.cells import shown
from backend.transit.catalog.delimited.lines import Lines
from backend.transit.catalog.delimited.records import Batch, split_record
from backend.transit.catalog.rejections import Rejection

# Of a line that was broken.
_MOST_PIECES = 4


class RaggedRecords:
    """Looks at the batches of one table, in the file's order.

    Args:
        lines: where the batches come from.
        delimiter: what separates the fields.
        width: the header's number of fields.
        last_needed: the position of the last column without which a row cannot be used.
    """

    def __init__(self, lines: Lines, delimiter: str, width: int, last_needed: int) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._width = width
        self._last_needed = last_needed
        self._widths_before: list[int] = []

    def pass_over_whole(self) -> None:
        """Some records were read elsewhere, and all of them were whole."""
        self._widths_before = [self._width] * _MOST_PIECES

    def mend(self, batch: Batch) -> None:
        """Give records the header's width where only empty cells at their end are amiss."""
        widths = [len(record) for record in batch.records]
        width = self._width
        before, self._widths_before = self._widths_before, widths[-_MOST_PIECES:]
        if widths.count(width) == len(widths):
            return
        ahead = self._lines.ahead(_MOST_PIECES)
        after = [len(split_record(line, self._delimiter)) for line in ahead]
        widths = [*before, *widths, *after]
        for i, record in enumerate(batch.records, start=len(before)):
            if widths[i] > width:
                if not "".join(record[width:]).strip():
                    del record[width:]
            elif self._lacks_only_empty_cells(batch, i - len(before), widths, i):
                record += [""] * (width - widths[i])

    def _lacks_only_empty_cells(self, batch: Batch, i: int, widths: list[int], place: int) -> bool:
        """Whether a short record may be one whose last, empty cells a program has dropped.

        It may not end in an empty cell, be a piece of a line that was broken, nor the cut off end
        of a file.

        Args:
            batch, i: the record.
            widths, place: those of the records around it, and its own among them.
        """
        if widths[place] <= self._last_needed or i in batch.unclosed:
            return False
        if not batch.records[i][-1].strip():
            return False
        if batch.lines[i] == self._lines.number and not self._lines.has_last_end:
            return False
        return not any(
            sum(widths[start : start + pieces]) == self._width + pieces - 1
            for pieces in range(2, _MOST_PIECES + 1)
            for start in range(max(place - pieces + 1, 0), place + 1)
            if start + pieces <= len(widths)
        )

    def rejections(self, batch: Batch) -> dict[int, Rejection]:
        """Rejections by position, of the records that are still not whole."""
        rejections = {}
        for i, record in enumerate(batch.records):
            if len(record) != self._width:
                message = f"expected {self._width} fields as in the header, received {len(record)}"
                rejections[i] = Rejection(batch.lines[i], "field_count", None, message)
        for i in batch.unclosed:
            message = f"expected a closing quote, received none in {shown(batch.records[i][0])}"
            rejections[i] = Rejection(batch.lines[i], "unclosed_quote", None, message)
        return rejections
