"""Records that are no rows as the header has them: some are mended, others rejected or refused."""

from itertools import pairwise

from backend.transit.catalog.cells import shown
from backend.transit.catalog.delimited.lines import Lines
from backend.transit.catalog.delimited.records import Batch, looks_split, split_record
from backend.transit.catalog.errors import CatalogError, shown_names
from backend.transit.catalog.header import AROUND_NAMES
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
        period: the position of the period.
        begins_with_numbers: whether the first column holds numbers of ours.
    """

    def __init__(
        self,
        lines: Lines,
        delimiter: str,
        width: int,
        *,
        last_needed: int,
        period: int,
        begins_with_numbers: bool,
    ) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._width = width
        self._last_needed = last_needed
        self._period = period
        self._begins_with_numbers = begins_with_numbers
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
        if self._has_no_period_with_a_dot(batch):
            return
        has_too_many = self._with_empty_cells_too_many(batch)
        for i, record in enumerate(batch.records, start=len(before)):
            if i - len(before) in has_too_many:
                del record[width:]
            elif self._lacks_only_empty_cells(batch, i - len(before), widths, i):
                record += [""] * (width - widths[i])

    def _has_no_period_with_a_dot(self, batch: Batch) -> bool:
        """Whether decimal commas without quotes may have split the numbers of all rows."""
        return self._delimiter == "," and not any(
            "." in record[self._period] for record in batch.records if len(record) > self._period
        )

    def _with_empty_cells_too_many(self, batch: Batch) -> set[int]:
        """The positions of records that are whole without the cells behind the header's last.

        Cells are also too many where a comma without quotes has split a number, and where the
        column of the rows' own numbers has no name. Of such a row all values behind would be those
        of the column before.
        """
        width = self._width
        wide = [i for i, record in enumerate(batch.records) if len(record) > width]
        found = {i for i in wide if not "".join(batch.records[i][width:]).strip()}
        if self._begins_with_numbers and _are_counted([batch.records[i][0] for i in wide]):
            return set()
        if self._delimiter == ",":
            split = {i for i in found if looks_split(batch.records[i])}
            is_every_row_wide = not any(len(record) == width for record in batch.records)
            return found if is_every_row_wide and split < found else found - split
        return found

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
        needs = (
            "a cell with a comma needs quotes, and each column"
            if self._delimiter == ","
            else "each column needs"
        )
        for i, record in enumerate(batch.records):
            if len(record) != self._width:
                message = f"expected {self._width} fields as in the header, received {len(record)}"
                if len(record) > self._width:
                    message += f" ({needs} a name)"
                rejections[i] = Rejection(batch.lines[i], "field_count", None, message)
        for i in batch.unclosed:
            message = f"expected a closing quote, received none in {shown(batch.records[i][0])}"
            rejections[i] = Rejection(batch.lines[i], "unclosed_quote", None, message)
        return rejections


def _are_counted(cells: list[str]) -> bool:
    """Whether they are the numbers of rows: 1, 2, 3, or some of these."""
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdecimal()]
    return len(cells) == len(numbers) > 1 and all(a < b for a, b in pairwise(numbers))


def refuse_other_header(batch: Batch, header: list[str], required: set[str]) -> None:
    """Refuse a table that another one follows: in its columns, each number would be another one.

    Args:
        batch: some records.
        header: the table's.
        required: its names of the columns that a row must have.

    Raises:
        CatalogError: one of the records is a header with other columns.
    """
    for record, line in zip(batch.records, batch.lines, strict=True):
        if required.isdisjoint(record) or len(required.intersection(record)) == 1:
            continue
        names = [name.strip(AROUND_NAMES) for name in record]
        if _without_empty_ends(names) != _without_empty_ends(header):
            raise CatalogError(
                f"Line {line} is another header, whose columns are not those of the first. "
                "Split the file there: one table a file.",
                found=shown_names(names),
            )


def _without_empty_ends(names: list[str]) -> list[str]:
    while names and not names[-1]:
        names = names[:-1]
    return names
