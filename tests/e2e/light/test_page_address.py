"""The address and the page that it names."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import visit
from tests.e2e.server import Server

pytestmark = [pytest.mark.e2e]

# The address changes just before somebody listens to its changes: `replaceState` tells nobody, as
# a change that is told while nobody listens.
CHANGED_BEFORE = """
    const listen = window.addEventListener;
    window.addEventListener = (kind, ...rest) => {
        if (kind === "hashchange" && window.next) history.replaceState(null, "", window.next);
        listen.call(window, kind, ...rest);
    };
"""


def test_an_address_that_changes_while_the_page_is_drawn_in_another_language_is_not_missed(
    browser: Browser, light_server: Server
):
    with visit(browser, light_server) as visitor:
        visitor.page.add_init_script(CHANGED_BEFORE)
        visitor.sign_in()
        visitor.heading("Workspaces")
        visitor.page.evaluate("window.next = '#/account'")
        visitor.page.get_by_label("Language").select_option("fr")
        visitor.heading("Compte")
