"""Labels as a layer, on the page: by keyboard alone, seen by others, frozen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import home, press, tab_to, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_label_is_changed_by_keyboard_alone_and_frozen(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    lines = ["name,star,period,duration,depth,label"]
    lines += [f"candidate-{i},star-{i},{3 + 0.71 * i:.2f},2.5,{500 + i},{i % 3}" for i in range(9)]
    path = tmp_path / "named.csv"
    path.write_text("\n".join(lines) + "\n")
    key = people.workspace("Labels")
    dataset = people.upload(key, path)["id"]
    address = f"{home(people, key)}/datasets/{dataset}"
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{address}?tab=rows&row=1")
        votes = page.locator("[data-test=row-votes]")
        expect(votes).to_contain_text("No votes on this row yet")
        tab_to(page, page.get_by_role("region", name="Table of the rows"))

        page.keyboard.press("2")
        form = page.locator("[data-test=label-form]")
        expect(form.get_by_label("Label", exact=True)).to_have_value("FALSE POSITIVE")
        expect(form.get_by_label("Reason")).to_be_focused()
        page.keyboard.press("Enter")
        expect(form).to_be_visible()
        page.keyboard.press("Escape")
        expect(form).to_have_count(0)
        assert people.get(f"/api/training/dataset/{dataset}/labels")["total"] == 0

        page.keyboard.press("2")
        expect(form.get_by_label("Reason")).to_be_focused()
        page.keyboard.type("an eclipse of 2 stars, exactly")
        page.keyboard.press("Enter")
        expect(form).to_have_count(0)
        expect(votes).to_contain_text("False positive: decided by the owner. In the file: Conf")
        expect(votes).to_contain_text("an eclipse of 2 stars, exactly")
        row = page.locator("tr[data-position='1']")
        expect(row).to_contain_text(re.compile("Confirmed.*counts as.*False positive.*1 vote"))
        (said,) = people.get(f"/api/training/dataset/{dataset}/labels")["rows"]
        assert (said["row"], said["label"]) == (1, "FALSE POSITIVE")
        assert visitor.violations() == []

        page.keyboard.press("ArrowDown")
        expect(page.locator("[data-test=row-head]")).to_contain_text("candidate-2")
        page.keyboard.press("x")
        expect(form.get_by_label("Reason")).to_be_focused()
        page.keyboard.type("too faint")
        page.keyboard.press("Enter")
        expect(votes).to_contain_text("Left out: decided by the owner")
        page.keyboard.press("u")
        expect(votes).to_contain_text("withdrawn")
        expect(votes).to_contain_text("False positive: as in the file.")

        said_by_another = {"row": 2, "label": 0, "reason": "seen in another window"}
        people.call(
            "PUT",
            f"/api/training/dataset/{dataset}/labels",
            200,
            json={"changes": [said_by_another]},
        )
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(votes).to_contain_text("seen in another window")

        visitor.open(f"{address}?tab=labels")
        now = page.locator("[data-test=labels-now]")
        expect(now).to_contain_text("2 rows differ from the file. Not frozen as a version")
        page.get_by_label("Name of the version").fill("checked")
        press(page, page.get_by_role("button", name="Freeze a version"))
        expect(now).to_contain_text("They are version 1.")
        expect(page.locator("[data-test=versions] tbody tr").first).to_contain_text("checked")

        wrong = {"name": "mine.csv", "mimeType": "text/csv", "buffer": b"row,label\n0,1\n99,1\n"}
        page.locator("input[type=file]").set_input_files(wrong)  # type: ignore[arg-type]
        expect(page.get_by_role("alert")).to_contain_text("row 3")
        expect(now).to_contain_text("2 rows differ")
        visitor.is_expected("400|422")
        page.get_by_label("Skip lines whose row is unknown").check()
        page.locator("input[type=file]").set_input_files(wrong)  # type: ignore[arg-type]
        expect(now).to_contain_text("3 rows differ from the file. Not frozen as a version")
        assert visitor.violations() == []

        # The form offers the version, and asks for it.
        visitor.open(f"{home(people, key)}/train?dataset={dataset}")
        choice = page.get_by_label("Labels", exact=True)
        expect(choice).to_contain_text("Current labels: 3 rows differ")
        choice.select_option(label="Version 1: checked")
        with page.expect_request("**/api/training/start") as started:
            page.locator("[data-test=start]").click()
        assert (started.value.post_data_json or {})["dataset_version"] == 1
