"""Rows with more or fewer fields than the header: which are mended, and which are left out."""

import io

import pytest

from backend.transit.catalog.reader import open_catalog
from tests.transit.catalog.small_table import NAMES, ROW, read


@pytest.mark.parametrize("end", [",", ",,,", ", ,", ',""'])
def test_empty_cells_too_many_are_cut(end):
    _, lines = read(f"{NAMES}\n{ROW}{end}\n{ROW}\n")
    assert lines == [2, 3]


def test_a_header_may_have_an_empty_name_at_its_end_too():
    catalog, lines = read(f"{NAMES},\n{ROW},\n{ROW}\n")
    assert lines == [2, 3]
    assert not catalog.rejections.total


def test_cells_too_many_with_something_in_them_are_not_cut():
    catalog, _ = read(f"{NAMES}\n{ROW}\n{ROW},,1\n")
    assert catalog.rejections.first[0][:2] == (3, "field_count")


def test_optional_cells_that_were_dropped_are_empty():
    rows = ("9.5,3,600,1,0.9,7", "9.5,3,600,1", "9.5,3,600,1,0.9")
    text = "\n".join(["period,duration,depth,label,srad,star", *rows, ""])
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=True)
    (chunk,) = catalog
    assert chunk.rows["star"].tolist() == [b"7", b"", b""]
    assert str(chunk.rows["srad"].tolist()) == "[0.9, nan, 0.9]"
    assert [len(record) for record in chunk.records] == [6, 6, 6]


@pytest.mark.parametrize("rows", ["9.5,3,600\n", "9.5,3\n9.5,3,600,1,0.9,7\n"])
def test_needed_cells_may_not_be_dropped(rows):
    text = "period,duration,depth,label,srad,star\n9.5,3,600,1,0.9,7\n" + rows
    assert read(text)[0].rejections.first[0][:2] == (3, "field_count")


def test_a_line_broken_in_two_is_not_taken_for_a_shorter_one():
    text = "period,duration,depth,label,srad,star\n9.5,3,600,1,0.9,7\n9.5,3,600,1,0.\n95,7\n"
    catalog, _ = read(text)
    assert [each[:2] for each in catalog.rejections.first] == [
        (3, "field_count"),
        (4, "field_count"),
    ]


@pytest.mark.parametrize("rows", [4096, 4097, 10])
def test_pieces_of_a_line_are_not_taken_for_shorter_ones_wherever_they_are(rows):
    header = "period,duration,depth,label,snr,srad,slogg,star"
    whole = "9.5,3,600,1,12.4,0.9,4.4,7\n"
    for broken in (
        "9.5,3,600,1,12\n.4,0.9,4.4,7\n",
        "9.5,3,600,1,12\n.4,0.\n9,4.4,7\n",
        "9.5,3,600,1,12\n5,2,600,1\n",
    ):
        text = f"{header}\n" + whole * (rows - 2) + broken + whole
        catalog, _ = read(text)
        assert catalog.rejections.total == broken.count("\n")


def test_a_short_row_that_ends_in_an_empty_cell_has_lost_another_one():
    text = "period,duration,depth,label,srad,star\n9.5,3,600,1,0.9,7\n9.5,3,600,1,\n"
    assert read(text)[0].rejections.first[0][:2] == (3, "field_count")


def test_the_cut_off_end_of_a_file_is_not_taken_for_a_shorter_line():
    text = "period,duration,depth,label,srad,star\n9.5,3,600,1,0.9,7\n9.5,3,600,1,0.9"
    assert read(text)[0].rejections.first[0][:2] == (3, "field_count")
    assert not read(text + "\n")[0].rejections.total
