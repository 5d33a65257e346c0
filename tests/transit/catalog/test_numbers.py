"""Numbers as people write them."""

import math

import numpy as np
import pytest

from backend.transit.catalog.numbers import DecimalSign, proves, read_numbers

DOT, COMMA, UNKNOWN = DecimalSign

PROVE_A_DOT = [
    "6161.24", "0.689", "00.689", ".927", "5.", "6161.240", "9.0490974", "1.5e3", "6.161e3",
    "6,161.24", "6,161.", "143,036,914", "143,036,914.5", "6 161.24", "6'161.240", "-0.5", "+12.3",
    " 12.3 ", "\u22120.5", "6\x92161.240",
]  # fmt: skip
TELL_NOTHING = [
    "6.161", "6,161", "-6.161", "100.000", "6161", "6 161", "", "nan", "abc", "1.2.3", "1,2,3",
    "1.5,5.1", "12.05.2024", "1234.567.890", "01.234.567", "6.161.24", "5455±81",
]  # fmt: skip


def swapped(text):
    """With commas in place of dots and dots in place of commas."""
    return text.translate(str.maketrans(".,", ",."))


@pytest.mark.parametrize("text", PROVE_A_DOT)
def test_a_number_tells_its_decimal_sign_by_its_form(text):
    assert proves(DOT, ["6.161", text, "7"])
    assert not proves(COMMA, ["6.161", text, "7"])
    assert proves(COMMA, ["6.161", swapped(text), "7"])
    assert not proves(DOT, ["6.161", swapped(text), "7"])


@pytest.mark.parametrize("text", TELL_NOTHING)
def test_what_may_be_either_and_what_is_no_number_proves_nothing(text):
    for sign in (DOT, COMMA):
        assert not proves(sign, [text])
        assert not proves(sign, [swapped(text)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6161.24", 6161.24), ("6,161.24", 6161.24), ("6,161", 6161), ("6.161", 6.161),
        ("143,036,914", 143_036_914), ("143,036,914.5", 143_036_914.5), (".5", 0.5), ("5.", 5.0),
        ("-6,161.5", -6161.5), ("6 161.24", 6161.24), ("6\u00a0161", 6161), ("6\u202f161", 6161),
        ("6'161'240.5", 6_161_240.5), ("6\u2019161", 6161), ("1.5e3", 1500.0), ("0.689", 0.689),
        (" 7 ", 7.0), ("inf", math.inf), ("\u22120.5", -0.5), ("\u22126,161.5", -6161.5),
        ("6\u2007161", 6161), ("6\x92161.5", 6161.5),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_column_s_sign(text, value):
    # The other cell keeps the fast way from being taken.
    for sign, cell in ((DOT, text), (COMMA, swapped(text))):
        assert read_numbers([cell], sign).values.tolist() == [value]
        values, garbled, ambiguous = read_numbers([cell, "no number"], sign)
        assert values[0] == value
        assert garbled.tolist() == [1]
        assert not len(ambiguous)


@pytest.mark.parametrize(
    "text",
    [
        "6.161,24", "6161,24", "0,689", "1.2.3", "6.161.240", "6,1612", "61,61", "6,161,24",
        "06,161", "6161,240", "6 1612", "6 161'240", "1_000", "1e5,0", "12 345 67", "6,,161", "--1",
        "5 6.1",
    ],
)  # fmt: skip
def test_what_the_column_s_sign_does_not_explain_is_no_number(text):
    for sign, cell in ((DOT, text), (COMMA, swapped(text))):
        values, garbled, ambiguous = read_numbers(["1", cell], sign)
        assert garbled.tolist() == [1]
        assert not len(ambiguous)
        assert math.isnan(values[1])


def test_without_a_sign_only_numbers_that_tell_their_own_are_read():
    cells = ["6161.24", "6161,24", "6.161,24", "6,161.24", "7", "", "NaN", "x"]
    either = ["6.161", "6,161", "21.967.461", "21,967,461", "-6.161"]
    values, garbled, ambiguous = read_numbers([*cells, *either], UNKNOWN)
    assert values[:5].tolist() == [6161.24, 6161.24, 6161.24, 6161.24, 7]
    assert np.isnan(values[5:]).all()
    assert garbled.tolist() == [7]
    assert ambiguous.tolist() == list(range(8, 13))


@pytest.mark.parametrize("sign", DecimalSign)
def test_many_plain_numbers_are_read_as_one_by_one(sign):
    cells = ["9.5", "1e5", "", "0.25"]
    cells = [swapped(cell) for cell in cells] if sign is COMMA else cells
    together = read_numbers(cells, sign).values
    one_by_one = read_numbers([*cells, "x"], sign).values[:-1]
    assert together.tolist()[:2] == [9.5, 1e5]
    np.testing.assert_array_equal(together, one_by_one)


def test_no_cell_takes_long():
    for cell in (
        "0" * 100_000,
        "1" * 100_000 + "x",
        "1,111" * 20_000,
        " " * 100_000,
        "1.111" * 20_000,
    ):
        for sign in DecimalSign:
            read_numbers([cell, "x"], sign)
        for sign in (DOT, COMMA):
            assert not proves(sign, [cell])
