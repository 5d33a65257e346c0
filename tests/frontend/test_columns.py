"""The page's lists of columns and of surveys are the server's."""

import json
from typing import get_args

import pytest

from backend.config import REPOSITORY
from backend.transit.catalog.names.column_names import BANDS, FORMATS, SURVEYS
from backend.transit.columns import COLUMNS, EVIDENCE_UNITS, LABELS, RANGES, TEACHING
from backend.transit.networks.registry import NETWORKS
from backend.transit.photometry.evidence import NUMBERS
from backend.web.schemas.base import Source
from tests.frontend.test_server_sentences import run_on_the_page

FRONTEND = REPOSITORY / "frontend"
MODULE = FRONTEND / "lib" / "columns.js"


def test_the_page_knows_every_column_in_the_server_s_order():
    lists = "[page.COLUMNS, page.EVIDENCE, page.CLASSES, Object.keys(page.UNITS)]"
    columns, evidence, classes, with_unit = run_on_the_page(MODULE, lists)
    assert columns == list(COLUMNS)
    assert evidence == list(EVIDENCE_UNITS)
    assert classes == list(LABELS)
    assert with_unit == [*COLUMNS, *EVIDENCE_UNITS]
    assert run_on_the_page(MODULE, "page.TEACHING") == list(TEACHING)


def test_the_page_knows_which_networks_read_light_curves_and_lists_all():
    reading = run_on_the_page(FRONTEND / "lib" / "curves-learnt.js", "page.READING")
    assert reading == [each.name for each in NETWORKS.values() if each.takes_curves]
    for table in ("training/table/session-columns.js", "models/model-columns.js"):
        listed = ", ".join(f'"{name}"' for name in NETWORKS)
        assert f"const NETWORKS = [{listed}];" in (FRONTEND / table).read_text(encoding="utf-8")


def test_the_page_knows_the_ranges():
    ranges = run_on_the_page(MODULE, "page.RANGES")
    assert {name: tuple(each) for name, each in ranges.items()} == RANGES


def test_every_format_is_of_a_survey_that_has_a_band_and_that_the_api_knows():
    assert set(SURVEYS) == set(FORMATS)
    assert set(SURVEYS.values()) == set(BANDS) == set(get_args(Source.__value__))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_has_words_for_every_survey(language):
    words = {}
    for path in (FRONTEND / "locales" / language).glob("*.json"):
        words |= json.loads(path.read_text())
    for source in BANDS:
        for prefix in ("predict.source", "datasets.source", "verdict.survey"):
            assert words[f"{prefix}.{source}"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_has_words_for_every_number_of_a_light_curve(language):
    words = json.loads((FRONTEND / "locales" / language / "light-curves.json").read_text())
    for kind in ("number", "meaning"):
        prefix = f"curves.{kind}."
        named = {key.removeprefix(prefix) for key in words if key.startswith(prefix)}
        assert named - {"value"} == set(NUMBERS)
