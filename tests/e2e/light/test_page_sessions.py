"""The list of a thousand sessions: what is seen at once, sort, filter, search, many at once."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from backend.config import REPOSITORY
from backend.database.connection import Database
from tests.e2e.browser import Visitor, home, press, visit
from tests.e2e.light.planting import plant_sessions
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCREEN = {"width": 1366, "height": 768}
LEAST_ROWS = 15
SEEN = "found => found.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length"
MANY = 1000

# On a busy machine; a page of the list takes a tenth of it.
SECONDS = 10


@pytest.fixture(scope="module")
def many(light_server: Server, people: Client) -> dict[str, Any]:
    key = people.workspace("Many")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        ids = plant_sessions(connection, key, MANY)
    database.close()
    return {"home": home(people, key), "ids": ids, "key": key}


@pytest.fixture
def visitor(browser: Browser, light_server: Server, many: dict[str, Any]) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport=SCREEN) as found:
        found.sign_in()
        yield found


def rows(page: Page) -> Locator:
    return page.locator("tr[data-test]")


def head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def test_fifteen_rows_are_seen_at_once_and_sort_filter_and_search_find_the_best(
    visitor: Visitor, many: dict[str, Any]
):
    page = visitor.page
    start = time.monotonic()
    visitor.open(f"{many['home']}/sessions")
    rows(page).first.wait_for()
    assert time.monotonic() - start < SECONDS
    expect(page.get_by_text("1\u201350 of 1,000")).to_be_visible()
    seen = (
        "found => found.filter((each) => each.getBoundingClientRect().bottom <= innerHeight).length"
    )
    assert rows(page).evaluate_all(seen) >= LEAST_ROWS
    assert visitor.violations() == []

    press(page, page.get_by_role("button", name="Test accuracy"))
    expect(head(page, "Test accuracy")).to_have_attribute("aria-sort", "descending")
    expect(rows(page).first).to_contain_text("the_best")
    page.get_by_label("Group by").select_option("network")
    expect(page.locator("tr.group").first).to_contain_text(re.compile(r"Network: .+ \d+ in all"))
    page.get_by_label("Group by").select_option("")

    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Column", exact=True).select_option("tag")
    page.get_by_label("Value").fill("paper")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1\u201350 of 200")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("seven net_35")
    expect(rows(page)).to_have_count(2)  # 35 and 350
    page.reload()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("searchbox")).to_have_value("seven net_35")
    page.get_by_role("button", name="Remove the filter Tag = paper").click()
    expect(page.get_by_role("button", name="Remove the filter")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("button", name="Remove the filter")).to_have_count(1)


def test_pages_columns_and_view_are_in_the_address_and_a_csv_has_all(
    visitor: Visitor, many: dict[str, Any]
):
    page = visitor.page
    visitor.open(f"{many['home']}/sessions?sort=id")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("51\u2013100 of 1,000")).to_be_visible()
    expect(rows(page).first).to_contain_text("net_51")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Random seed").check()
    page.keyboard.press("Escape")
    expect(head(page, "Random seed")).to_be_visible()
    page.reload()
    expect(head(page, "Random seed")).to_be_visible()
    expect(page.get_by_text("51\u2013100 of 1,000")).to_be_visible()
    page.get_by_role("button", name="Cards").click()
    expect(page.locator(".session-card")).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("101\u2013150 of 1,000")).to_be_visible()
    page.reload()
    previous = page.get_by_role("button", name="Previous")
    previous.click()
    expect(page.get_by_text("51\u2013100 of 1,000")).to_be_visible()
    expect(page.locator(".session-card").first).to_contain_text("net_51")
    previous.click()
    expect(page.get_by_text("1\u201350 of 1,000")).to_be_visible()
    expect(previous).to_be_disabled()
    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    assert found.value.suggested_filename == "sessions.csv"
    assert Path(found.value.path()).read_text("utf-8").count("\n") == MANY + 1


def test_many_are_selected_with_shift_starred_and_deleted_after_a_question(
    visitor: Visitor, many: dict[str, Any], people: Client
):
    page = visitor.page
    visitor.open(f"{many['home']}/sessions?filter=status%3Acancelled&sort=-id")
    boxes = rows(page).get_by_role("checkbox")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    bar = page.locator("[data-test=bulk]")
    expect(bar).to_contain_text("4 sessions selected.")
    bar.get_by_role("button", name="Star").click()
    expect(page.get_by_text("4 sessions starred.")).to_be_visible()
    for place in range(1, 5):
        star = rows(page).nth(place).get_by_role("button", name="Star ")
        expect(star).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(bar).to_contain_text("4 sessions selected.")
    rows(page).nth(4).wait_for()
    names = rows(page).evaluate_all("found => found.map((each) => each.dataset.test)")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 4 sessions?")
    expect(dialog).to_contain_text("None of them is waiting or training.")
    dialog.get_by_role("button", name="Keep").click()
    bar.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete the sessions").click()
    expect(page.get_by_text("4 sessions deleted.")).to_be_visible()
    expect(page.locator(f"[data-test={names[1]}]")).to_have_count(0)
    expect(page.locator(f"[data-test={names[0]}]")).to_have_count(1)
    gone = int(names[1].removeprefix("session-"))
    assert people.call("GET", f"/api/training/session/{gone}").status_code == 404


def test_a_session_is_renamed_and_starred_in_its_row(
    visitor: Visitor, many: dict[str, Any], people: Client
):
    page = visitor.page
    session = many["ids"][3]
    visitor.open(f"{many['home']}/sessions?filter=id%3A{session}&columns=name,tags,note")
    row = page.locator(f"[data-test=session-{session}]")
    row.get_by_role("button", name="Rename net_4").click()
    row.get_by_label("Rename net_4").fill("My fourth")
    page.keyboard.press("Enter")
    expect(row.get_by_role("link", name="My fourth")).to_be_visible()
    expect(row.get_by_role("button", name="Rename My fourth")).to_be_focused()
    row.get_by_role("button", name="Tags of My fourth").click()
    row.get_by_label("Tags of My fourth").fill("one, two")
    page.keyboard.press("Enter")
    expect(row.locator(".tag").first).to_have_text("one")
    row.get_by_role("button", name="Star My fourth").click()
    expect(row.get_by_role("button", name="Star My fourth")).to_have_attribute(
        "aria-pressed", "true"
    )
    said = people.session(session)
    assert (said["title"], said["tags"], said["is_starred"]) == ("My fourth", ["one", "two"], True)


def test_a_narrow_window_has_cards_that_fit(
    browser: Browser, light_server: Server, many: dict[str, Any]
):
    with visit(browser, light_server, viewport={"width": 360, "height": 740}) as visitor:
        visitor.sign_in()
        visitor.open(f"{many['home']}/sessions")
        expect(visitor.page.locator(".session-card")).to_have_count(50)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert visitor.violations() == []


def test_a_workspace_and_a_dataset_are_renamed_on_their_pages(visitor: Visitor, people: Client):
    page = visitor.page
    key = people.workspace("Old name")
    dataset = people.upload(key, REPOSITORY / "example_dataset.csv")
    visitor.open(f"{home(people, key)}/datasets/{dataset['id']}")
    page.reload()  # it was made by another client
    rename(page, page.get_by_role("main"), "new.csv")
    visitor.heading("new.csv")
    visitor.open("#/workspaces")
    card = page.locator("article", has=page.get_by_role("link", name="Old name", exact=True))
    rename(page, card, "New name")
    expect(page.get_by_role("link", name="New name", exact=True).first).to_be_visible()


def rename(page: Page, place: Locator, name: str) -> None:
    place.get_by_role("button", name="Rename").click()
    page.get_by_label("New name").fill(name)
    page.keyboard.press("Enter")


def test_what_could_not_be_deleted_of_many_is_said_with_the_reason(
    visitor: Visitor, light_server: Server, people: Client
):
    page = visitor.page
    key = people.workspace("Refused")
    dataset = people.upload(key, REPOSITORY / "example_dataset.csv")["id"]
    running = people.train(key, dataset, epochs=1000, model_name="still_running")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        plant_sessions(connection, key, 1)
    database.close()
    visitor.open(f"{home(people, key)}/sessions")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.locator("[data-test=bulk]").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 sessions?")
    expect(dialog).to_contain_text("1 of them is waiting or training and will not be deleted")
    dialog.get_by_role("button", name="Delete the sessions").click()
    page.get_by_role("button", name="1 more").click()  # beside what was deleted, in either order
    said = page.locator(".notice.error")
    expect(said).to_contain_text("1 session was refused.")
    expect(said).to_contain_text(re.compile(rf"Session {running} is \w+ and cannot be deleted"))
    expect(rows(page)).to_have_count(1)
    people.post(f"/api/training/session/{running}/cancel")
