"""Reading many plain lines at once gives what reading them cell by cell gives, to the letter."""

import io
import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.config import REPOSITORY
from backend.transit.catalog import reader
from backend.transit.catalog.cells import read_plain_stars, read_stars
from backend.transit.catalog.delimited.lines import Lines
from backend.transit.catalog.header import read_header
from backend.transit.catalog.names.column_names import FORMATS
from backend.transit.catalog.names.read_as import NOTHING_SAID
from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.plain_lines import _Hidden, plain_lines
from backend.transit.catalog.reader import CatalogError, open_catalog
from tests.api import HEADER, catalogue
from tests.transit.catalog.test_fuzz import AWKWARD, CATALOGUE, edits

LIMITS = settings(max_examples=200, deadline=timedelta(seconds=5))


def everything(content, *, with_records, label_required=True):
    """All that a reading gives, or how it fails; comparable."""
    sink = io.StringIO()
    try:
        catalog = open_catalog(
            io.BytesIO(content),
            label_required=label_required,
            rejection_sink=sink,
            with_records=with_records,
        )
        chunks = list(catalog)
    except CatalogError as error:
        return str(error), error.rejections, error.units
    rows = np.concatenate([chunk.rows for chunk in chunks])
    evidence = [chunk.evidence.tolist() for chunk in chunks if chunk.evidence is not None]
    summary = catalog.rejections.summary()
    reading = json.dumps(catalog.reading())
    beside = repr(evidence)
    return rows.tobytes(), json.dumps(summary), reading, sink.getvalue(), beside


def same(content, **options):
    plain = everything(content, with_records=False, **options)
    assert plain == everything(content, with_records=True, **options)
    return plain


def edited(changes):
    content = bytearray(CATALOGUE)
    for start, length, new in changes:
        content[start : start + length] = new
    return bytes(content)


@LIMITS
@given(edits, st.booleans())
def test_mutated_files_are_read_the_same_in_both_ways(changes, label_required):
    same(edited(changes), label_required=label_required)


ROWS = st.lists(st.integers(0, 29), max_size=5)
CELLS = st.one_of(
    st.sampled_from([each.decode("latin-1") for each in AWKWARD]),
    st.floats(allow_nan=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text("0123456789.,+-eE_ xXnaifNAIF\u00a0'", max_size=12),
)


@LIMITS
@given(ROWS, st.integers(0, 10), CELLS, st.sampled_from(",;\t|"))
@example([3], 0, "1" * 400, ",")
@example([3], 0, "0x10", ",")
@example([3], 0, "1.5-", ",")
@example([3], 0, "TRUE", ",")
@example([3, 4], 10, "007", ",")
@example([3], 9, "0.0", ",")
def test_odd_cells_are_read_the_same_in_both_ways(rows, column, cell, delimiter):
    lines = catalogue(30).replace(",", delimiter).split("\n")
    for row in rows:
        cells = lines[row + 1].split(delimiter)
        cells[column] = cell
        lines[row + 1] = delimiter.join(cells)
    same("\n".join(lines).encode("utf-8", "replace"))


EVIDENCE = "epoch,ra,dec,depth_err1,depth_err2,name"


@settings(LIMITS, max_examples=60)
@given(ROWS, st.integers(0, 5), CELLS, st.sampled_from(",;\t|"))
@example([3], 0, "170.5", ",")
@example([3], 1, "07:29:25.85", "\t")
@example([3], 3, "inf", ",")
@example([3], 5, "x" * 60, ",")
@example([3], 5, " --- ", ",")
@example([3], 5, "n/a", ",")
def test_odd_evidence_is_read_the_same_in_both_ways(rows, column, cell, delimiter):
    cells = ["2455003.5", "291.9", "-48.1", "20.5", "-30.5", "K00752.01"]
    lines = [f"{line},{','.join(cells)}" for line in catalogue(30).rstrip("\n").split("\n")]
    lines[0] = lines[0].removesuffix(",".join(cells)) + EVIDENCE
    lines = [line.replace(",", delimiter) for line in lines]
    for row in rows:
        fields = lines[row + 1].split(delimiter)
        fields[column - 6] = cell
        lines[row + 1] = delimiter.join(fields)
    same("\n".join(lines).encode("utf-8", "replace"))


def columns_of(cells):
    """The periods of a table of plain lines as they are read at once; None if they are not."""
    lines = [f"{cell},2.5,500,1" for cell in cells]
    text = "period,duration,depth,label\n" + "\n".join(lines)
    header = read_header(Lines(io.BytesIO(text.encode())), True, NOTHING_SAID)
    signs = dict.fromkeys(("period", "duration", "depth"), DecimalSign.DOT)
    read = plain_lines(header, signs, {}).read(lines)
    return None if read is None else read[0].numbers["period"].values


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_numbers_are_those_nearest_to_their_text(values):
    texts = [repr(value) for value in values]
    np.testing.assert_array_equal(columns_of(texts), values)


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"\A[+-]?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?\Z"))
def test_long_numbers_are_read_as_python_reads_them(text):
    assert columns_of([text])[0] == float(text)


@pytest.mark.parametrize("cell", ["abc", "1_0", "1,5", "--1", "0x1A", "1 2", "nope", "\u0661"])
def test_what_is_no_number_is_left_to_the_other_reading(cell):
    assert columns_of(["1.5", cell, "2"]) is None


