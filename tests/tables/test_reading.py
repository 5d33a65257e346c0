"""Every kind of table gives the numbers that the same table as CSV gives."""

import datetime
import zipfile
from decimal import Decimal

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from openpyxl.chart import BarChart

from backend.tables.child.cells import cell, column_cells, text_cell
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.errors import CatalogError
from tests.tables import files
from tests.tables.files import CSV, KINDS, NAMES, rows_of, text_of, write_xlsx

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_are_those_of_the_same_table_as_csv(tmp_path, kind):
    path = tmp_path / "table"
    KINDS[kind](path)
    text, notes = text_of(path)
    assert str(rows_of(text)) == str(rows_of(CSV))
    assert notes == []


@pytest.mark.parametrize("kind", ["ascii.ecsv", "ascii.ipac", "votable", "fits"])
def test_the_units_of_the_file_are_used(tmp_path, kind):
    made = files.table()
    made["duration"] /= 24
    made["depth"] /= 1e4
    for name, unit in (files.UNITS | {"duration": "d", "depth": "%"}).items():
        made[name].unit = unit
    made.write(tmp_path / "table", format=kind)
    rows, plain = rows_of(text_of(tmp_path / "table")[0]), rows_of(CSV)
    for name in ("duration", "depth"):
        np.testing.assert_allclose(rows[name], plain[name], rtol=1e-14)


def test_a_parquet_column_may_say_its_unit(tmp_path):
    fields = [
        pa.field(name, pa.float64(), metadata={"unit": "d"} if name == "duration" else None)
        for name in NAMES[:3]
    ] + [pa.field("label", pa.int8())]
    made = pa.table([[9.5], [0.125], [500.0], [1]], schema=pa.schema(fields))
    pq.write_table(made, tmp_path / "table")
    assert rows_of(text_of(tmp_path / "table")[0])["duration"].tolist() == [3.0]


def test_units_that_astropy_writes_beside_parquet_are_used(tmp_path):
    made = files.table({"steff": "K", "duration": "min"})
    made["duration"] *= 60
    made.write(tmp_path / "table", format="parquet")
    text, _ = text_of(tmp_path / "table")
    np.testing.assert_allclose(rows_of(text)["duration"], rows_of(CSV)["duration"], rtol=1e-14)


def test_a_unit_that_its_column_cannot_have_is_refused_or_told(tmp_path):
    files.table({"depth": "mag"}).write(tmp_path / "table", format="ascii.ecsv")
    with pytest.raises(CatalogError, match=r"unit of 'depth \[mag\]' is not known"):
        rows_of(text_of(tmp_path / "table")[0])


def test_one_unit_for_all_columns_is_of_none_and_it_is_said(tmp_path):
    files.table(dict.fromkeys(NAMES, "d")).write(tmp_path / "table", format="ascii.ipac")
    text, notes = text_of(tmp_path / "table")
    assert str(rows_of(text)) == str(rows_of(CSV))
    assert len(notes) == 1
    assert "unit 'd' to every column" in notes[0]
    assert "'depth'" in notes[0]


def test_a_name_with_another_unit_than_its_column_is_refused(tmp_path):
    made = files.table()
    made.rename_column("depth", "Depth (ppm)")
    made["Depth (ppm)"].unit = "ppm"
    made.write(tmp_path / "agrees", format="ascii.ecsv")
    assert str(rows_of(text_of(tmp_path / "agrees")[0])) == str(rows_of(CSV))
    made["Depth (ppm)"].unit = "%"
    made.write(tmp_path / "contradicts", format="ascii.ecsv")
    with pytest.raises(NotReadable, match="another unit in its name"):
        text_of(tmp_path / "contradicts")


def test_gravity_in_the_words_of_each_format_is_gravity(tmp_path):
    made = files.table()
    for i, unit in enumerate(("log(cm.s**-2)", "log10(cm/s**2)", "dex", "dex(cm/s2)")):
        made["logg"] = MaskedColumn([4.5] * 4, unit=unit)
        made.write(tmp_path / str(i), format="ascii.ecsv")
        assert rows_of(text_of(tmp_path / str(i))[0])["slogg"].tolist() == [4.5] * 4


def test_vectors_are_left_out_and_named(tmp_path):
    made = files.table()
    made["samples"] = np.zeros((4, 3))
    for kind in ("fits", "votable", "ascii.ecsv"):
        made.write(tmp_path / kind, format=kind)
        text, notes = text_of(tmp_path / kind)
        assert "samples" not in text
        assert notes == ["Columns with several values a row were left out: samples."]


