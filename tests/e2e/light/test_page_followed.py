"""The page of what has ended follows what others do with it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from backend.database.connection import Database
from tests.e2e.browser import Visitor, home, visit
from tests.e2e.light.planting import plant_sessions
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECONDS = 12_000


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server) as found:
        found.sign_in()
        yield found


def test_a_session_that_has_ended_is_renamed_deleted_and_restored_elsewhere(
    visitor: Visitor, light_server: Server, people: Client
):
    key = people.workspace("Followed")
    database = Database(light_server.data_dir / "exotrain.db")
    with database.write() as connection:
        (session,) = plant_sessions(connection, key, 1)
    database.close()
    path = f"/api/training/session/{session}"
    page = visitor.page
    visitor.open(f"{home(people, key)}/sessions/{session}")
    heading = page.get_by_role("heading", level=1)
    heading.wait_for()
    page.evaluate("window.isTheSamePage = true")
    assert people.call("PATCH", path, json={"title": "The best one"}).status_code == 200
    expect(heading).to_contain_text("The best one", timeout=SECONDS)
    assert people.call("DELETE", path).status_code == 200
    gone = page.locator("[data-test=gone]")
    expect(gone).to_contain_text("This was deleted", timeout=SECONDS)
    (entry,) = people.get(f"/api/bin?workspace_key={key}")["entries"]
    people.post(f"/api/bin/{entry['id']}/restore", None)
    expect(heading).to_contain_text("The best one", timeout=SECONDS)
    expect(gone).to_have_count(0)
    visitor.is_expected("404")  # while it was deleted
    assert page.evaluate("window.isTheSamePage")
