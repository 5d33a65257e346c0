"""The decimal sign of each column of a table."""

import io

import pytest

from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.reader import open_catalog

DOT, COMMA, UNKNOWN = DecimalSign
HEADER = ("period", "duration", "depth", "srad")


def signs(*rows, separator=";"):
    """The signs of period, duration, depth and srad; cells of a row are separated by blanks."""
    lines = [separator.join(row.split()) for row in (" ".join(HEADER), *rows)]
    found = open_catalog(io.BytesIO("\n".join(lines).encode()), label_required=False).signs
    return [found[name] for name in HEADER]


def values(*rows, separator=";"):
    """The numbers of the rows that are read, and the reasons of the others."""
    lines = [separator.join(row.split()) for row in (" ".join(HEADER), *rows)]
    catalog = open_catalog(io.BytesIO("\n".join(lines).encode()), label_required=False)
    read = [row for chunk in catalog for row in chunk.rows[list(HEADER)].tolist()]
    return read, [(each.line, each.reason, each.column) for each in catalog.rejections.first]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_column_s_own_numbers_come_first(separator):
    rows = ("9.05 3,9284 6.161,24 7", "1.147 3.428 2.500 7")
    assert signs(*rows, separator=separator) == [DOT, COMMA, COMMA, UNKNOWN]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_column_without_proof_follows_the_others(separator):
    assert signs("9,05 3,5 6.161 1", "7,1 2,5 487 2", separator=separator) == [COMMA] * 4
    assert signs("9.05 3.5 6.161 1", "7.1 2.5 487 2", separator=separator) == [DOT] * 4


def test_a_table_that_proves_nothing_has_no_sign():
    assert signs("9.049 3.928 6.161 1", "7.111 2.555 487 2") == [UNKNOWN] * 4
    read, left_out = values("9 3 6161 1", "9.049 3.928 6.161 1")
    assert read == [(9, 3, 6161, 1)]
    assert left_out == [(3, "ambiguous_number", "period")]


def test_a_proof_far_from_the_beginning_counts():
    rows = ["9.049 39 6.161 1"] * 20_000
    assert signs(*rows, "9,05 3,5 487 1") == [COMMA] * 4
    read, left_out = values(*rows[:9000], "9049,5 3,5 487 1")
    assert not left_out
    assert read[0] == (9049, 39, 6161, 1)


def test_a_column_that_contradicts_itself_is_read_where_its_numbers_tell_their_sign():
    rows = ("9,05 3,5 6161.24 1", "9,05 3,5 6161,25 1", "9,05 3,5 6.161 1", "9,05 3,5 7 1")
    assert signs(*rows) == [COMMA, COMMA, UNKNOWN, UNKNOWN]
    read, left_out = values(*rows)
    assert [row[2] for row in read] == [6161.24, 6161.25, 7]
    assert left_out == [(4, "ambiguous_number", "depth")]


def test_what_a_program_wrote_for_a_gap_proves_nothing():
    rows = ["9,05 2,9 6.161 1,5"] * 5
    for gap in ("-999.0", "0.0", "-1.0", "99.00"):
        assert signs(*rows, f"9,05 2,9 {gap} 1,5") == [COMMA] * 4


def test_rows_with_a_cell_too_many_or_too_few_at_the_end_prove_too():
    text = "period;duration;depth;note\n" + "9,05;2,95;6.161;a;\n" * 3
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=False)
    (chunk,) = catalog
    assert chunk.rows["depth"].tolist() == [6161] * 3


def test_digits_that_a_spreadsheet_has_grouped_anew_are_no_other_number():
    rows = ("21.967.461 3.749 3670 1.8", "63.838.783 1.68 360 1.16", "5.5 2.447 3730 .76")
    assert signs(*rows) == [UNKNOWN, DOT, UNKNOWN, DOT]
    read, left_out = values(*rows)
    assert read == [(5.5, 2.447, 3730, 0.76)]
    assert left_out == [(2, "ambiguous_number", "period"), (3, "ambiguous_number", "period")]
    # Nothing else proves a dot there: tens of millions of days, which no orbit has.
    assert values(*rows[:2], "5 1.68 360 1.16")[1][0] == (2, "out_of_range", "period")


@pytest.mark.parametrize(("slip", "number"), [("0,5", "12.125"), ("12,5", "2.336")])
def test_a_slip_in_one_cell_makes_no_other_numbers_of_its_column(slip, number):
    rows = [f"9.05 3.9284 {number} 0.7"] * 11
    read, left_out = values(*rows, f"9.05 3.9284 {slip} 0.7")
    assert [row[2] for row in read] == [float(slip.replace(",", "."))]
    assert left_out[0] == (2, "ambiguous_number", "depth")
    assert [row[2] for row in values(*rows)[0]] == [float(number)] * 11


def test_a_slip_in_one_cell_of_another_column_leaves_decimal_commas_as_they_are():
    rows = ["9,05 3,9284 6.161 0,7", "9,05 3,9284 6.161,5 0,7"] * 5
    read, left_out = values(*rows, "9,05 3,9284 7,5 0.7")
    assert {row[2] for row in read} == {6161, 6161.5, 7.5}
    assert not left_out


