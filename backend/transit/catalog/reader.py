"""CSV bytes to validated rows, chunk by chunk, with a reason for every row that is left out."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO, TextIO

import numpy as np
from numpy.typing import NDArray

from backend.transit.catalog.archive_flags import archive_flags
from backend.transit.catalog.decimal_signs import DecimalSigns, decimal_signs
from backend.transit.catalog.delimited.lines import DelimitedError, Lines
from backend.transit.catalog.delimited.records import BATCH_RECORDS, Batch, read_batches
from backend.transit.catalog.errors import (
    CatalogError,
    few_usable_rows,
    has_too_few_usable_rows,
    shown_names,
)
from backend.transit.catalog.evidence.names import evidence_columns
from backend.transit.catalog.evidence.reading import EvidenceReader
from backend.transit.catalog.evidence.values import EvidenceCells
from backend.transit.catalog.header import Header, needed_columns, read_header
from backend.transit.catalog.label_words import LabelWords
from backend.transit.catalog.names.column_names import SURVEYS, band
from backend.transit.catalog.names.plain_names import OUR_UNIT
from backend.transit.catalog.names.read_as import NOTHING_SAID, ReadAs
from backend.transit.catalog.names.recognise import similar_names, unknown_units
from backend.transit.catalog.plain_lines import PlainLines, plain_lines
from backend.transit.catalog.ragged import RaggedRecords, refuse_other_header
from backend.transit.catalog.rejections import Rejection, RejectionLog
from backend.transit.catalog.rows import (
    CheckedRows,
    Chunk,
    ReadColumns,
    all_but,
    check_rows,
    in_order,
    problem_of,
    read_columns,
)
from backend.transit.columns import COLUMNS, REQUIRED, TEACHING
from backend.transit.report.profile import profile
from backend.transit.report.whole_columns import WholeColumns

__all__ = ["Catalog", "CatalogError", "Chunk", "Rejection", "band", "open_catalog", "profile"]

# Plain lines; a multiple of what is read cell by cell, so that both ways stop at the same lines.
_AT_ONCE = 4 * BATCH_RECORDS


class Catalog:
    """An opened catalogue: its header is understood, its rows are read by iterating, once.

    Attributes:
        form: the format that was recognised, of FORMATS.
        source: the survey, "exotrain" (which does not say), "koi", "k2" or "toi".
        header: the column names as they stand in the file.
        delimiter: what separates the fields: a comma, a semicolon, a tab or a `|`.
        fields: the position of each of our columns that the table has.
        signs: the decimal sign of each of them that holds numbers.
        quoted: those whose numbers would be others without their quotes.
        scales: from their numbers to our unit, where the table has another one.
        limits: the position of the flag that is set where a number of theirs is a limit.
        columns: the header name of each of our columns that the table has.
        evidence: reads the columns besides these; its `recognised` names them.
        rejections: the rows left out so far.
        lost_stars: the star identifiers so far that a spreadsheet has rounded.
        whole_columns: what the values read so far tell about units and gaps.
        label_words: the words so far in the column of labels.
    """

    def __init__(
        self,
        lines: Lines,
        header: Header,
        signs: DecimalSigns,
        evidence: EvidenceReader,
        label_required: bool,
        rejections: RejectionLog,
        read_as: ReadAs,
        plain: PlainLines | None,
    ) -> None:
        self.form = header.form
        self.source = SURVEYS[header.form]
        self.header = header.names
        self.delimiter = header.delimiter
        self.columns = {column: header.names[i] for column, i in header.fields.items()}
        self.signs, self.quoted = signs.by_column, signs.quoted
        self.evidence = evidence
        self.rejections = rejections
        self.lost_stars = 0
        self.whole_columns = WholeColumns()
        self.label_words = LabelWords(read_as.labels)
        self._read_as = read_as
        self._flags = archive_flags(header)
        self._plain = plain
        self._lines = lines
        self.fields = header.fields
        self.scales = header.scales
        self.limits = header.limits
        self._label_required = label_required
        last_needed = max(header.fields[column] for column in needed_columns(label_required))
        self._ragged = RaggedRecords(
            lines,
            header.delimiter,
            len(header.names),
            last_needed=last_needed,
            period=header.fields["period"],
            begins_with_numbers=any(header.fields.get(column) == 0 for column in COLUMNS),
        )

    def __iter__(self) -> Iterator[Chunk]:
        """Yield the table's chunks.

        Raises:
            CatalogError: when the file turns out not to be a table, or to hold no usable row.
        """
        accepted = 0
        try:
            for chunk in self._chunks():
                accepted += len(chunk.accepted)
                self.rejections.add(chunk.rejections)
                if has_too_few_usable_rows(accepted, self.rejections.total):
                    raise self._few_usable_rows_error(accepted)
                yield chunk
        except DelimitedError as error:
            raise CatalogError(str(error), found=shown_names(self.header)) from error
        if not accepted:
            raise self._few_usable_rows_error(0)

    def _chunks(self) -> Iterator[Chunk]:
        batches = read_batches(self._lines, self.delimiter)
        while True:
            chunk = self._plain_chunk()
            if chunk is None:
                batch = next(batches, None)
                if batch is None:
                    return
                chunk = self._chunk(batch)
            yield chunk

    def _plain_chunk(self) -> Chunk | None:
        """The next lines, read at once; None where they are not plain, or at the end."""
        if self._plain is None:
            return None
        for size in (_AT_ONCE, BATCH_RECORDS):
            ahead = self._lines.ahead(size)
            read = self._plain.read(ahead) if ahead else None
            if read is not None:
                break
        else:
            return None
        columns, words, besides = read
        lines = np.arange(len(ahead)) + self._lines.number + 1
        self._lines.skip(len(ahead))
        self._ragged.pass_over_whole()
        self.label_words.add(words)
        checked = self._check(columns, lines)
        rejected = self._rejected(checked, besides, lambda i: ahead[i].split(self.delimiter), lines)
        is_usable = all_but(rejected, len(lines))
        evidence = self.evidence.of_cells(besides, is_usable)
        accepted, rejections = np.flatnonzero(is_usable), in_order(rejected)
        return Chunk([], [], accepted, checked.rows[is_usable], rejections, evidence)

    def _chunk(self, batch: Batch) -> Chunk:
        refuse_other_header(batch, self.header, {self.columns[column] for column in REQUIRED})
        self._ragged.mend(batch)
        rejections = self._ragged.rejections(batch)
        for i, (name, message) in self._flags.of_other_references(batch.records).items():
            rejections[i] = Rejection(batch.lines[i], "other_reference", name, message)
        whole = np.array(
            [i for i in range(len(batch.records)) if i not in rejections], dtype=np.intp
        )
        records = [batch.records[i] for i in whole]
        cells = self._flags.without_limits(self._cells(records), records)
        columns = read_columns(cells, self.signs, self._read_as.labels)
        self.label_words.add(Counter(cells.get("label", [])))
        lines = np.array(batch.lines)[whole]
        checked, besides = self._check(columns, lines), self.evidence.cells(records)
        rejected = self._rejected(checked, besides, records.__getitem__, lines)
        rejections |= {int(whole[i]): each for i, each in rejected.items()}
        is_usable = all_but(rejected, len(records))
        evidence = self.evidence.of_cells(besides, is_usable)
        accepted, rows = whole[is_usable], checked.rows[is_usable]
        return Chunk(batch.records, batch.lines, accepted, rows, in_order(rejections), evidence)

    def _check(self, columns: ReadColumns, lines: NDArray[np.intp]) -> CheckedRows:
        checked = check_rows(columns, label_required=self._label_required, scales=self.scales)
        checked.rows["line"] = lines
        self.lost_stars += columns.lost_stars
        self.whole_columns.add(checked.rows)
        return checked

    def _rejected(
        self,
        checked: CheckedRows,
        besides: EvidenceCells | None,
        record: Callable[[int], list[str]],
        lines: NDArray[np.intp],
    ) -> dict[int, Rejection]:
        """By the position of a row that cannot be used, of which `record` gives the fields."""
        return dict(self.evidence.wrong_weights(besides, record, lines)) | {
            i: self._rejection(checked, i, record(i), int(lines[i]))
            for i in np.flatnonzero(checked.problem).tolist()
        }

    def _rejection(self, checked: CheckedRows, i: int, record: list[str], line: int) -> Rejection:
        """Of the row at position `i`, of which `record` are the fields."""
        texts = {column: record[position] for column, position in self.fields.items()}
        texts |= {column: "" for column in self._flags.limits if self._flags.limit(column, record)}
        reason, column, message = problem_of(checked, i, texts, self.scales)
        name = self.columns[column]
        if limit := self._flags.limit(column, record):
            message = f"expected a value, received {limit}"
        return Rejection(line, reason, name, f"{name}: {message}")

    def _cells(self, records: list[list[str]]) -> dict[str, list[str]]:
        """The text of each column that is read; no other is looked at."""
        return {column: [record[i] for record in records] for column, i in self.fields.items()}

    def reading(self) -> dict[str, Any]:
        """What is odd about the table beside single rows, once it is read.

        Returns:
            JSON-able: `lost_stars`; `units` and `placeholders`, as of `WholeColumns`;
            `unknown_labels`, `known_labels` and `are_labels_binary`, as of `LabelWords`; `similar`,
            columns that were not read though their names are like those of a column that is absent;
            `unknown_units`, those that were not read because of their unit; `unread_evidence`, as
            of `EvidenceReader.unread`.
        """
        others = self.evidence.columns.all_positions
        return {
            "lost_stars": self.lost_stars,
            "units": self._unlikely_units(),
            "placeholders": self.whole_columns.placeholders(),
            "unknown_labels": self.label_words.unknown(),
            "known_labels": self.label_words.known(),
            "are_labels_binary": self.label_words.are_binary(),
            "similar": similar_names(self.header, self.fields, others),
            "unknown_units": unknown_units(self.header, self.fields),
            "unread_evidence": self.evidence.unread(),
        }

    def _unlikely_units(self) -> list[dict[str, Any]]:
        """Of the columns that nobody said to be in our unit."""
        confirmed = {
            column for column in self._read_as.units if self._read_as.scale(column) == OUR_UNIT
        }
        return [each for each in self.whole_columns.units() if each["column"] not in confirmed]

    def _few_usable_rows_error(self, accepted: int) -> CatalogError:
        return few_usable_rows(self.header, accepted, self.rejections, self._unlikely_units())


def open_catalog(
    stream: BinaryIO,
    *,
    label_required: bool,
    rejection_sink: TextIO | None = None,
    read_as: ReadAs = NOTHING_SAID,
    with_records: bool = True,
    teaching: Collection[str] = TEACHING,
) -> Catalog:
    """Read a catalogue's comments and header, and recognise its format and its decimal signs.

    Args:
        stream: the whole file's bytes; read more than once, and further while the catalogue is
            iterated.
        label_required: whether a row without a known label is left out.
        rejection_sink: where every row that is left out is written, one JSON object a line.
        read_as: what a person said of the table.
        with_records: whether the chunks have `records` and `lines`. Without them, and in a table
            with nothing odd, reading is several times faster.
        teaching: the columns of TEACHING that are read where labels are; elsewhere none is.

    Raises:
        CatalogError: when this is not a table, or a required column is missing.
        ReadAsError: what was said does not fit the header.
    """
    header = read_header(Lines(stream), label_required, read_as)
    wanted = [each for each in teaching if label_required and each not in read_as.columns]
    columns = evidence_columns(header, wanted)
    numbers = {name: i for name, i in header.fields.items() if name in COLUMNS}
    try:
        signs = decimal_signs(
            stream, header.delimiter, header.line, numbers, len(header.names), columns.positions
        )
    except DelimitedError as error:
        raise CatalogError(str(error), found=shown_names(header.names)) from error
    stream.seek(0)
    lines = Lines(stream)
    while lines.number < header.line:
        next(lines)
    plain = None
    if not with_records:
        others = signs.others.values()
        plain = plain_lines(header, signs.by_column, read_as.labels, columns, others)
    log = RejectionLog(rejection_sink)
    evidence = EvidenceReader(columns, header.names, signs.others)
    return Catalog(lines, header, signs, evidence, label_required, log, read_as, plain)
