"""The table of models: sort, filter, search, columns, marks and cards, all in the address; many at
once, and CSV.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from backend.database import models
from backend.database.connection import Database
from tests.e2e.browser import Visitor, home, press, tab_to, visit
from tests.e2e.light.planting import plant_models, plant_sessions
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCREEN: ViewportSize = {"width": 1366, "height": 768}
LEAST_ROWS = 12
SEEN = "found => found.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length"
MANY = 60


@pytest.fixture(scope="module")
def many(light_server: Server, people: Client) -> dict[str, Any]:
    key = people.workspace("Models")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        ids = plant_models(connection, key, plant_sessions(connection, key, MANY))
    database.close()
    return {"page": f"{home(people, key)}/models", "ids": ids}


@pytest.fixture
def visitor(browser: Browser, light_server: Server, many: dict[str, Any]) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport=SCREEN) as found:
        found.sign_in()
        found.open(many["page"])
        yield found


def rows(page: Page) -> Locator:
    return page.locator("tr[data-test]")


def names(page: Page) -> list[str]:
    return page.locator("tr[data-test] .name-cell a").all_inner_texts()


def asked(page: Page) -> dict[str, list[str]]:
    """The query of the page's address."""
    return parse_qs(urlsplit(urlsplit(page.url).fragment).query)


def test_models_are_sorted_filtered_and_searched_and_a_reload_keeps_it(visitor: Visitor):
    page = visitor.page
    expect(page.get_by_text(f"1\u201350 of {MANY}")).to_be_visible()
    assert rows(page).evaluate_all(SEEN) >= LEAST_ROWS
    assert names(page)[:2] == ["model_60", "model_59"]
    assert visitor.violations() == []
    head = page.get_by_role("columnheader", name="Test accuracy")
    tab_to(page, page.get_by_role("button", name="Test accuracy"))
    for order, best in (("descending", "model_60"), ("ascending", "model_1")):
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        expect(rows(page).first).to_contain_text(re.compile(rf"{best}\D"))

    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Column", exact=True).select_option("accuracy")
    page.get_by_label("Comparison").select_option(">=")
    page.get_by_label("Value").fill("0,7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1\u201341 of 41")).to_be_visible()
    page.get_by_label("Column", exact=True).select_option("beats_guessing")
    page.get_by_label("Value").select_option("no")
    page.get_by_role("button", name="Add filter").click()
    expect(page.get_by_text("1\u20139 of 9")).to_be_visible()
    assert names(page) == [f"model_{number}" for number in range(20, 61, 5)]
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("koi MODEL_5")
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["model_50", "model_55"]
    expect(page).to_have_url(re.compile("q=koi"))
    assert asked(page) == {
        "sort": ["accuracy"],
        "filter": ["accuracy>=0.7", "beats_guessing:no"],
        "q": ["koi MODEL_5"],
    }
    page.reload()
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["model_50", "model_55"]
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("searchbox")).to_have_value("koi MODEL_5")
    page.get_by_role("searchbox").fill("no such model")
    expect(page.get_by_text("No models match.")).to_be_visible()


def test_columns_and_cards_of_models_are_in_the_address_and_stay_over_a_reload(visitor: Visitor):
    page = visitor.page
    press(page, page.get_by_role("button", name="Columns"))
    page.get_by_role("checkbox", name="Ensemble size").check()
    page.get_by_role("checkbox", name="Network", exact=True).uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Columns")).to_be_focused()
    ensemble = page.get_by_role("columnheader", name="Ensemble size")
    expect(ensemble).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(f"51\u2013{MANY} of {MANY}")).to_be_visible()
    page.reload()
    expect(ensemble).to_be_visible()
    expect(page.get_by_role("columnheader", name="Network")).to_have_count(0)
    expect(page.get_by_text(f"51\u2013{MANY} of {MANY}")).to_be_visible()
    assert "ensemble" in asked(page)["columns"][0].split(",")

    page.get_by_role("button", name="Cards").click()
    cards = page.locator(".model-card")
    expect(cards).to_have_count(MANY - 50)
    assert asked(page)["view"] == ["cards"]
    assert visitor.violations() == []
    page.reload()
    expect(cards).to_have_count(MANY - 50)
    page.go_back()
    expect(ensemble).to_be_visible()


def test_a_model_is_starred_and_renamed_in_its_row(
    visitor: Visitor, people: Client, many: dict[str, Any]
):
    page, model = visitor.page, many["ids"][-1]
    row = page.locator(f"[data-test=model-{model}]")
    press(page, row.get_by_role("button", name="Star model_60"))
    star = row.get_by_role("button", name="Star model_60")
    expect(star).to_have_attribute("aria-pressed", "true")
    press(page, row.get_by_role("button", name="Rename model_60"))
    row.get_by_label("Rename model_60").fill("The one to use")
    page.keyboard.press("Enter")
    link = row.get_by_role("link", name="The one to use")
    expect(link).to_be_visible()
    expect(row.get_by_role("button", name="Rename The one to use")).to_be_focused()
    said = people.get(f"/api/models/{model}")["model"]
    assert (said["title"], said["name"], said["is_starred"]) == ("The one to use", "model_60", True)
    page.reload()
    expect(link).to_be_visible()
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Column", exact=True).select_option("starred")
    page.get_by_role("button", name="Add filter").click()
    expect(rows(page)).to_have_count(1)
    link.click()
    visitor.heading("The one to use")


@pytest.fixture
def five(light_server: Server, people: Client) -> dict[str, Any]:
    """Five models of a workspace of their own; the first is current."""
    key = people.workspace("Five models")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        sessions = plant_sessions(connection, key, 5)
        ids = plant_models(connection, key, sessions)
        model = models.find(connection, ids[0])
        assert model is not None
        models.promote(connection, model, by_hand=True)
    database.close()
    return {"home": home(people, key), "ids": ids, "sessions": sessions, "key": key}


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
