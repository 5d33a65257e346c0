"""A study on the page: started, followed, its figures and predictions read, deleted."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.e2e.browser import home, visit
from tests.e2e.server import Client, Server, small_catalogue

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

_STUDIES = "/api/training/studies"

NARROW: ViewportSize = {"width": 360, "height": 740}


def test_a_study_is_started_followed_read_and_deleted(
    browser: Browser, page_server: Server, tmp_path: Path
):
    people = Client(page_server)
    key = people.workspace("Studied")
    catalogue = small_catalogue(tmp_path)
    dataset = people.upload(key, catalogue)
    workspace = home(people, key)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{workspace}/studies")
        expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
        assert visitor.violations() == []

        visitor.open(f"{workspace}/datasets/{dataset['id']}")
        page.get_by_role("link", name="Test every row (study)").click()
        visitor.heading("New study")
        cost = page.locator("[data-test=study-cost]")
        expect(cost).to_contain_text("5 folds \u00d7 1 seed = 5 sessions")
        page.get_by_label("Folds").fill("1")
        page.locator("[data-test=start]").click()
        expect(page.get_by_label("Folds")).to_be_focused()
        expect(page.get_by_label("Folds")).to_have_attribute("aria-invalid", "true")
        assert people.get(_STUDIES, params={"workspace_key": key})["count"] == 0
        page.get_by_label("Folds").fill("2")
        page.get_by_label("Epochs").fill("1")
        expect(cost).to_contain_text("2 folds \u00d7 1 seed = 2 sessions")
        assert visitor.violations() == []
        page.locator("[data-test=start]").click()

        page.wait_for_url(re.compile(r"/studies/\d+$"))
        study_id = page.url.rpartition("/")[2]
        expect(page.locator("[data-test=study-rows]")).to_contain_text("Out-of-fold predictions")
        figures = page.locator("[data-test=study-log_loss]")
        expect(figures).to_contain_text(re.compile(r"\d\.\d{3} to \d\.\d{3}"))
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        study = people.get(f"{_STUDIES}/{study_id}")["study"]
        assert (study["status"], study["folds"], study["settings"]["epochs"]) == ("completed", 2, 1)
        mean = study["figures"]["figures"]["log_loss"]["mean"]
        expect(figures).to_contain_text(f"{mean:.3f}")
        expect(page.locator("[data-test=study-sessions] tbody tr")).to_have_count(2)
        assert visitor.violations() == []

        # The table is in the server's order, and the address says which.
        rows = page.locator("[data-test=study-rows] tbody tr")
        expect(rows).to_have_count(25)
        listed = page.locator("[data-test=study-rows]")
        listed.get_by_label("Sort by").select_option("planet")
        listed.get_by_label("Label in the table").select_option("CONFIRMED")
        page.wait_for_url(re.compile("sort=planet&label=CONFIRMED"))
        asked = {"sort": "planet", "label": "CONFIRMED"}
        answer = people.get(f"{_STUDIES}/{study_id}/predictions", params={**asked, "offset": 25})
        listed.get_by_role("button", name="Next").click()
        first = rows.first.get_by_role("link")
        expect(first).to_have_text(str(answer["rows"][0]["row"] + 1))
        page.reload()
        expect(first).to_have_text(str(answer["rows"][0]["row"] + 1))
        with page.expect_download() as download:
            page.locator("[data-test=study-csv]").click()
        assert download.value.suggested_filename == f"study_{study_id}_predictions.csv"
        download.value.save_as(tmp_path / "rows.csv")
        csv = people.call("GET", f"{_STUDIES}/{study_id}/predictions.csv", params=asked)
        assert (tmp_path / "rows.csv").read_bytes() == csv.content

        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert visitor.violations() == []

        page.locator("[data-test=study-sessions] tbody a").first.click()
        back = page.get_by_role("link", name=f"Part of study {study_id}")
        expect(back).to_be_visible()
        for name in ("Retry", "Delete"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        back.click()
        page.get_by_role("button", name="Delete").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("2 sessions, their models and predictions")
        dialog.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
        people.get(f"{_STUDIES}/{study_id}", 404)
