"""ECSV and VOTable from a CSV file of ours, read again by astropy."""

import io

import pytest
from astropy.io import votable
from astropy.table import Table

from backend.tables.child.limits import NotReadable
from backend.tables.child.writing import write

pytestmark = pytest.mark.filterwarnings("ignore")

COLUMNS = [
    {"name": "star", "unit": None, "description": "Identifier", "type": "text"},
    {"name": "p_confirmed", "unit": None, "description": "P(planet) > 0 & < 1", "type": "float"},
    {"name": "period", "unit": "d", "description": 'The "period"', "type": "float"},
    {"name": "depth", "unit": "ppm", "description": None, "type": "float"},
    {"name": "line", "unit": None, "description": "In the file", "type": "int"},
    {"name": "uncertain", "unit": None, "description": "", "type": "bool"},
]
ROWS = '''\
star,p_confirmed,period,depth,line,uncertain
"TIC 1, é <&> ""x""",0.25,3.5,6161.24,2,yes
,,,,,
a\x01b,1e-07,2,0.1,9007199254740993,no
'''
METADATA = {"model": 'a "b" <c> & d', "sha256": "00ff", "threshold": 0.5, "absent": None}


def written(tmp_path, kind, rows=ROWS, columns=COLUMNS):
    source = tmp_path / "rows.csv"
    source.write_text(rows, encoding="utf-8")
    out = io.BytesIO()
    write(source, columns, METADATA, kind, out)
    out.seek(0)
    return out


@pytest.mark.parametrize(
    ("kind", "format_", "odd"), [("ecsv", "ascii.ecsv", "a\x01b"), ("votable", "votable", "a�b")]
)
def test_the_rows_come_back_with_units_descriptions_and_gaps(tmp_path, kind, format_, odd):
    table = Table.read(written(tmp_path, kind), format=format_)
    assert table.colnames == [each["name"] for each in COLUMNS]
    assert list(table["star"][[0, 2]]) == ['TIC 1, é <&> "x"', odd]
    assert list(table["period"][[0, 2]]) == [3.5, 2.0]
    assert list(table["p_confirmed"][[0, 2]]) == [0.25, 1e-07]
    assert list(table["line"][[0, 2]]) == [2, 9007199254740993]
    assert list(table["uncertain"][[0, 2]]) == [True, False]
    for name in ("p_confirmed", "period", "depth", "line"):
        assert table[name].mask.tolist() == [False, True, False], name
    assert str(table["period"].unit) == "d"
    assert str(table["depth"].unit) == "ppm"
    assert table["p_confirmed"].description == "P(planet) > 0 & < 1"


def test_the_metadata_of_ecsv_is_its_meta(tmp_path):
    meta = Table.read(written(tmp_path, "ecsv"), format="ascii.ecsv").meta
    assert meta == {"model": 'a "b" <c> & d', "sha256": "00ff", "threshold": 0.5}


def test_the_metadata_of_a_votable_is_in_its_infos_and_it_is_valid(tmp_path):
    document = votable.parse(written(tmp_path, "votable"), verify="exception")
    infos = {info.name: info.value for info in document.resources[0].infos}
    assert infos == {"model": 'a "b" <c> & d', "sha256": "00ff", "threshold": "0.5"}
    assert [field.datatype for field in document.get_first_table().fields] == [
        "unicodeChar",
        *["double"] * 3,
        "long",
        "boolean",
    ]


@pytest.mark.parametrize("kind", ["ecsv", "votable"])
def test_no_rows_are_a_table_without_rows(tmp_path, kind):
    out = written(tmp_path, kind, ROWS.split("\n", 1)[0] + "\n")
    format_ = "ascii.ecsv" if kind == "ecsv" else kind
    assert len(Table.read(out, format=format_)) == 0


@pytest.mark.parametrize("kind", ["ecsv", "votable"])
def test_a_row_of_another_width_is_refused(tmp_path, kind):
    with pytest.raises(NotReadable, match=r"Expected 6 cells, received 2 \(line 2\)"):
        written(tmp_path, kind, "h\n1,2\n")