@pytest.mark.parametrize("lengths", [(4, 6), (6, 4), (5, 4, 6, 5), (5, 6, 4, 5)])
def test_lines_that_have_the_right_number_of_fields_only_together_are_left_to_the_other_reading(
    lengths,
):
    header = read_header(
        Lines(io.BytesIO(b"period,duration,depth,label,star\n")), True, NOTHING_SAID
    )
    signs = dict.fromkeys(("period", "duration", "depth"), DecimalSign.DOT)
    lines = [",".join(["1.5", "2.5", "500", "1", "7", "8"][:length]) for length in lengths]
    assert plain_lines(header, signs, {}).read(lines) is None


@pytest.mark.parametrize("cell", [b"1" * 60, b"07", b"0", b"TIC 7", b"7.0", b" 7"])
def test_identifiers_that_are_not_just_their_digits_are_left_to_the_other_reading(cell):
    assert read_plain_stars(np.array([b"10797460", cell])) is None


def test_plain_identifiers_are_those_of_the_other_reading():
    cells = ["10797460", "", "7"]
    plain = read_plain_stars(np.array(cells, np.bytes_))
    assert plain.tolist() == read_stars(cells)[0].tolist() == [b"10797460", b"", b"7"]


def test_empty_cells_are_missing():
    values = columns_of(["1.5", "", "2"])
    assert math.isnan(values[1])


def test_plain_tables_are_never_read_cell_by_cell(monkeypatch):
    monkeypatch.setattr(reader, "read_batches", lambda *_: iter(()))
    for content in (catalogue(5_000), catalogue(60).replace(",", "\t")):
        catalog = open_catalog(
            io.BytesIO(content.encode()), label_required=True, with_records=False
        )
        assert sum(len(chunk.rows) for chunk in catalog) in (5_000, 60)


def test_only_the_lines_around_an_odd_one_are_read_cell_by_cell(monkeypatch):
    lines = catalogue(20_000).split("\n")
    lines[9_000] = lines[9_000].replace(",", ',"', 1).replace(",2.5", '",2.5', 1)
    read_batches, batches = reader.read_batches, []

    def count(*arguments):
        for batch in read_batches(*arguments):
            batches.append(len(batch.records))
            yield batch

    monkeypatch.setattr(reader, "read_batches", count)
    content = "\n".join(lines).encode()
    catalog = open_catalog(io.BytesIO(content), label_required=True, with_records=False)
    assert sum(len(chunk.rows) for chunk in catalog) >= 19_999
    assert len(batches) == 1
    same(content)


def test_labels_and_stars_are_counted_the_same_in_both_ways():
    rows = "".join(
        f"{3 + i / 100:.2f},2.5,500,0.2,30,5700,1.0,4.4,14.2,{label},{star}\n"
        for i, (label, star) in enumerate(
            zip(
                ["PC", "", "UNK", "Sure", "0.0", "fp"] * 9,
                ["TIC 1", "0001", "1.0", "1.08E+07", "####", ""] * 9,
                strict=True,
            )
        )
    )
    same(f"{HEADER}\n{rows}".encode())
    same(f"{HEADER}\n{rows}".encode(), label_required=False)


CELLS_OF_A_ROW = {
    **{"period": "3.5", "duration": "2.5", "depth": "0.06", "impact": "0.2", "snr": "3e1"},
    **{"steff": "5700", "srad": "1.0", "slogg": "4.4", "tmag": "14.2", "star": "TIC 7"},
}


def in_form(form):
    """A small table with every column of a form, and one that nobody reads."""
    names = [known[0] for known in FORMATS[form].values()]
    label = {"tce": "AFP", "exofop": "PC"}.get(form, "CONFIRMED")
    values = {**CELLS_OF_A_ROW, "label": label}
    cells = [values[column] for column in FORMATS[form]]
    quoted = [f'"{name}"' if "," in name else name for name in (*names, "note")]
    return "\n".join([",".join(quoted), *[",".join([*cells, "x"])] * 6, ""]).encode()


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(
    st.sampled_from(list(FORMATS)),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.sampled_from(AWKWARD) | st.binary(max_size=6),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_mutated_tables_of_every_form_are_read_the_same_in_both_ways(form, changes, has_label):
    content = bytearray(in_form(form))
    for share, length, new in changes:
        start = int(share * len(content))
        content[start : start + length] = new
    same(bytes(content), label_required=has_label and "label" in FORMATS[form])


@pytest.mark.parametrize("form", FORMATS)
def test_a_table_of_every_form_has_rows_before_it_is_mutated(form):
    assert len(same(in_form(form), label_required="label" in FORMATS[form])) == 5


def test_pyarrow_is_hidden_from_pandas_and_from_nobody_afterwards():
    pytest.importorskip("pyarrow")
    code = (
        "import sys\n"
        "from backend.transit.catalog import plain_lines\n"
        "pandas = plain_lines._import_pandas()\n"
        "assert 'pyarrow' not in sys.modules\n"
        "assert plain_lines._import_pandas() is pandas\n"
        "import pyarrow, sklearn.ensemble\n"
        "assert pyarrow.table({'a': [1]}).num_rows == 1\n"
        "assert plain_lines._import_pandas() is pandas\n"
        "assert sys.modules['pyarrow'] is pyarrow\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY, timeout=120)


def test_pyarrow_is_hidden_from_one_thread_alone():
    hidden = _Hidden()
    with pytest.raises(ModuleNotFoundError, match="hidden from pandas"):
        hidden.find_spec("pyarrow", None)
    assert hidden.find_spec("pandas", None) is None
    with ThreadPoolExecutor(1) as another:
        assert another.submit(hidden.find_spec, "pyarrow", None).result() is None
