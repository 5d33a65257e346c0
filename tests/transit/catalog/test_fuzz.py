"""Whatever bytes come: rows, or a CatalogError; nothing else, and soon."""

import csv
import io
import json
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.transit.catalog.delimited.lines import DelimitedError, Lines
from backend.transit.catalog.delimited.records import read_batches
from backend.transit.catalog.reader import CatalogError, open_catalog, profile
from backend.transit.columns import COLUMNS, RANGES, REQUIRED
from backend.transit.simulation.catalogue import simulate, write_csv

LIMITS = settings(max_examples=150, deadline=timedelta(seconds=5))


def simulated_csv(rows):
    output = io.StringIO()
    write_csv(simulate(rows, seed=5), 5, output)
    return output.getvalue().encode()


CATALOGUE = simulated_csv(30)
AWKWARD = (
    b'"', b'""', b',"', b'",', b"\n", b"\r", b"\r\n", b"\0", b"#", b";", b"\t", b",,", b"nan",
    b"inf", b"1e999", b"-", b"\xff", b"\xef\xbb\xbf", b"label", b"period", b"koi_period", b" ",
    b"1_0", "²".encode(), "٣".encode(), b"\x1c", "\u2028".encode(), b"x" * 200, b"0" * 400,
)  # fmt: skip

edits = st.lists(
    st.tuples(
        st.integers(0, len(CATALOGUE)), st.integers(0, 80), st.sampled_from(AWKWARD) | st.binary()
    ),
    min_size=1,
    max_size=8,
)


def check(content, label_required):
    """Reads all of it; what comes out must be valid and complete."""
    catalog = open_catalog(io.BytesIO(content), label_required=label_required)
    rows, seen = [], 0
    for chunk in catalog:
        seen += len(chunk.records)
        assert len(chunk.records) == len(chunk.lines)
        assert len(chunk.accepted) + len(chunk.rejections) == len(chunk.records)
        assert chunk.lines == sorted(set(chunk.lines))
        assert set(chunk.rows["line"]) == {chunk.lines[i] for i in chunk.accepted}
        rows.append(chunk.rows)
    table = np.concatenate(rows)
    for name in COLUMNS:
        low, high = RANGES[name]
        values = table[name]
        usable = (values >= low) & (values <= high)
        assert (usable if name in REQUIRED else usable | np.isnan(values)).all()
    assert (table["duration"] < table["period"] * 24).all()
    assert np.isin(table["label"], [0, 1, 2] if label_required else [-1, 0, 1, 2]).all()
    for star in set(table["star"].tolist()):
        star.decode()
    described = profile(table, catalog.rejections.summary())
    assert described["rows"] + described["rejected"]["total"] == seen
    json.dumps(described, allow_nan=False).encode()


def read_or_refuse(content, label_required):
    try:
        check(content, label_required)
    except CatalogError as error:
        message = str(error)
        assert message.strip()
        assert len(message) < 20_000
        message.encode()
        json.dumps([error.found, error.missing, error.recognised])


@LIMITS
@given(st.binary(max_size=3000), st.booleans())
def test_random_bytes_are_read_or_refused(content, label_required):
    read_or_refuse(content, label_required)


@LIMITS
@given(st.text(max_size=500), st.booleans())
def test_random_text_under_a_good_header_is_read_or_refused(text, label_required):
    header = "period,duration,depth,label,star\n9.5,3,600,1,7\n"
    read_or_refuse((header + text).encode("utf-8", "surrogatepass"), label_required)


@LIMITS
@given(edits, st.booleans())
def test_mutated_catalogues_are_read_or_refused(edits, label_required):
    content = CATALOGUE
    for start, length, new in edits:
        content = content[:start] + new + content[start + length :]
    read_or_refuse(content, label_required)


cells = st.lists(
    st.sampled_from(["", "1", "9.5", "abc", "nan", "1e5", '"', "a\nb", "a,b", "x;y", "-0"]),
    min_size=1,
    max_size=6,
)


@LIMITS
@given(st.lists(cells, max_size=20))
def test_rows_that_csv_wrote_are_read_as_it_would(rows):
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    expected = [
        record for record in csv.reader(io.StringIO(output.getvalue())) if "".join(record).strip()
    ]
    batches = read_batches(Lines(io.BytesIO(output.getvalue().encode())), ",")
    found = [record for batch in batches for record in batch.records]
    assert [each for each in found if "".join(each).strip()] == expected


@LIMITS
@given(st.text(alphabet='a",\n #', max_size=60))
def test_splitting_agrees_with_csv_wherever_every_quote_is_closed(text):
    batches = list(read_batches(Lines(io.BytesIO(text.encode())), ","))
    if any(batch.unclosed for batch in batches):
        return
    for batch in batches:
        for record, line in zip(batch.records, batch.lines, strict=True):
            rest = text.split("\n")[line - 1 :]
            assert next(csv.reader(f"{each}\n" for each in rest)) == record


@LIMITS
@given(st.binary(max_size=400), st.integers(1, 50))
def test_where_a_block_ends_makes_no_difference(content, size):
    def lines():
        try:
            return list(Lines(io.BytesIO(content)))
        except DelimitedError as error:
            return str(error)

    with pytest.MonkeyPatch.context() as patch:
        whole = lines()
        patch.setattr("backend.transit.catalog.delimited.records.BLOCK_BYTES", size)
        assert lines() == whole


def test_a_quoted_line_end_in_the_header_is_no_accident_for_another_delimiter():
    content = b',"# a comment\n# that a stray quote joins"\nperiod,duration,depth\n1,1,1\n'
    catalog = open_catalog(io.BytesIO(content), label_required=False)
    assert catalog.header == ["period", "duration", "depth"]
    (chunk,) = catalog
    assert chunk.lines == [4]