def test_nested_columns_of_parquet_are_left_out_and_others_are_read(tmp_path):
    columns = {
        "list": [[1, 2]],
        "struct": [{"a": 1}],
        "period": pa.array([3.5], pa.float32()),
        "duration": pa.array([Decimal("2.50")]),
        "depth": pa.array([500], pa.int16()),
        "label": pa.array(["CONFIRMED"]).dictionary_encode(),
        "star": pa.array([9007199254740993]),
        "seen": pa.array([datetime.datetime(2026, 1, 2)], pa.timestamp("ns")),
    }
    pq.write_table(pa.table(columns), tmp_path / "table")
    text, notes = text_of(tmp_path / "table")
    assert notes == ["Columns with several values a row were left out: list, struct."]
    assert text.split("\n")[1].startswith('3.5,2.50,500,"CONFIRMED",9007199254740993,"2026-01-02')


def test_fits_strings_numbers_of_other_sizes_and_nulls_are_read(tmp_path):
    columns = [
        fits.Column("period", "E", array=np.array([0.1, 3.5], np.float32)),
        fits.Column("duration", "D", array=[0.5, 2.5]),
        fits.Column("depth", "J", array=[500, 600], bzero=2**31),
        fits.Column("steff", "J", array=[5000, -99], null=-99),
        fits.Column("label", "10A", array=["CONFIRMED ", "FP"]),
        fits.Column("star", "D", array=[10797460.0, 441462736.0]),
        fits.Column("good", "L", array=[True, False]),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "table")
    text, _ = text_of(tmp_path / "table")
    assert text.split("\n")[1:3] == [
        "0.1,0.5,500,5000,CONFIRMED,10797460,true",
        "3.5,2.5,600,,FP,441462736,false",
    ]


def test_quantities_in_ecsv_are_their_numbers(tmp_path):
    QTable(files.table(files.UNITS)).write(tmp_path / "table", format="ascii.ecsv")
    assert str(rows_of(text_of(tmp_path / "table")[0])) == str(rows_of(CSV))


class TestSeveralTables:
    def test_the_sheet_with_known_names_is_read(self, tmp_path):
        catalogue = [NAMES, *files.rows_of_values()]
        write_xlsx(tmp_path / "x", {"Notes": [["read me"]], "Empty": [], "Planets": catalogue})
        assert str(rows_of(text_of(tmp_path / "x")[0])) == str(rows_of(CSV))

    def test_of_several_that_fit_one_must_be_named(self, tmp_path):
        catalogue = [NAMES, *files.rows_of_values()]
        write_xlsx(tmp_path / "x", {"Old": catalogue[:3], "New": catalogue})
        with pytest.raises(NotReadable, match=r"'Old', 'New'.*form field `table`"):
            text_of(tmp_path / "x")
        for wanted in ("New", "new", "2"):
            assert len(rows_of(text_of(tmp_path / "x", wanted)[0])) == 4
        with pytest.raises(NotReadable, match=r"no table 'Older' in the file.*'Old', 'New'"):
            text_of(tmp_path / "x", "Older")

    def test_where_none_fits_they_are_listed_with_their_columns(self, tmp_path):
        write_xlsx(tmp_path / "x", {"A": [["per", "dur"], [1, 2]], "B": [["q"], [2]]})
        with pytest.raises(NotReadable, match=r"None of the 2 sheets.*'A' \('per', 'dur'\); 'B'"):
            text_of(tmp_path / "x")
        assert text_of(tmp_path / "x", "A")[0].startswith('"per","dur"\n1,2\n')

    def test_the_extension_with_known_names_is_read(self, tmp_path):
        other = fits.BinTableHDU.from_columns([fits.Column("x", "D", array=[1.0])], name="OTHER")
        ours = fits.table_to_hdu(files.table())
        ours.name = "TCE"
        hdus = [fits.PrimaryHDU(), other, fits.ImageHDU(np.zeros((2, 2))), ours]
        fits.HDUList(hdus).writeto(tmp_path / "table")
        assert str(rows_of(text_of(tmp_path / "table")[0])) == str(rows_of(CSV))
        assert text_of(tmp_path / "table", "OTHER")[0] == '"x"\n1\n'

    def test_a_text_table_has_one_only(self, tmp_path):
        for kind in ("ipac", "ecsv", "parquet"):
            KINDS[kind](tmp_path / kind)
            with pytest.raises(NotReadable, match="one table only"):
                text_of(tmp_path / kind, "another")


