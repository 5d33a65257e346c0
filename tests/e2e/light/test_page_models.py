"""The table of models: many selected, compared, deleted with a way back; CSV."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from backend.database.connection import Database
from tests.e2e.browser import Visitor, home, visit
from tests.e2e.light.planting import plant_models, plant_sessions
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def five(light_server: Server, people: Client) -> dict[str, Any]:
    key = people.workspace("Five models")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        sessions = plant_sessions(connection, key, 5)
        ids = plant_models(connection, key, sessions)
    database.close()
    return {"home": home(people, key), "ids": ids, "sessions": sessions, "key": key}


@pytest.fixture
def visitor(browser: Browser, light_server: Server, five: dict[str, Any]) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport={"width": 1366, "height": 768}) as found:
        found.sign_in()
        yield found


def rows(page: Page) -> Locator:
    return page.locator("tr[data-test]")


def test_models_are_selected_compared_deleted_and_brought_back(
    visitor: Visitor, five: dict[str, Any], people: Client
):
    page = visitor.page
    visitor.open(f"{five['home']}/models")
    expect(rows(page)).to_have_count(5)
    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    assert found.value.suggested_filename == "models.csv"
    assert Path(found.value.path()).read_text("utf-8").count("\n") == 6

    boxes = rows(page).get_by_role("checkbox")
    boxes.nth(0).click()
    boxes.nth(1).click(modifiers=["Shift"])
    bar = page.locator("[data-test=bulk]")
    expect(bar).to_contain_text("2 models selected.")
    bar.get_by_role("button", name="Compare").click()
    page.wait_for_url(f"**/compare?ids={five['sessions'][3]},{five['sessions'][4]}")
    page.go_back()

    expect(bar).to_contain_text("2 models selected.")
    page.get_by_label("Select all on this page").click()
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 5 models?")
    expect(dialog).to_contain_text(f"(model {five['ids'][0]}) is the current model")
    expect(dialog).to_contain_text("Sessions, evaluation metrics and saved analyses stay.")
    expect(dialog).to_contain_text("They go to the bin for 7 days.")
    dialog.get_by_role("button", name="Delete the models").click()
    expect(rows(page)).to_have_count(1)
    assert people.call("GET", f"/api/models/{five['ids'][1]}").status_code == 404
    notice = page.locator(".notice", has_text="4 models deleted.")
    page.get_by_role("button", name="1 more").click()
    expect(page.get_by_text("1 model was refused.")).to_be_visible()
    notice.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("4 deleted items are back.")).to_be_visible()
    expect(rows(page)).to_have_count(5)
    assert visitor.violations() == []
