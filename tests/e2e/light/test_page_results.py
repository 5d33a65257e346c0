"""The table of saved results: how a click sorts, and a dialog that goes through the rows."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import home, press, tab_to, visit
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Of each star, the probability of a planet.
STARS = {"Vega": 0.3, "Deneb": 0.8, "Altair": 0.1}


@pytest.fixture(scope="module")
def address(people: Client) -> str:
    """The page of an analysis."""
    key = people.workspace("Results")
    candidate = {"period": 3.5, "duration": 3.0, "depth": 8000.0}
    body: dict[str, Any] = {
        **{"workspace_key": key, "title": "Three stars", "note": ""},
        "candidates": [{**candidate, "star": star} for star in STARS],
        "predictions": [prediction(share) for share in STARS.values()],
    }
    analysis = people.post("/api/analyses", 201, json=body)["analysis"]["id"]
    return f"{home(people, key)}/analyses/{analysis}"


def prediction(planet: float) -> dict[str, Any]:
    shares = {"CANDIDATE": 0.1, "CONFIRMED": planet, "FALSE POSITIVE": 0.9 - planet}
    label = max(shares, key=lambda name: shares[name])
    return {
        **{"label": list(shares).index(label), "label_name": label, "probabilities": shares},
        **{"period": 3.5, "depth_ppm": 8000.0, "uncertain": None},
    }


def order(page: Page) -> Locator:
    return page.locator("[data-test=results] tbody th")


def test_the_first_click_on_a_probability_shows_the_highest_and_on_a_name_the_first(
    browser: Browser, light_server: Server, address: str
):
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(address)
        expect(order(page)).to_have_text(list(STARS))
        head = page.get_by_role("columnheader", name=re.compile(r"^P\(Confirmed\)"))
        tab_to(page, head.get_by_role("button"))
        for direction, stars in (
            ("descending", ["Deneb", "Vega", "Altair"]),
            ("ascending", ["Altair", "Vega", "Deneb"]),
            (None, list(STARS)),
        ):
            page.keyboard.press("Enter")
            expect(order(page)).to_have_text(stars)
            if direction:
                expect(head).to_have_attribute("aria-sort", direction)
        period = page.get_by_role("columnheader", name=re.compile("^Period"))
        period.get_by_role("button").click()
        expect(period).to_have_attribute("aria-sort", "ascending")


def test_arrow_keys_go_through_the_rows_from_wherever_the_focus_is_but_in_a_plot(
    browser: Browser, light_server: Server, address: str
):
    with visit(browser, light_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(address)
        press(page, order(page).first.locator("button, a"))
        dialog = page.get_by_role("dialog")
        title = dialog.get_by_role("heading", level=2).first
        expect(title).to_have_text("Vega")
        page.keyboard.press("ArrowRight")
        expect(title).to_have_text("Deneb")
        whole = dialog.get_by_role("button", name="Whole orbit")
        tab_to(page, whole)
        page.keyboard.press("Enter")
        expect(whole).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("ArrowRight")
        expect(title).to_have_text("Altair")
        page.keyboard.press("ArrowRight")
        expect(title).to_have_text("Altair")
        page.keyboard.press("ArrowLeft")
        expect(title).to_have_text("Deneb")
        tab_to(page, dialog.locator(".plot").first)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(title).to_have_text("Deneb")
        assert visitor.violations() == []
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(order(page).locator("button, a").first).to_be_focused()
