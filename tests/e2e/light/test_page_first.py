"""What a page shows at first: folded uploads, a comparison of nothing, a usable dataset."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.api import catalogue
from tests.e2e.browser import Visitor, home, press, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCREEN: ViewportSize = {"width": 1366, "height": 768}

# On the page's clock; an idle page asks every five seconds.
SECONDS = 6


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport=SCREEN) as found:
        found.sign_in()
        yield found


def table(folder: Path, name: str, rows: int) -> Path:
    path = folder / name
    path.write_text(catalogue(rows))
    return path


def test_five_uploads_do_not_bury_the_list_of_datasets(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page = visitor.page
    key = people.workspace("Uploads")
    visitor.open(f"{home(people, key)}/datasets")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    files = [table(tmp_path, f"table_{number}.csv", 60 + number) for number in range(5)]
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.locator("[data-test=dataset]")).to_have_count(5)
    past = page.locator("[data-test=past-uploads]")
    expect(past.locator("> summary")).to_have_text("4 earlier uploads, accepted")
    shown = page.locator("[data-test=upload]").filter(visible=True)
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("table_4.csv")
    press(page, past.locator("> summary"))
    expect(shown).to_have_count(5)
    press(page, past.get_by_role("button", name="Remove table_0.csv from this list"))
    expect(past.locator("> summary")).to_have_text("3 earlier uploads, accepted")
    bad = tmp_path / "table_9.csv"
    bad.write_text("not,a,table\n1,2,3\n")
    past.evaluate("each => { each.open = false }")
    page.locator("input[type=file]").first.set_input_files(bad)
    refused = page.locator("[data-test=upload][data-stage=refused]")
    expect(refused).to_be_visible()
    visitor.is_expected("status of 422")
    page.locator("input[type=file]").first.set_input_files(table(tmp_path, "table_10.csv", 70))
    expect(page.locator("[data-test=dataset]")).to_have_count(6)
    expect(refused).to_be_visible()


def test_a_comparison_of_no_sessions_says_what_to_do(visitor: Visitor, people: Client):
    page = visitor.page
    key = people.workspace("Nothing to compare")
    visitor.open(f"{home(people, key)}/compare")
    expect(page.get_by_role("heading", name="Select at least two sessions")).to_be_visible()
    expect(page.get_by_text("There is no other session with an epoch")).to_be_visible()
    expect(page.locator("main .card")).to_have_count(0)
    assert visitor.violations() == []
    page.get_by_role("link", name="New training session").click()
    visitor.heading("New training session")


def test_a_new_session_begins_with_a_dataset_that_can_be_trained(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page = visitor.page
    key = people.workspace("Some usable")
    people.upload(key, table(tmp_path, "usable.csv", 90))
    small = people.upload(key, table(tmp_path, "newer_but_small.csv", 9))["id"]
    visitor.open(f"{home(people, key)}/train")
    choice = page.get_by_label("Dataset", exact=True)
    expect(choice.locator("option:checked")).to_contain_text("usable.csv (90 rows)")
    problem = page.get_by_text("training needs at least 50")
    expect(problem).to_have_count(0)
    choice.select_option(str(small))
    expect(problem).to_be_visible()
    visitor.open(f"{home(people, key)}/studies/new")
    expect(choice.locator("option:checked")).to_contain_text("usable.csv (90 rows)")


def test_a_session_that_somebody_else_starts_appears_on_an_idle_page(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Idle")
    dataset = people.upload(key, table(tmp_path, "usable.csv", 90))["id"]
    token = people.post("/api/tokens", 201, json={"user": "watcher"})["token"]
    body = {"user": "watcher", "role": "viewer"}
    people.post(f"/api/workspaces/{key}/members", 201, json=body)
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        page.clock.install()
        visitor.open(f"{home(people, key)}/sessions")
        expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()
        page.evaluate("window.isTheSamePage = true")
        session = people.train(key, dataset, epochs=1000, model_name="of_somebody_else")
        page.clock.run_for(1000 * SECONDS)
        row = page.locator(f"[data-test=session-{session}]")
        expect(row).to_contain_text("of_somebody_else")
        expect(row).to_contain_text("admin")
        people.post(f"/api/training/session/{session}/cancel")
        page.clock.run_for(1000 * SECONDS)
        expect(row).to_contain_text("Cancelled")
        assert page.evaluate("window.isTheSamePage")
