"""A real browser on a real server; whatever goes wrong in a page is recorded."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.e2e.server import TOKEN, Client, Server

NO_BROWSER = (
    "NO CHROMIUM: the pages were not tested; install it (on Debian: apt-get install chromium) or "
    "name one in EXOTRAIN_CHROMIUM"
)

_NAMES = ("chromium", "chromium-browser", "google-chrome")

# Without these the browser looks for servers of its maker at every start.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# A machine that trains on all its cores draws slowly; only a failure waits this long.
PATIENCE = 90_000

expect.set_options(timeout=PATIENCE)

TABS_TO_ANYTHING = 80

# The browser's word on a call that failed may come after what the page shows of it.
LATE_SECONDS = 5.0


def find_browser() -> str | None:
    """The path of a Chromium on this machine."""
    named = os.environ.get("EXOTRAIN_CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Starts the machine's Chromium, without a window."""
    return playwright.chromium.launch(executable_path=find_browser(), args=list(_QUIET))


class Visitor:
    """Someone in front of the page, in a browser profile of their own.

    The browser's errors and warnings are kept in `complaints`, as are requests to other servers.
    """

    def __init__(self, browser: Browser, server: Server, **context: Any) -> None:
        self.server = server
        self.complaints: list[str] = []
        self._expected: list[tuple[str, float]] = []
        self.context = browser.new_context(**{"locale": "en-GB", **context})
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._watch)

    def open(self, address: str = "#/") -> None:
        """Go to an address of the page, such as "#/workspaces"."""
        self.page.goto(f"{self.server.address}/{address}")

    def sign_in(self, token: str = TOKEN) -> None:
        """Sign in by hand."""
        self.open()
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        # The page of the workspace comes by itself, and would take the place of one opened before.
        self.page.wait_for_url(re.compile(r"#/(workspaces|w/)"))
        # In a narrow window it is behind the menu.
        self.page.locator("button", has_text="Sign out").wait_for(state="attached")

    def heading(self, text: str | re.Pattern[str]) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1, name=text)).to_be_visible()

    def violations(self) -> list[str]:
        """The accessibility violations that axe-core finds on the page."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {each['help']}: {node['target']}"
            for each in found
            for node in each["nodes"]
        ]

    def is_expected(self, pattern: str) -> None:
        """Forget the complaints that the test itself caused, also one that comes a little late."""
        self.complaints = [each for each in self.complaints if not re.search(pattern, each)]
        self._expected.append((pattern, time.monotonic() + LATE_SECONDS))

    def _hear(self, message: Any) -> None:
        said = f"{message.type}: {message.text}"
        late = [pattern for pattern, until in self._expected if time.monotonic() < until]
        if message.type in ("error", "warning") and not any(re.search(each, said) for each in late):
            self.complaints.append(said)

    def _watch(self, request: Any) -> None:
        address = urlsplit(request.url)
        own = urlsplit(self.server.address)
        if address.scheme in ("http", "https") and address.netloc != own.netloc:
            self.complaints.append(f"a request to {request.url}")


@contextmanager
def visit(browser: Browser, server: Server, **context: Any) -> Iterator[Visitor]:
    """A visit that must end without a complaint."""
    visitor = Visitor(browser, server, **context)
    try:
        yield visitor
        assert visitor.complaints == [], visitor.complaints
    finally:
        visitor.context.close()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is there, and see that it shows."""
    target.wait_for(state="attached")
    for _ in range(TABS_TO_ANYTHING):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not lead to {target}")


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def settle(page: Page) -> None:
    """Wait until the page has what it loads."""
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator(".loading")).to_have_count(0)


def workspace_id(client: Client, key: str) -> int:
    """The number of a workspace in the page's addresses."""
    found = client.get("/api/workspaces")["workspaces"]
    return next(each["id"] for each in found if each["key"] == key)


def home(client: Client, key: str) -> str:
    """The address of a workspace, before its pages."""
    return f"#/w/{workspace_id(client, key)}"


def pick(form: Locator, label: str, option: str) -> None:
    """Choose in a list the option with a text."""
    field = form.get_by_label(label, exact=True)
    field.select_option(field.locator("option").filter(has_text=option).get_attribute("value"))
