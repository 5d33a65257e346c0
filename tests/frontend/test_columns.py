"""The page's list of columns is the server's."""

from backend.config import REPOSITORY
from backend.transit.columns import COLUMNS, EVIDENCE_UNITS, LABELS, RANGES
from tests.frontend.test_server_sentences import run_on_the_page

MODULE = REPOSITORY / "frontend" / "lib" / "columns.js"


def test_the_page_knows_every_column_in_the_server_s_order():
    lists = "[page.COLUMNS, page.EVIDENCE, page.CLASSES, Object.keys(page.UNITS)]"
    columns, evidence, classes, with_unit = run_on_the_page(MODULE, lists)
    assert columns == list(COLUMNS)
    assert evidence == list(EVIDENCE_UNITS)
    assert classes == list(LABELS)
    assert with_unit == [*COLUMNS, *EVIDENCE_UNITS]


def test_the_page_knows_the_ranges():
    ranges = run_on_the_page(MODULE, "page.RANGES")
    assert {name: tuple(each) for name, each in ranges.items()} == RANGES
