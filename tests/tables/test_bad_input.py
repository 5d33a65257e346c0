"""Files that lie about their size, grow without end, or point elsewhere."""

import struct
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from backend.tables.child import __main__ as child
from backend.tables.child import xlsx
from backend.tables.child.limits import NotReadable
from tests.tables import files
from tests.tables.files import text_of

pytestmark = pytest.mark.filterwarnings("ignore")

BOMB = """\
<?xml version="1.0"?>
<!DOCTYPE VOTABLE [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<VOTABLE version="1.4"><DESCRIPTION>&b;</DESCRIPTION></VOTABLE>
"""
REMOTE = """\
<!DOCTYPE VOTABLE [<!ENTITY secret SYSTEM "file:///etc/hostname">]>
<VOTABLE version="1.4"><DESCRIPTION>&secret;</DESCRIPTION></VOTABLE>
"""
ERROR = """\
<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="ERROR">Table  koi
is not known</INFO></RESOURCE></VOTABLE>
"""


def outcome_of(path, kind, **more):
    job = {"do": "read", "kind": kind, "source": str(path), "table": None}
    return child.outcome_of(job | {"target": str(path.with_suffix(".text"))} | more)


def refusal(tmp_path, content, name="file"):
    path = tmp_path / name
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    with pytest.raises(NotReadable) as caught:
        text_of(path)
    return str(caught.value)


@pytest.mark.parametrize("document", [BOMB, REMOTE, f"<!-- x -->\n{REMOTE}"])
def test_a_document_type_is_refused_before_anything_is_expanded(tmp_path, document):
    assert "document type" in refusal(tmp_path, document)


def test_a_document_type_in_a_spreadsheet_is_refused(tmp_path):
    files.as_xlsx(tmp_path / "x")
    part = "xl/worksheets/sheet1.xml"
    files.changed_xlsx(
        tmp_path / "x", part, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "ha">]><worksheet'
    )
    with pytest.raises(NotReadable, match="document type"):
        text_of(tmp_path / "x")


def test_an_archives_error_message_is_given_in_its_own_words(tmp_path):
    assert refusal(tmp_path, ERROR).endswith("not a table: Table koi is not known")


def test_a_table_that_the_archive_has_cut_off_is_told(tmp_path):
    files.KINDS["votable"](tmp_path / "x")
    text = (tmp_path / "x").read_text()
    info = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>'
    (tmp_path / "x").write_text(text.replace("<TABLE>", f"{info}<TABLE>", 1))
    assert "OVERFLOW" in text_of(tmp_path / "x")[1][0]


def test_other_xml_is_named(tmp_path):
    text = "<!-- VOTABLE --><ERROR>no such table</ERROR>"
    assert "XML document (ERROR)" in refusal(tmp_path, text)


def test_a_votable_without_a_table_says_so(tmp_path):
    assert "no table" in refusal(tmp_path, '<VOTABLE version="1.4"></VOTABLE>')


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"NAXIS2  =                    4", b"NAXIS2  =      100000000000000", "cut off"),
        (b"NAXIS2  =                    4", b"NAXIS2  =                 4000", "has 2,880"),
        (b"NAXIS2  =                    4", b"NAXIS2  =                   -4", "negative size"),
        (b"PCOUNT  =                    0", b"PCOUNT  =             99999999", "cut off"),
    ],
)
def test_a_fits_header_that_lies_about_its_size_is_refused(tmp_path, old, new, says):
    files.KINDS["fits"](tmp_path / "x")
    content = (tmp_path / "x").read_bytes()
    assert old in content
    assert says in refusal(tmp_path, content.replace(old, new))


def test_a_fits_image_is_named(tmp_path):
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "x")
    with pytest.raises(NotReadable, match="no table, only images"):
        text_of(tmp_path / "x")


def test_a_fits_light_curve_is_named(tmp_path):
    columns = [fits.Column(name, "E", array=[1.0]) for name in ("TIME", "PDCSAP_FLUX")]
    fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE").writeto(tmp_path / "x")
    with pytest.raises(Exception, match="light curve"):
        files.rows_of(text_of(tmp_path / "x")[0])


def test_parquet_with_too_many_rows_or_columns_is_refused_by_what_it_says(tmp_path):
    pq.write_table(pa.table({"period": pa.nulls(10_000_001)}), tmp_path / "long")
    with pytest.raises(NotReadable, match="10,000,001 rows; at most 10,000,000"):
        text_of(tmp_path / "long")
    pq.write_table(pa.table({f"c{i}": [1] for i in range(1001)}), tmp_path / "wide")
    with pytest.raises(NotReadable, match="1,001 columns"):
        text_of(tmp_path / "wide")


def test_parquet_with_nested_columns_only_is_refused(tmp_path):
    pq.write_table(pa.table({"a": [[1]]}), tmp_path / "x")
    with pytest.raises(NotReadable, match="no column with a single value"):
        text_of(tmp_path / "x")


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused_by_what_it_says(tmp_path, monkeypatch):
    files.as_xlsx(tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "x", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb", bytes(1_000_000))
    monkeypatch.setattr(xlsx, "MOST_BYTES", 900_000)
    with pytest.raises(NotReadable, match="bytes when unpacked"):
        text_of(tmp_path / "x")


def test_a_part_gives_out_no_more_bytes_than_its_archive_says(tmp_path):
    files.write_xlsx(tmp_path / "x", {"S": [["period"] * 50] * 50})
    content = bytearray((tmp_path / "x").read_bytes())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46  # in the directory
    assert content[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", content, entry + 24, 100)
    (tmp_path / "x").write_bytes(content)
    assert "cannot be read" in outcome_of(tmp_path / "x", "xlsx")["error"]


def test_a_row_number_that_no_sheet_has_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "_MOST_SHEET_ROWS", 1_000)
    files.as_xlsx(tmp_path / "x")
    part = "xl/worksheets/sheet1.xml"
    files.changed_xlsx(tmp_path / "x", part, b'<row r="5">', b'<row r="2000">')
    outcome = outcome_of(tmp_path / "x", "xlsx")
    assert "more than 1,000 rows" in outcome["error"]


def test_a_damaged_file_is_refused_in_words(tmp_path):
    for kind, start in (("fits", b"SIMPLE  ="), ("parquet", b"PAR1"), ("xlsx", b"PK\x03\x04")):
        (tmp_path / kind).write_bytes(start + bytes(5000))
        error = outcome_of(tmp_path / kind, kind)["error"]
        assert "cannot be read" in error
        assert "\n" not in error


def test_a_library_that_is_missing_is_named_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "backend.tables.child.parquet", raising=False)
    monkeypatch.delattr("backend.tables.child.parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = outcome_of(tmp_path / "x", "parquet")["error"]
    assert "pip install -r requirements-parquet.txt" in error
