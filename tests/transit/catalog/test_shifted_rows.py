"""Rows whose cells stand in other columns than the header says: never read as other numbers."""

import pytest

from tests.transit.catalog.test_plain_lines import same
from tests.transit.catalog.test_reader import read, refused

HEADER = "star,label,period,duration,depth,snr,note"
WHOLE = ["7,1,9.05,3.5,434,12.5,", "8,0,1.47,4.7,91,8.25,", "9,2,3.79,1.9,154.5,30,"]


def table(header, *rows):
    return "\n".join([header, *rows, ""])


def depths(text):
    catalog, rows, _ = read(text, label_required=False)
    same(text.encode(), label_required=False)
    return rows["depth"].tolist(), [each[:2] for each in catalog.rejections.first]


@pytest.mark.parametrize("cell", ["6,434", "12,487.5", "1,234,567"])
def test_a_number_that_its_comma_has_split_does_not_move_the_cells_behind_it(cell):
    row = f"1,1,9.05,3.5,{cell},12.5,"
    assert depths(table(HEADER, *WHOLE, row)) == ([434, 91, 154.5], [(5, "field_count")])
    everywhere = refused(table(HEADER, row, row))
    assert "a cell with a comma needs quotes" in str(everywhere)


def test_an_empty_cell_too_many_is_no_fault_though_two_cells_look_like_one_number():
    rows = ["7,1,9.05,3.5,434,125.5,good,", "8,0,1.47,4.7,91,8.25,good,"]
    assert depths(table(HEADER, *rows)) == ([434, 91], [])
    assert depths(table(HEADER, *WHOLE, rows[1])) == ([434, 91, 154.5, 91], [])


def test_the_numbers_of_rows_without_a_name_are_no_periods():
    header, rows = "period\tduration\tdepth\tnote", ["9.05\t3.5\t434\t", "9.47\t4.7\t91\t"]
    numbered = [f"{i}\t{row}" for i, row in enumerate(rows, start=8)]
    error = refused(table(header, *numbered), label_required=False)
    assert "each column needs a name" in str(error)
    assert depths(table(header, *rows, "8.05\t3.5\t77\tgood\t")) == ([434, 91, 77], [])


@pytest.mark.parametrize("row", ["9,05,3,51,434,24,,,", "9,05,3,51,434,24"])
def test_decimal_commas_without_quotes_make_no_other_numbers(row):
    header = "period,duration,depth,impact,snr,tmag" + ",note" * (not row.endswith(","))
    error = refused(table(header, row, row.replace("9", "8")), label_required=False)
    assert "field_count" in str(error)
    dots = row.replace("9,05,3,51,434,24", "9.05,3.51,434.24,0.1,9,12")
    assert depths(table(header, dots)) == ([434.24], [])


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize(
    "second", ["duration,period,depth,label", "period,depth,duration", "period,duration,depth,snr"]
)
def test_another_header_in_the_middle_is_no_row_and_its_table_is_not_read(second, start):
    header, row = "period,duration,depth,label", "9.05,3.5,434,1"
    text = table(header, row, row, start + second, "3.5,9.05,434,1")
    error = refused(text, label_required=False)
    same(text.encode(), label_required=False)
    assert "Line 4 is another header" in str(error)
    assert depths(table(header, row, start + header + ",", row))[0] == [434, 434]
    assert depths(table(header + ",note", row + ",period", row + ",depth"))[0] == [434, 434]
