"""What stands before a header, and which line is taken for it."""

import io

import pytest

from backend.transit.catalog.reader import open_catalog
from tests.transit.catalog.small_table import NAMES, ROW, read, refused

BYTE_ORDER_MARK = "\ufeff"


@pytest.mark.parametrize(
    "before",
    [
        ["Downloaded on 2026-01-02, by me; for class"],
        ["TESS Objects of Interest", ""],
        ["Table 1", "", "All candidates, with the depth, of the survey"],
        ['A "quoted, title'],
        ["sep=,"],
        ["", "   ", "# a comment", "Title"],
        [BYTE_ORDER_MARK, BYTE_ORDER_MARK + "Title"],
        ["a,b,c,d,e"],
        [f"line {i}" for i in range(99)],
    ],
)
def test_what_stands_before_the_header_is_passed_over(before):
    catalog, lines = read("\n".join([*before, NAMES, ROW, ROW]))
    assert catalog.header == NAMES.split(",")
    assert lines == [len(before) + 2, len(before) + 3]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_line_that_names_the_separator_is_passed_over(separator):
    text = f"sep={separator}\n" + f"{NAMES}\n{ROW}\n".replace(",", separator)
    catalog, lines = read(text)
    assert catalog.delimiter == separator
    assert lines == [3]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_byte_order_marks_are_passed_over_however_many(count):
    assert read(BYTE_ORDER_MARK * count + f"{NAMES}\n{ROW}\n")[1] == [2]
    assert read(f"# a comment\n{BYTE_ORDER_MARK * count}{NAMES}\n{ROW}\n")[1] == [3]


@pytest.mark.parametrize("start", ["# ", "#", "## "])
def test_a_header_may_be_a_comment_as_numerical_libraries_write_it(start):
    catalog, lines = read(f"# made in a notebook\n{start}{NAMES}\n{ROW}\n{ROW}\n")
    assert catalog.header == NAMES.split(",")
    assert lines == [3, 4]


def test_a_header_that_is_no_comment_comes_before_one_that_is():
    catalog, lines = read(f"# {NAMES}\n{NAMES},note\n{ROW},x\n")
    assert len(catalog.header) == 6
    assert lines == [3]


def test_a_first_line_with_all_names_is_the_header_whatever_follows():
    catalog, lines = read(f"{NAMES}\n{NAMES}\n{ROW}\n")
    assert lines == [2, 3]
    assert catalog.rejections.first[0].line == 2


def test_names_too_far_from_the_beginning_are_not_looked_for():
    text = "\n".join([*["prose"] * 200, NAMES, ROW])
    assert refused(text).found == ["prose"]


def test_the_line_that_was_taken_for_the_header_is_named():
    error = refused("A title, of some table\n\nperiod,duration,label\n9.5,3,1\n")
    assert error.missing == ["depth"]
    assert error.found == ["period", "duration", "label"]
    assert "Line 3 was taken for the header." in str(error)


def test_of_a_table_without_known_names_the_first_wide_line_is_taken():
    error = refused("A title\nP_orb,T14,delta\n9.5,3,600\n10.5,4,700\n")
    assert error.found == ["P_orb", "T14", "delta"]
    assert "Line 2 was taken" in str(error)
    assert "Only one column" not in str(error)


def test_one_column_is_said_where_no_line_has_more():
    error = refused("period\n1\n2\n")
    assert "Only one column" in str(error)
    assert "Line" not in str(error)


def test_two_columns_that_mean_the_same_are_refused():
    error = refused("Orbital Period,orbital_period,duration,depth,label\n9.5,9.6,3,600,1\n")
    assert "mean the same, period: Orbital Period, orbital_period" in str(error)


def test_a_unit_that_is_not_known_is_named_where_its_column_is_missing():
    error = refused("period,duration,Depth (mmag),label\n9.5,3,0.6,1\n")
    assert error.missing == ["depth"]
    assert "The unit of 'Depth (mmag)' is not known; expected one of ppm, percent, %" in str(error)


def test_a_unit_in_a_name_is_used_and_told_in_the_message_of_a_row():
    text = "period,duration [min],depth_percent,label\n9.5,180,0.08,1\n9.5,180,300,1\n9.5,180,x,1\n"
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=True)
    (chunk,) = catalog
    assert chunk.rows[["period", "duration", "depth"]].tolist() == [(9.5, 3.0, 800.0)]
    assert catalog.scales == {"duration": (1 / 60, 0.0), "depth": (1e4, 0.0)}
    assert catalog.rejections.first[0].message == (
        "depth_percent: expected a number from 0.01 to 2,000,000 ppm (of which one in the file is "
        "10000), received '300'"
    )


def test_a_title_and_numbers_alone_are_no_header():
    assert "must name the columns" in str(refused(f"{ROW}\n{ROW}\n"))


def test_a_header_with_line_ends_in_quotes_is_one_record():
    catalog, lines = read(f'{NAMES},"a\nnote"\n{ROW},x\n')
    assert catalog.header[-1] == "a\nnote"
    assert lines == [3]


def test_long_lines_before_a_header_cost_little():
    long = ",".join(["x"] * 9_000)
    assert read("\n".join([*[long] * 10, NAMES, ROW]))[1] == [12]


@pytest.mark.parametrize(("last", "separator"), [(7, ","), (3, ","), (7, ";")])
def test_rows_before_the_line_with_the_names_are_not_lost_without_a_word(last, separator):
    rows = [f"{period},3.25,600.5,0.95,1" for period in ("1.5", "2.5", "3E0", "4.5", "5", "6")]
    lines = [*rows[: last - 1], NAMES, *rows[last - 1 :]]
    error = refused("\n".join([*lines, ""]).replace(",", separator))
    assert f"Line {last} names the columns, but {last - 1} lines before it hold rows" in str(error)
    assert "line 1. Put the line with the names first" in str(error)


def test_one_line_of_numbers_before_the_header_may_number_the_columns():
    assert read(f"1,2,3,4,5\n{NAMES}\n{ROW}\n")[1] == [3]
    assert read(f"Table, 1,2,3,4\nx,1,2,3,4\n{NAMES}\n{ROW}\n")[1] == [4]
