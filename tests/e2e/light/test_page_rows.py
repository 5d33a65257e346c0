"""The rows of a dataset and the address that names the chosen one."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import home, visit
from tests.e2e.server import Client, Server, wait_for

pytestmark = [pytest.mark.e2e]

ROWS = 70

# Rows of one star are each other's only siblings: on one page of the list, and on two.
STARS = {1: "near", 2: "near", 3: "far", 60: "far"}

# The chosen row is not yet in the address while a test goes on, however slow the machine is.
NEVER_WRITTEN = """
    const wait = setTimeout;
    window.setTimeout = (call, after, ...rest) => wait(call, after === 250 ? 1e8 : after, ...rest);
    window.changes = [];
    addEventListener("hashchange", ({ newURL }) => changes.push(newURL.split("row=")[1]));
"""


@pytest.fixture(scope="module")
def rows(people: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The address of a table's rows, and its lines; its relations are known already."""
    lines = ["name,star,period,duration,depth,label"]
    for i in range(ROWS):
        star = STARS.get(i, f"star-{i}")
        lines.append(f"candidate-{i},{star},{3 + 0.71 * i:.2f},2.5,{500 + i},{i % 3}")
    path = tmp_path_factory.mktemp("tables") / "named.csv"
    path.write_text("\n".join(lines) + "\n")
    key = people.workspace("Rows")
    dataset = people.upload(key, path)["id"]
    wait_for(
        lambda: people.get(f"/api/training/dataset/{dataset}/rows")["relations_state"],
        lambda state: state == "found",
    )
    return {"address": f"{home(people, key)}/datasets/{dataset}?tab=rows"}


def shows(page: Page, row: int) -> None:
    """Wait for a row with its relations: its star has one other candidate, or none."""
    expect(page.locator("[data-test=row-head]")).to_contain_text(f"candidate-{row}")
    other = next((i for i, star in STARS.items() if i != row and star == STARS.get(row)), None)
    said = "no other candidate" if other is None else f"one other candidate, candidate-{other}"
    expect(page.locator("[data-test=relations]")).to_contain_text(said)


def follow(page: Page, row: int) -> None:
    """Press the link to another row in the sentences about the chosen one."""
    relations = page.locator("[data-test=relations]")
    relations.get_by_role("link", name=f"candidate-{row}").click()


def choose(page: Page, row: int) -> None:
    page.get_by_role("button", name=re.compile(f"^Line {row + 2}:")).click()


@pytest.mark.parametrize(("begin", "chosen", "linked"), [(1, 2, 1), (0, 3, 60), (5, 2, 1)])
def test_a_link_leads_to_its_row_also_before_the_chosen_one_is_in_the_address(
    browser: Browser,
    light_server: Server,
    rows: dict[str, Any],
    begin: int,
    chosen: int,
    linked: int,
):
    with visit(browser, light_server) as visitor:
        page = visitor.page
        page.add_init_script(NEVER_WRITTEN)
        visitor.sign_in()
        visitor.open(f"{rows['address']}&row={begin}")
        shows(page, begin)
        choose(page, chosen)
        shows(page, chosen)
        expect(page).to_have_url(re.compile(f"row={begin}$"))
        follow(page, linked)
        shows(page, linked)
        expect(page).to_have_url(re.compile(f"row={linked}$"))
        page.go_back()
        shows(page, chosen)
        expect(page).to_have_url(re.compile(f"row={chosen}$"))
        page.go_forward()
        shows(page, linked)
        follow(page, chosen)
        shows(page, chosen)
        follow(page, linked)
        shows(page, linked)


def test_a_key_that_is_held_does_not_write_every_row(
    browser: Browser, light_server: Server, rows: dict[str, Any]
):
    with visit(browser, light_server) as visitor:
        page = visitor.page
        page.add_init_script(NEVER_WRITTEN)
        visitor.sign_in()
        visitor.open(f"{rows['address']}&row=20")
        shows(page, 20)
        page.evaluate("changes.length = 0")
        page.get_by_role("button", name="Next →").focus()
        for _ in range(18):
            page.keyboard.press("ArrowLeft")
        shows(page, 2)
        assert page.evaluate("changes") == []
        follow(page, 1)
        shows(page, 1)
        assert page.evaluate("changes") == ["2", "1"]


def test_the_chosen_row_is_in_the_address_a_moment_later_and_back_leaves_the_page(
    browser: Browser, light_server: Server, rows: dict[str, Any]
):
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{rows['address']}&row=1")
        shows(page, 1)
        choose(page, 2)
        expect(page).to_have_url(re.compile("row=2$"))
        choose(page, 3)
        expect(page).to_have_url(re.compile("row=3$"))
        follow(page, 60)
        shows(page, 60)
        page.go_back()
        shows(page, 3)
        page.go_back()
        expect(page).not_to_have_url(re.compile("tab=rows"))