def test_grouped_digits_among_decimal_dots_prove_no_groups_in_other_cells():
    rows = ("21.967.461 3.749 3670 1.8", "219.674 2.5 360 1.16", "7 2.5 360 1.16")
    assert [each[:2] for each in values(*rows)[1]] == [
        (2, "ambiguous_number"),
        (3, "ambiguous_number"),
    ]


class TestBetweenCommas:
    def test_digits_that_were_grouped_anew_are_no_other_number(self):
        rows = ("21.967.461 3.749 3670 1.8", "219.674 2.5 360 1.16", "2.19 2.5 360 1.16")
        read, left_out = values(*rows, separator=",")
        assert [row[0] for row in read] == [2.19]
        assert [each[1] for each in left_out] == ["ambiguous_number"] * 2
        assert values("3.674 2.5 360 1.16", rows[1], separator=",")[0][1][0] == 219.674

    def test_a_slip_in_one_cell_makes_no_other_numbers_of_its_column(self):
        rows = ['9.05 3.5 "2,336" 0.7'] * 11
        read, left_out = values(*rows, '9.05 3.5 "0,5" 0.7', separator=",")
        assert [row[2] for row in read] == [0.5]
        assert len(left_out) == 11

    def test_a_dot_is_decimal_without_proof(self):
        rows = ("9.049 3.928 6.161 1",)
        assert signs(*rows, separator=",") == [DOT] * 4
        assert values(*rows, separator=",")[0] == [(9.049, 3.928, 6.161, 1)]

    def test_quoted_numbers_with_commas_prove_theirs(self):
        rows = ('"9,05" "3,5" "6161,24" 1', '"1,147" "2,5" "487,5" 2')
        assert signs(*rows, separator=",") == [COMMA] * 3 + [COMMA]
        assert values(*rows, separator=",")[0][1] == (1.147, 2.5, 487.5, 2)

    def test_quoted_groups_are_groups_where_the_others_have_dots(self):
        rows = ('9.05 3.5 "6,161" 1', '1.25 2.5 "12,487" 2')
        assert signs(*rows, separator=",") == [DOT] * 4
        assert [row[2] for row in values(*rows, separator=",")[0]] == [6161, 12487]

    def test_a_quoted_dot_follows_the_others_and_one_without_quotes_needs_not(self):
        quoted = ('"9,05" "3,5" "6.161" "1,5"', '"7,1" "2,5" "2.971" "2,5"')
        assert [row[2] for row in values(*quoted, separator=",")[0]] == [6161, 2971]
        plain = ('"9,05" 3.501 6161 1.525', '"7,1" 2.502 2971 2.525')
        assert values(*plain, separator=",")[0] == [
            (9.05, 3.501, 6161, 1.525),
            (7.1, 2.502, 2971, 2.525),
        ]

    def test_a_dot_without_quotes_contradicts_decimal_commas_of_its_column(self):
        rows = ('"9,05" "3,5" "6161,24" 1', '"1,147" "2,5" 2.971 2')
        assert values(*rows, separator=",")[1] == [(3, "ambiguous_number", "depth")]
        rows = (*rows, '"1,147" "2,5" 2.9 2')
        read, left_out = values(*rows, separator=",")
        assert [row[2] for row in read] == [6161.24, 2.9]
        assert left_out == [(3, "ambiguous_number", "depth")]

    @pytest.mark.parametrize("gap", [".", "...", "n.a."])
    def test_what_stands_for_a_gap_is_no_decimal_dot(self, gap):
        rows = ('"9,05" "3,5" "6.161" "1,5"', f'"9,05" "3,5" "6161,5" {gap}')
        assert signs(*rows, separator=",") == [COMMA] * 4
        assert len(values(*rows, separator=",")[0]) == 2

    def test_text_with_commas_in_quotes_changes_nothing(self):
        header, row = "period,duration,depth,srad,note\n", '9.049,3.928,6.161,1,"at 1,5 m, ""x"""\n'
        catalog = open_catalog(io.BytesIO((header + row * 3).encode()), label_required=False)
        assert [len(chunk.rows) for chunk in catalog] == [3]
        assert set(catalog.signs.values()) == {DOT}

    def test_quotes_around_numbers_at_both_ends_of_a_line(self):
        rows = ('"9,05" "3,5" "6161,24" "1,5"',)
        assert signs(*rows, separator=",") == [COMMA] * 4

    @pytest.mark.parametrize("cell", [",5", "-,5", "0,5", " 0,5"])
    def test_a_number_may_begin_with_its_comma(self, cell):
        lines = [",".join(HEADER), f'9.05,3.5,600.5,"{cell}"']
        catalog = open_catalog(io.BytesIO("\n".join(lines).encode()), label_required=False)
        assert catalog.signs["srad"] == COMMA

    def test_text_in_quotes_before_a_number_is_no_reason_to_look_closely(self, monkeypatch):
        def fail(*_arguments, **_named):
            raise AssertionError("the table was split")

        monkeypatch.setattr("backend.transit.catalog.decimal_signs._records", fail)
        text = 'note,period,duration,depth\n"a b",9.05,3.5,600\n"",9.05,3.5,600\n'
        catalog = open_catalog(io.BytesIO(text.encode()), label_required=False)
        assert set(catalog.signs.values()) == {DOT}
