"""Two people who vote on the labels of one table, each in a browser of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.browser import Visitor, home, press, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# On the page's clock; an idle page asks every five seconds.
SECONDS = 6

Pair = tuple[Visitor, Visitor]


@pytest.fixture(scope="module")
def anna(people: Client) -> str:
    """The token of a user who owns nothing."""
    return people.post("/api/tokens", 201, json={"user": "anna"})["token"]


@pytest.fixture
def table(people: Client, anna: str, tmp_path: Path) -> dict[str, Any]:
    """A dataset in a workspace of which anna is an editor: its labels, and its page."""
    lines = ["name,star,period,duration,depth,label"]
    lines += [f"candidate-{i},star-{i},{3 + 0.71 * i:.2f},2.5,{500 + i},{i % 3}" for i in range(9)]
    path = tmp_path / "voted.csv"
    path.write_text("\n".join(lines) + "\n")
    key = people.workspace("Votes")
    people.post(f"/api/workspaces/{key}/members", 201, json={"user": "anna", "role": "editor"})
    dataset = people.upload(key, path)["id"]
    return {
        "labels": f"/api/training/dataset/{dataset}/labels",
        "page": f"{home(people, key)}/datasets/{dataset}",
    }


@pytest.fixture
def pair(
    browser: Browser, light_server: Server, anna: str, table: dict[str, Any]
) -> Iterator[Pair]:
    """The owner and anna, before the same row."""
    with visit(browser, light_server) as owner, visit(browser, light_server) as editor:
        owner.sign_in()
        editor.sign_in(anna)
        for each in (owner, editor):
            each.page.clock.install()
            each.open(f"{table['page']}?tab=rows&row=1")
            expect(votes(each)).to_contain_text("No votes on this row yet")
        yield owner, editor


def votes(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-test=row-votes]")


def begin_vote(page: Page, key: str, reason: str) -> None:
    """Open the form with a key and write the reason, without saving it."""
    page.get_by_role("region", name="Table of the rows").focus()
    page.keyboard.press(key)
    expect(page.locator("[data-test=label-form]").get_by_label("Reason")).to_be_focused()
    page.keyboard.type(reason)


def vote(page: Page, key: str, reason: str) -> None:
    begin_vote(page, key, reason)
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=label-form]")).to_have_count(0)


def sees(visitor: Visitor, *texts: str) -> None:
    """Wait for what another one did, for as long as an idle page may take."""
    visitor.page.clock.run_for(1000 * SECONDS)
    for text in texts:
        expect(votes(visitor)).to_contain_text(text)


def test_a_vote_of_an_editor_is_a_proposal_and_that_of_the_owner_decides(pair: Pair):
    owner, editor = pair
    vote(editor.page, "2", "an eclipse")
    expect(votes(editor)).to_contain_text("Confirmed: as in the file.")
    sees(owner, "anna", "an eclipse", "Confirmed: as in the file.")

    vote(owner.page, "0", "too shallow to say")
    decided = "Candidate: decided by the owner. In the file: Confirmed."
    expect(votes(owner)).to_contain_text(decided)
    sees(editor, "admin", "too shallow to say", decided)
    expect(editor.page.locator("tr[data-position='1']")).to_contain_text("2 votes")

    owner.page.keyboard.press("u")
    expect(votes(owner)).to_contain_text("Confirmed: as in the file.")
    sees(editor, "withdrawn", "Confirmed: as in the file.")
    expect(votes(editor).locator("li.over")).to_contain_text("too shallow to say")
    expect(votes(editor).locator("li:not(.over)")).to_contain_text("an eclipse")


def test_a_majority_decides_once_the_owner_has_changed_the_rule(pair: Pair, table: dict[str, Any]):
    owner, editor = pair
    vote(editor.page, "2", "an eclipse")
    owner.open(f"{table['page']}?tab=labels")
    press(owner.page, owner.page.get_by_role("button", name="Change the rule"))
    dialog = owner.page.get_by_role("dialog", name="Let the majority decide?")
    press(owner.page, dialog.get_by_role("button", name="Change the rule"))
    expect(owner.page.locator("[data-test=labels-now]")).to_contain_text("1 row differs")
    sees(editor, "False positive: decided by majority. In the file: Confirmed.")
    editor.open(f"{table['page']}?tab=labels")
    expect(editor.page.get_by_text("a label changes if more than half")).to_be_visible()
    expect(editor.page.get_by_role("button", name="Change the rule")).to_have_count(0)
    editor.open(f"{table['page']}?tab=rows&row=1")
    expect(votes(editor)).to_contain_text("an eclipse")

    owner.open(f"{table['page']}?tab=rows&row=1")
    expect(votes(owner)).to_contain_text("False positive: decided by majority.")
    vote(owner.page, "0", "one against one")
    expect(votes(owner)).to_contain_text("Confirmed: as in the file.")
    sees(editor, "one against one", "Confirmed: as in the file.")
    editor.page.get_by_role("region", name="Table of the rows").focus()
    editor.page.keyboard.press("u")
    expect(votes(editor)).to_contain_text("Candidate: decided by majority.")
    sees(owner, "withdrawn", "Candidate: decided by majority.")


def test_no_vote_is_lost_when_both_are_sent_at_once(
    pair: Pair, table: dict[str, Any], people: Client
):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if route.request.method == "PUT" else route.continue_()

    for each, key, reason in zip(pair, "02", ("seen by one", "seen by the other"), strict=True):
        each.page.route("**/labels", hold)
        begin_vote(each.page, key, reason)
        with each.page.expect_request(lambda request: request.method == "PUT"):
            each.page.keyboard.press("Enter")
    assert len(held) == 2
    for route in held:
        route.continue_()
    for each in pair:
        expect(each.page.locator("[data-test=label-form]")).to_have_count(0)
        sees(each, "seen by one", "seen by the other", "Candidate: decided by the owner.")
    (said,) = people.get(table["labels"], params={"row": 1})["rows"]
    given = {each["user"]: (each["label"], each["reason"]) for each in said["votes"]}
    assert given == {
        "admin": ("CANDIDATE", "seen by one"),
        "anna": ("FALSE POSITIVE", "seen by the other"),
    }
    assert all(each["ended_at"] is None for each in said["votes"])