class TestSpreadsheets:
    def test_lines_are_rows_of_the_sheet_and_titles_and_gaps_count(self, tmp_path):
        rows = [["My planets"], [], NAMES, *files.rows_of_values()]
        rows.insert(5, [])
        write_xlsx(tmp_path / "x", {"S": rows})
        text, _ = text_of(tmp_path / "x")
        assert rows_of(text)["line"].tolist() == [4, 5, 7, 8]

    def test_formulas_without_a_value_are_empty_and_counted(self, tmp_path):
        rows = files.rows_of_values()
        rows[0][3] = "=1+2"
        rows[1][4] = "=SUM(A1:A2)"
        write_xlsx(tmp_path / "x", {"S": [NAMES, *rows]})
        text, notes = text_of(tmp_path / "x")
        assert np.isnan(rows_of(text)["snr"][0])
        assert "Formulas without a value: 2." in notes[0]
        files.changed_xlsx(
            tmp_path / "x", "xl/worksheets/sheet1.xml", b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>"
        )
        text, notes = text_of(tmp_path / "x")
        assert rows_of(text)["snr"][0] == 3
        assert "Formulas without a value: 1." in notes[0]

    def test_dates_in_place_of_numbers_and_errors_are_told(self, tmp_path):
        rows = files.rows_of_values()
        rows[2][0] = datetime.date(2026, 5, 9)
        rows[3][3] = "#DIV/0!"
        write_xlsx(tmp_path / "x", {"S": [NAMES, *rows]})
        text, notes = text_of(tmp_path / "x")
        assert rows_of(text)["line"].tolist() == [2, 3, 5]
        assert "period has dates in place of numbers in 1 rows, first in row 4" in notes[0]
        assert notes[1].endswith("read as empty: #DIV/0! 1.")

    def test_numbers_as_text_prove_their_decimal_sign(self, tmp_path):
        rows = [[9.5, 2.5, "6.161", 1], [3.5, 2.5, "9,05", 1]]
        write_xlsx(tmp_path / "x", {"S": [["period", "duration", "depth", "label"], *rows]})
        assert rows_of(text_of(tmp_path / "x")[0])["depth"].tolist() == [6161, 9.05]

    def test_what_a_sheet_says_about_its_size_is_not_believed(self, tmp_path):
        files.as_xlsx(tmp_path / "x")
        part = "xl/worksheets/sheet1.xml"
        files.changed_xlsx(tmp_path / "x", part, b'ref="A1:G5"', b'ref="A1:XFD1048576"')
        text, _ = text_of(tmp_path / "x")
        assert str(rows_of(text)) == str(rows_of(CSV))

    def test_too_many_columns_are_refused(self, tmp_path):
        write_xlsx(tmp_path / "x", {"S": [NAMES, [1] * 1001]})
        with pytest.raises(NotReadable, match="Row 2 of the sheet has 1,001 columns"):
            "".join(text_of(tmp_path / "x")[0])

    def test_another_archive_is_named(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "x", "w") as archive:
            archive.writestr("table.csv", CSV)
        with pytest.raises(NotReadable, match="a zip archive and not a spreadsheet"):
            text_of(tmp_path / "x")

    @pytest.mark.parametrize(
        ("part", "says"),
        [("content.xml", ".ods"), ("xl/workbook.bin", ".xlsb"), ("Index/Document.iwa", "Numbers")],
    )
    def test_a_spreadsheet_of_another_program_is_named_with_what_to_do(self, tmp_path, part, says):
        with zipfile.ZipFile(tmp_path / "x", "w") as archive:
            archive.writestr(part, "x")
        with pytest.raises(NotReadable, match=f"{says}.*Save it as .xlsx or CSV"):
            text_of(tmp_path / "x")

    def test_a_sheet_of_charts_is_passed_over(self, tmp_path):
        path = tmp_path / "x.xlsx"
        files.as_xlsx(path)
        book = openpyxl.load_workbook(path)
        book.create_chartsheet("C", 0).add_chart(BarChart())
        book.save(path)
        assert str(rows_of(text_of(path)[0])) == str(rows_of(CSV))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.1, 1e-7, 3.0, np.nan, np.inf], np.float32), ["0.1", "1e-07", "3", "", "inf"]),
        (np.array([441462736, 30000001, 10797460], np.float32),
         ["4.4146272e+08", "3e+07", "10797460"]),
        (np.array([441462736.0, 1e22, -0.5]), ["441462736", "1e+22", "-0.5"]),
        (np.array([2**63], np.uint64), ["9223372036854775808"]),
        (np.array([b" FP ", b"\xe9"]), ["FP", '"é"']),
        (np.array(["2026-01-02", "NaT"], "M8[D]"), ["2026-01-02", ""]),
        (np.array([None, 1.5, True, b"x", np.float32(0.1)], object),
         ["", "1.5", "true", "x", "0.1"]),
    ],
)  # fmt: skip
def test_a_value_is_written_with_the_digits_that_it_has(values, expected):
    assert column_cells(values, None, quotes=False) == expected


def test_text_stays_on_one_line_and_is_no_comment():
    assert text_cell("a\r\nb\x00c") == "a b c"
    assert text_cell("########") == '" ########"'
    assert text_cell('say "x", y') == '"say ""x"", y"'
    assert text_cell("6.161", quotes=True) == '"6.161"'
    assert cell(Decimal("NaN"), quotes=False) == ""
    assert len(text_cell("x" * 10_000)) == 8_192


def test_an_empty_table_has_a_header_and_no_rows(tmp_path):
    Table(files.table()[:0]).write(tmp_path / "table", format="fits")
    with pytest.raises(CatalogError, match="no rows"):
        rows_of(text_of(tmp_path / "table")[0])
