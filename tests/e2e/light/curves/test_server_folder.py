"""The server's folder on the page: its state, who reads it, a set of a dataset's stars."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import home, press, visit
from tests.e2e.light.curves.tables import STARS, curve_of, write_rows
from tests.e2e.server import Client, Server
from tests.soak.hooks import environment

pytestmark = [pytest.mark.e2e]

FOLDER = "[data-test=server-folder]"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    for star in (*STARS, 77):
        (folder / f"KIC {star}.csv").write_text(curve_of(star))
    (folder / "readme.txt").write_text("Hello")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Iterator[Server]:
    folder, lines = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("journal")
    settings = environment("watched_jobs", TRAINER="light", JOURNAL=lines)
    found = Server(folder, **settings, EXOTRAIN_LIGHT_CURVES_DIR=str(mirror))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def owner(server: Server) -> Client:
    return Client(server)


def is_ready(page: Page) -> None:
    expect(page.locator(f"{FOLDER}[data-state=ready]")).to_be_visible(timeout=30_000)


def test_a_set_is_made_of_the_stars_of_a_dataset(
    browser: Browser, server: Server, owner: Client, mirror: Path, tmp_path: Path
):
    key = owner.workspace("Mirror")
    owner.upload(key, write_rows(tmp_path))
    with visit(browser, server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(owner, key)}/light-curves")
        is_ready(page)
        folder = page.locator(FOLDER)
        expect(folder).to_contain_text("Everyone with an account on it can read them")
        expect(folder.locator("[data-test=folder-contents]")).to_contain_text("3 files of 3 stars")
        folder.locator("summary").click()
        expect(folder.locator("[data-test=folder-unused]")).to_contain_text("readme.txt")
        assert visitor.violations() == []

        make = folder.get_by_role("button", name="Make a curve set")
        expect(make).to_be_disabled()
        folder.get_by_label("Stars").select_option(label="rows.csv")
        press(page, make)
        visitor.heading("rows.csv")
        expect(page.locator("[data-test=curve-import][data-status=completed]")).to_be_visible()
        expect(page.locator("[data-test=curve-stars] dd")).to_have_text("2")
        expect(page.locator("[data-test=import-taken] dd")).to_have_text("2")

        (mirror / "KIC 78.csv").write_text(curve_of(78))
        visitor.open(f"{home(owner, key)}/light-curves")
        press(page, folder.get_by_role("button", name="Index it again"))
        expect(folder.locator("[data-test=folder-contents]")).to_contain_text("4 stars")

        # Into the set that is there already: only the new files are read.
        page.locator("main").get_by_role("link", name="rows.csv").click()
        more = page.locator("[data-test=add-of-folder]")
        more.get_by_label("Stars").select_option(label="All stars of the folder")
        assert visitor.violations() == []
        press(page, more.get_by_role("button", name="Add the files"))
        expect(page.locator("[data-test=curve-stars] dd")).to_have_text("4")
        expect(page.locator("[data-test=curve-versions] dd")).to_have_text("2")


def test_a_viewer_sees_it_in_french_and_makes_nothing(
    browser: Browser, server: Server, owner: Client
):
    key = owner.workspace("Seen")
    token = owner.post("/api/tokens", 201, json={"user": "viewer"})["token"]
    owner.post(f"/api/workspaces/{key}/members", None, json={"user": "viewer", "role": "viewer"})
    with visit(browser, server) as visitor:
        visitor.sign_in(token)
        visitor.open(f"{home(owner, key)}/light-curves")
        is_ready(visitor.page)
        visitor.page.get_by_label("Language").select_option("fr")
        folder = visitor.page.locator(FOLDER)
        expect(folder).to_contain_text("Toute personne qui y a un compte peut les lire")
        expect(folder.locator("[data-test=folder-contents]")).to_contain_text("étoiles, indexés le")
        expect(folder.get_by_role("button")).to_have_count(0)
        assert visitor.violations() == []
