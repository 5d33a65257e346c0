"""What happens elsewhere appears on an idle page."""

import pytest
from playwright.sync_api import Browser, expect

from backend.config import REPOSITORY
from tests.e2e.browser import home, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECONDS = 12_000


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The administrator, to do what happens elsewhere."""
    return Client(page_server)


def user(people: Client, name: str) -> str:
    """The token of a new user."""
    return people.post("/api/tokens", 201, json={"user": name})["token"]


def test_a_dataset_uploaded_elsewhere_appears_while_somebody_types(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Idle")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/datasets")
        name = page.get_by_label("Name (optional)")
        name.fill("half a na")
        name.evaluate("element => element.setSelectionRange(2, 4)")
        people.upload(key, REPOSITORY / "example_dataset.csv")
        expect(page.locator("[data-test=dataset]")).to_be_visible(timeout=SECONDS)
        expect(name).to_be_focused()
        expect(name).to_have_value("half a na")
        assert name.evaluate("element => [element.selectionStart, element.selectionEnd]") == [2, 4]


def test_a_workspace_that_is_shared_meanwhile_opens_without_a_reload(
    browser: Browser, page_server: Server, people: Client
):
    token = user(people, "guest")
    key = people.workspace("Shared later")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        visitor.open(f"{home(people, key)}/sessions")
        visitor.heading("Page not found")
        page.evaluate("window.isTheSamePage = true")
        body = {"user": "guest", "role": "viewer"}
        people.post(f"/api/workspaces/{key}/members", None, json=body)
        visitor.heading("Sessions")
        assert page.evaluate("window.isTheSamePage")
