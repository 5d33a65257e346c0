"""The bin on the page: a deleted session comes back from its notice and from the bin, or is gone.

By keyboard alone; in French, in the dark and on a phone as well.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from backend.database.connection import Database
from tests.e2e.browser import Visitor, home, press, visit
from tests.e2e.light.planting import plant_sessions
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SCREEN = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}
LONG_NAME = "a_session_with_a_name_of_sixty_four_letters_and_not_one_space_x"


@pytest.fixture(scope="module")
def work(light_server: Server, people: Client) -> dict[str, Any]:
    """A workspace with sessions, the last of which has a long title."""
    key = people.workspace("Tidy")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        ids = plant_sessions(connection, key, 6)
    database.close()
    people.call("PATCH", f"/api/training/session/{ids[-1]}", 200, json={"title": LONG_NAME})
    return {"key": key, "home": home(people, key), "ids": ids}


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport=SCREEN) as found:
        found.sign_in()
        yield found


def delete(page: Page) -> None:
    """Delete the session of the open page with the keyboard."""
    press(page, page.get_by_role("button", name="Delete", exact=True))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It goes to the bin for 7 days.")
    press(page, dialog.get_by_role("button", name="Delete", exact=True))
    expect(dialog).to_have_count(0)


def entries(page: Page) -> Locator:
    return page.locator("[data-test=bin-entry]")


def test_a_session_is_deleted_undone_found_in_the_bin_restored_and_erased_by_keyboard(
    visitor: Visitor, people: Client, work: dict[str, Any]
):
    page, session = visitor.page, work["ids"][0]
    path = f"/api/training/session/{session}"
    visitor.open(f"{work['home']}/sessions/{session}")
    delete(page)
    notice = page.locator(".notice", has_text=f"Session {session} (net_1) deleted.")
    visitor.heading("Sessions")
    people.get(path, 404)
    press(page, notice.get_by_role("button", name="Undo"))
    expect(page.locator(".notice", has_text="net_1 is back.")).to_be_visible()
    row = page.locator(f"[data-test=session-{session}]")
    expect(row).to_be_visible()
    before = people.get(path)

    press(page, row.get_by_role("link", name="net_1"))
    delete(page)
    press(page, notice.get_by_role("link", name="Open the bin"))
    visitor.heading("Bin of Tidy")
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text("net_1")
    expect(entries(page)).to_contain_text(f"Session {session}")
    expect(entries(page)).to_contain_text("7 days")
    assert visitor.violations() == []
    press(page, page.get_by_role("button", name="Restore net_1"))
    expect(page.get_by_role("heading", name="The bin is empty")).to_be_visible()
    assert people.get(path) == before

    people.call("DELETE", path, 200)
    page.reload()
    press(page, page.get_by_role("button", name="Delete net_1 for good"))
    dialog = page.get_by_role("dialog", name="Delete net_1 for good?")
    press(page, dialog.get_by_role("button", name="Keep"))
    expect(dialog).to_have_count(0)
    assert len(people.get("/api/bin", params={"workspace_key": work["key"]})["entries"]) == 1
    press(page, page.get_by_role("button", name="Delete net_1 for good"))
    press(page, dialog.get_by_role("button", name="Delete for good"))
    expect(page.locator(".notice", has_text="net_1 was deleted for good.")).to_be_visible()
    expect(page.get_by_role("heading", name="The bin is empty")).to_be_visible()
    people.get(path, 404)


def test_a_page_that_misses_a_session_has_it_once_the_deletion_is_undone(
    visitor: Visitor, work: dict[str, Any]
):
    page, first, second = visitor.page, work["ids"][1], work["ids"][3]
    visitor.open(f"{work['home']}/sessions/{first}")
    delete(page)
    visitor.heading("Sessions")
    visitor.open(f"{work['home']}/compare?ids={first},{second}")
    compared = page.locator(".compared li")
    expect(compared.nth(1).get_by_role("link")).to_have_text("net_4")
    expect(compared.first.get_by_role("alert")).to_be_visible()
    press(page, page.locator(".notice").get_by_role("button", name="Undo"))
    expect(compared.first.get_by_role("link")).to_have_text("net_2")
    visitor.is_expected("status of 404")


def test_a_full_bin_is_in_french_in_the_dark_and_fits_a_phone(
    browser: Browser, light_server: Server, people: Client, work: dict[str, Any]
):
    for session in work["ids"][-2:]:
        people.call("DELETE", f"/api/training/session/{session}", 200)
    context: dict[str, Any] = {"viewport": PHONE, "color_scheme": "dark"}
    with visit(browser, light_server, **context) as visitor:
        page = visitor.page
        visitor.sign_in()
        page.get_by_role("button", name="Menu").click()
        page.get_by_label("Language").select_option("fr")
        visitor.open(f"{work['home']}/bin")
        visitor.heading("Corbeille de Tidy")
        expect(entries(page)).to_have_count(2)
        expect(entries(page).first).to_contain_text(LONG_NAME)
        expect(entries(page).first).to_contain_text("7 jours")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, dark.removeprefix("rgb(").removesuffix(")").split(","))) < 60
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert visitor.violations() == []
        for name in ("Restaurer", "Supprimer"):
            button = page.get_by_role("button", name=re.compile(f"^{name} {LONG_NAME}"))
            box = button.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= PHONE["width"]
        press(page, page.get_by_role("button", name=f"Restaurer {LONG_NAME}"))
        expect(page.locator(".notice", has_text=f"{LONG_NAME} est de retour.")).to_be_visible()
        expect(entries(page)).to_have_count(1)
