"""The header with its notices, in French and on a phone; what is left after signing out."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import home, visit, workspace_id
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PHONE = {"viewport": {"width": 360, "height": 740}}

# As when the server no longer accepts the token.
EXPIRE = (
    """import("/static/lib/settings.js").then(({ settings }) => settings.set({ token: null }))"""
)

# Of a phone's height, what the header may take.
MOST_OF_A_PHONE = 0.08


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The administrator, to do what happens elsewhere."""
    return Client(page_server)


def user(people: Client, name: str) -> str:
    """The token of a new user."""
    return people.post("/api/tokens", 201, json={"user": name})["token"]


def test_notices_are_one_line_that_lies_over_nothing_and_change_the_language(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Notices")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/sessions")
        visitor.heading("Sessions")
        link = f"{home(people, key)}/sessions/7"
        page.evaluate(
            """async (link) => {
              const { notify } = await import("/static/lib/notices.js");
              const { t } = await import("/static/lib/i18n.js");
              notify(() => t("labels.nothingToUndo"), { stays: true });
              const said = { name: "seven", id: "7" };
              notify(() => t("watch.completed", said), { link, linkSays: () => t("watch.open") });
              notify(() => t("close"), { stays: true });
            }""",
            link,
        )
        notices = page.locator(".notice")
        expect(notices).to_have_count(1)
        page.get_by_role("button", name="2 more").click()
        expect(notices).to_have_count(3)
        assert covered(page) == []
        page.get_by_label("Language").select_option("fr")
        expect(notices.filter(has_text="Fermer")).to_have_count(1)
        page.evaluate("link => { location.hash = link }", link)
        page.get_by_role("button", name="1 autre").click()
        expect(notices).to_have_count(2)
        visitor.is_expected("status of 404")


def covered(page: Page) -> list[str]:
    """The controls of the page that something of the notices lies over."""
    return page.evaluate(
        """() => {
          const isCovered = (each) => {
            const { left, top, width, height } = each.getBoundingClientRect();
            const found = document.elementFromPoint(left + width / 2, top + height / 2);
            return found?.closest(".notices");
          };
          const controls = [...document.querySelectorAll("main :is(a, button, input, select)")];
          return controls.filter(isCovered).map((each) => each.textContent);
        }"""
    )


@pytest.mark.parametrize("width", [1024, 1200, 1366])
def test_every_page_is_in_the_french_header_and_nothing_in_it_scrolls(
    browser: Browser, page_server: Server, people: Client, width: int
):
    key = people.workspace("Un espace de travail au nom bien long")
    context: dict[str, Any] = {"viewport": {"width": width, "height": 768}, "locale": "fr-FR"}
    token = user(people, f"avec_un_nom_{width}")
    people.post(
        f"/api/workspaces/{key}/members",
        None,
        json={"user": f"avec_un_nom_{width}", "role": "editor"},
    )
    with visit(browser, page_server, **context) as visitor:
        visitor.open()
        visitor.page.get_by_label("Jeton").fill(token)
        visitor.page.get_by_role("button", name="Se connecter").click()
        visitor.open(f"{home(people, key)}/sessions")
        links = visitor.page.locator(".top nav a")
        expect(links).to_have_count(7)
        for link in links.all():
            assert is_whole(link)


def is_whole(element: Locator) -> bool:
    """Whether all of it is in the window and nothing clips it."""
    return element.evaluate(
        """(element) => {
          const { left, right, top, bottom } = element.getBoundingClientRect();
          const middle = (top + bottom) / 2;
          const seen = (x) => element.contains(document.elementFromPoint(x, middle));
          return left >= 0 && right <= innerWidth && seen(left + 3) && seen(right - 3);
        }"""
    )


def test_on_a_phone_the_header_is_one_line_and_its_menu_leads_to_every_page(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Phone")
    with visit(browser, page_server, **PHONE) as visitor:
        page = visitor.page
        visitor.open()
        page.get_by_label("Token").fill(user(people, "walker"))
        people.post(
            f"/api/workspaces/{key}/members", None, json={"user": "walker", "role": "editor"}
        )
        page.get_by_role("button", name="Sign in").click()
        visitor.open(f"#/w/{workspace_id(people, key)}/sessions")
        visitor.heading("Sessions")
        height = page.locator(".top").bounding_box()
        assert height is not None
        assert height["height"] <= MOST_OF_A_PHONE * PHONE["viewport"]["height"]
        menu = page.get_by_role("button", name="Menu")
        expect(menu).to_have_attribute("aria-expanded", "false")
        menu.click()
        page.get_by_role("link", name="Models").click()
        visitor.heading("Models")
        expect(menu).to_have_attribute("aria-expanded", "false")
        menu.click()
        page.get_by_role("button", name="Sign out").click()
        visitor.heading("Sign in")


def test_the_next_user_of_a_browser_finds_nothing_of_the_last_ones_candidate(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Both")
    tokens = [user(people, name) for name in ("first_user", "second_user")]
    for name in ("first_user", "second_user"):
        people.post(f"/api/workspaces/{key}/members", None, json={"user": name, "role": "editor"})
    predict = f"{home(people, key)}/predict"
    for is_signed_out in (True, False):
        with visit(browser, page_server) as visitor:
            page = visitor.page
            visitor.sign_in(tokens[0])
            visitor.open(f"{predict}?period=3.5&duration=3&depth=900&star=Mine")
            visitor.heading("Predict")
            if is_signed_out:
                page.get_by_role("button", name="Sign out").click()
            else:
                page.evaluate(EXPIRE)
            visitor.heading("Sign in")
            page.get_by_label("Token").fill(tokens[1])
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("button", name="Sign out").wait_for()
            assert "Mine" not in page.url
            assert page.evaluate("JSON.stringify({...sessionStorage})").count("Mine") == 0
