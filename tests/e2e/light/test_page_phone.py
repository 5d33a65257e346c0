"""The page on a phone: a low header, the result first, names of 64 letters; plots on any window."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.api import catalogue
from tests.e2e.browser import Visitor, home, settle, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PHONE: ViewportSize = {"width": 400, "height": 800}
SCREEN: ViewportSize = {"width": 1366, "height": 768}

CANDIDATE = "period=3.5&duration=3&depth=8000"

# Of a phone's height, what the header may take; of its card's width, what a plot takes at least.
MOST_OF_A_PHONE = 0.1
MOST_OF_A_CARD = 0.9

# Of each plot of the page, how much of the width that its card has for it.
SHARES = """() => [...document.querySelectorAll("main canvas")].map((canvas) => {
  const card = canvas.closest(".card");
  const { paddingLeft, paddingRight } = getComputedStyle(card);
  const room = card.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return canvas.getBoundingClientRect().width / room;
})"""

# What a name of 64 letters reaches beyond: something beside it, or the window.
TOO_WIDE = """() => [...document.querySelectorAll("main *")].filter((each) => {
  const { right, width } = each.getBoundingClientRect();
  return width > 0 && right > innerWidth + 1 && !each.closest(".table-scroll, pre");
}).map((each) => each.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def work(people: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A workspace in which everything has a name of 64 letters."""
    key = people.workspace("w" * 64)
    path = tmp_path_factory.mktemp("tables") / f"{'d' * 60}.csv"
    path.write_text(catalogue(90))
    dataset = people.upload(key, path)["id"]
    sessions = [
        people.complete(key, dataset, epochs=3, seed=seed, model_name=letter * 64)
        for seed, letter in enumerate("mk")
    ]
    analysis = {
        **{"workspace_key": key, "title": "a" * 64, "note": "n" * 64},
        "candidates": [{"period": 3.5, "duration": 3.0, "depth": 8000.0, "star": "s" * 64}],
        "predictions": [{"error": "not predicted"}],
    }
    people.post("/api/analyses", 201, json=analysis)
    return {
        "home": home(people, key),
        "dataset": dataset,
        "sessions": [each["id"] for each in sessions],
        "model": sessions[0]["model_id"],
    }


@pytest.fixture
def phone(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server, viewport=PHONE) as found:
        found.sign_in()
        yield found


def top_of(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]


def test_the_header_is_low_and_a_result_comes_before_the_form(phone: Visitor, work: dict[str, Any]):
    page = phone.page
    phone.open(f"{work['home']}/predict")
    form = "section.predict-left"
    expect(page.locator(form)).to_be_visible()
    header = page.locator(".top").bounding_box()
    assert header is not None
    assert header["height"] <= MOST_OF_A_PHONE * PHONE["height"]
    assert top_of(page, form) < PHONE["height"] / 2

    page.get_by_label("Period").first.fill("3.5")
    page.get_by_label("Duration").first.fill("3")
    page.get_by_label("Depth").first.fill("8000")
    page.locator("[data-test=predict]").click()
    verdict = page.locator("[data-test=verdict]")
    expect(verdict).to_be_in_viewport()
    assert top_of(page, "[data-test=verdict]") < top_of(page, form)
    page.set_viewport_size(SCREEN)
    expect(verdict).to_be_visible()
    page.wait_for_function("() => matchMedia('(min-width: 62rem)').matches")
    left, right = (page.locator(each).bounding_box() for each in (form, "[data-test=prediction]"))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]


def test_names_of_sixty_four_letters_fit_a_phone_in_lists_and_in_compare(
    phone: Visitor, work: dict[str, Any]
):
    page = phone.page
    first, second = work["sessions"]
    pages = ["datasets", f"datasets/{work['dataset']}", "sessions", f"sessions/{first}"]
    pages += ["models", f"models/{work['model']}", "train", "studies/new", "analyses"]
    pages += [f"compare?ids={first},{second}", f"predict?{CANDIDATE}", "bin"]
    for each in ("#/workspaces", *(f"{work['home']}/{each}" for each in pages)):
        phone.open(each)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], each
        assert page.evaluate(TOO_WIDE) == [], each
    phone.is_expected("status of 404")  # the light trainer evaluates nothing


def test_a_plot_fills_its_card(browser: Browser, light_server: Server, work: dict[str, Any]):
    pages = {f"sessions/{work['sessions'][0]}": 6, f"datasets/{work['dataset']}?tab=rows": 1}
    pages |= {f"predict?{CANDIDATE}": 1}
    for size in (SCREEN, PHONE):
        with visit(browser, light_server, viewport=size) as visitor:
            page = visitor.page
            visitor.sign_in()
            for each, count in pages.items():
                visitor.open(f"{work['home']}/{each}")
                expect(page.locator("main canvas")).to_have_count(count)
                enough = f"() => ({SHARES})().every((share) => share >= {MOST_OF_A_CARD})"
                page.wait_for_function(enough)
                assert max(page.evaluate(SHARES)) <= 1


def test_sessions_are_compared_under_the_titles_that_they_were_given(
    phone: Visitor, people: Client, work: dict[str, Any]
):
    page = phone.page
    for number, session in enumerate(work["sessions"]):
        path = f"/api/training/session/{session}"
        people.call("PATCH", path, 200, json={"title": f"Attempt {number}"})
    ids = ",".join(map(str, work["sessions"]))
    phone.open(f"{work['home']}/compare?ids={ids}")
    for number in range(2):
        expect(page.get_by_role("link", name=f"Attempt {number}").first).to_be_visible()
    expect(page.get_by_role("region", name="Metrics")).to_contain_text("Attempt 1")
    expect(page.locator("main canvas")).to_be_visible()
    phone.is_expected("status of 404")
