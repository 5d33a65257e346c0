"""Who may do what on the page: sign-in, roles, tokens, the audit log, quotas, a busy server."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.browser import home, press, settle, tab_to, visit
from tests.e2e.server import TOKEN, Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

# Long enough to be followed; it ends with the server.
LONG = {"epochs": 500, "patience": 500, "batch_size": 32, "seed": 3}

# What the buttons and links that change something are called.
CHANGING = re.compile(
    "^(Train|Start training|New training session|Train a model|Delete|Delete .*|Promote|Roll back.*"
    "|Retry|Stop|Cancel|Edit|Edit .*|Save.*|Choose files|Use the example dataset)$"
)

# Two polls would come in this time.
QUIET_MILLISECONDS = 4_500


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The administrator, to prepare and to check."""
    return Client(page_server)


@pytest.fixture(scope="module")
def shared(people: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A workspace of the administrator's with something of everything."""
    key = people.workspace("Shared")
    dataset = people.upload(key, small_catalogue(tmp_path_factory.mktemp("catalogue")))["id"]
    older = people.complete(key, dataset, epochs=1, seed=1, model_name="older")
    newer = people.complete(key, dataset, epochs=1, seed=2, model_name="newer")
    analysis = {
        "workspace_key": key,
        "title": "Of Tuesday",
        "note": "Ask for a spectrum.",
        "candidates": [{"period": 3.5, "duration": 3.0, "depth": 8000.0}],
        "predictions": [{"error": "not predicted"}],
    }
    return {
        "key": key,
        "home": home(people, key),
        "dataset": dataset,
        "session": newer["id"],
        "model": older["model_id"],
        "analysis": people.post("/api/analyses", 201, json=analysis)["analysis"]["id"],
    }


def test_a_revoked_token_ends_all_polling_and_the_page_says_why(
    browser: Browser, page_server: Server, people: Client, tmp_path: Path
):
    token = new_token(people, "revoked")
    client = Client(page_server, token)
    key = client.workspace("Followed")
    dataset = client.upload(key, small_catalogue(tmp_path))
    session = client.train(key, dataset["id"], **LONG)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        visitor.open(f"{home(client, key)}/sessions/{session}")
        page.get_by_role("heading", name="Learning curves").wait_for()
        with page.expect_response(lambda answer: f"/session/{session}?" in answer.url):
            pass
        people.call("DELETE", f"/api/tokens/{token_id(people, 'revoked')}", 200)
        visitor.heading("Sign in")
        expect(page.get_by_role("alert")).to_contain_text("no longer accepts your token")
        asked = requests_of(page)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        assert asked == []

        page.get_by_label("Token").fill(new_token(people, "revoked"))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Learning curves").wait_for()
        expect(page.get_by_text("no longer accepts your token")).to_have_count(0)
        visitor.is_expected("status of 401")
    people.call("DELETE", f"/api/tokens/{token_id(people, 'revoked')}", 200)


@pytest.mark.long
def test_the_page_leaves_a_server_alone_for_as_long_as_it_asks_and_then_goes_on_by_itself(
    browser: Browser, start_server: Callable[..., Server]
):
    server = start_server(EXOTRAIN_WRONG_TOKENS="2")
    administrator = Client(server)
    token = new_token(administrator, "limited")
    with visit(browser, server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        visitor.open("#/account")
        visitor.heading("Account")
        # The limit is reached first: the page asks now and then by itself, and is to meet the limit
        # alone, never a 401 before it.
        for _ in range(3):
            answer = guess(server)
        assert answer.status_code == 429
        wait = int(answer.headers["Retry-After"])
        assert wait > QUIET_MILLISECONDS / 1000
        administrator.call("DELETE", f"/api/tokens/{token_id(administrator, 'limited')}", 200)

        visitor.open("#/workspaces")
        visitor.open("#/account")
        banner = page.locator(".banner")
        expect(banner).to_contain_text("The server is busy.")
        expect(banner).to_contain_text(re.compile(r"Trying again in \d+ seconds?\."))
        asked = requests_of(page)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        assert asked == []
        # The minute of the limit passes, and what waited is asked again: the token is refused.
        visitor.heading("Sign in")
        expect(banner).to_have_count(0)
        assert len(asked) > 0
        visitor.is_expected("status of 4(01|29)")


def test_a_wrong_token_is_told_how_long_to_wait_and_the_right_one_is_accepted_at_once(
    browser: Browser, start_server: Callable[..., Server]
):
    server = start_server(EXOTRAIN_WRONG_TOKENS="2")
    with visit(browser, server) as visitor:
        page = visitor.page
        visitor.open()
        try_token(page, "wrong")
        expect(page.get_by_text("The server does not recognise this token.")).to_be_visible()
        for _ in range(2):
            guess(server)
        try_token(page, "also wrong")
        expect(
            page.get_by_text(re.compile(r"Wait \d+ seconds before the next try"))
        ).to_be_visible()
        asked = requests_of(page)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        assert asked == []
        try_token(page, TOKEN)
        visitor.heading("Workspaces")
        visitor.is_expected("status of 4(01|29)")


def test_an_upload_to_a_locked_database_waits_and_ends_by_itself(
    browser: Browser, page_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Locked")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/datasets")
        with write_lock(page_server):
            page.locator("input[type=file]").set_input_files(small_catalogue(tmp_path))
            item = page.locator("[data-test=upload]")
            expect(item).to_contain_text("Retrying automatically (attempt 1 of 3)")
        page.locator("[data-test=upload][data-stage=done]").wait_for()
        visitor.is_expected("status of 503")
    (dataset,) = people.get("/api/training/datasets", params={"workspace_key": key})["datasets"]
    assert dataset["num_samples"] > 0


def test_what_is_refused_for_a_locked_database_says_when_to_try_again(
    browser: Browser, page_server: Server
):
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open("#/workspaces")
        page.get_by_label("Name").fill("Once it is free")
        with write_lock(page_server):
            page.get_by_role("button", name="Create workspace").click()
            expect(page.locator(".field-error")).to_contain_text(re.compile(r"Try again in \d+ s"))
        page.get_by_role("button", name="Create workspace").click()
        visitor.heading("Datasets")
        visitor.is_expected("status of 503")


def test_a_viewer_sees_everything_and_predicts_and_finds_nothing_that_changes_anything(
    browser: Browser, page_server: Server, people: Client, shared: dict[str, Any]
):
    token = new_token(people, "viewer")
    give_role(people, shared["key"], "viewer", "viewer")
    pages = [
        "datasets",
        f"datasets/{shared['dataset']}",
        "light-curves",
        "train",
        "sessions",
        f"sessions/{shared['session']}",
        f"sessions/{shared['session']}/evaluation",
        "models",
        f"models/{shared['model']}",
        "predict",
        "predict/batch",
        "analyses",
        f"analyses/{shared['analysis']}",
    ]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        for address in pages:
            visitor.open(f"{shared['home']}/{address}")
            settle(page)
            assert changing(page) == [], address
            expect(page.locator("[data-test=drop-zone], [data-test=curves-drop]")).to_have_count(0)
            expect(page.locator(".workspace-choice .badge")).to_have_text("Viewer")
        for address in ("datasets", "train"):
            visitor.open(f"{shared['home']}/{address}")
            expect(page.locator("[data-test=looking-only]")).to_contain_text("ask admin")
        visitor.open(f"{shared['home']}/predict")
        page.get_by_role("button", name="Hot Jupiter").click()
        expect(page.locator("[data-test=verdict]")).to_be_visible()
        assert changing(page) == []

        # The same pages have them for an editor.
        give_role(people, shared["key"], "viewer", "editor")
        page.reload()
        expect(page.get_by_role("button", name="Save as an analysis")).to_be_visible()
        for address in pages[:6]:
            visitor.open(f"{shared['home']}/{address}")
            settle(page)
            wait_for(lambda: changing(page), bool)


def test_a_read_only_token_changes_nothing_in_a_workspace_of_ones_own(
    browser: Browser, page_server: Server, people: Client
):
    owner = Client(page_server, new_token(people, "careful"))
    key = owner.workspace("Mine")
    token = owner.post("/api/tokens", 201, json={"name": "screen", "read_only": True})["token"]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        expect(page.locator(".account-link .badge")).to_have_text("Read-only")
        visitor.open("#/workspaces")
        expect(page.get_by_role("heading", name="Mine")).to_be_visible()
        expect(page.get_by_text("signed in with a read-only token")).to_be_visible()
        for name in ("Create workspace", "Delete", "Leave"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        visitor.open(f"{home(owner, key)}/datasets")
        expect(page.locator("[data-test=looking-only]")).to_contain_text("read-only token")
        visitor.open("#/account")
        expect(page.locator("[data-test=tokens]")).to_contain_text("screen")
        for name in ("Create token", "Revoke"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_a_member_is_added_with_a_role_gets_another_one_and_leaves(
    browser: Browser, page_server: Server, people: Client
):
    token = new_token(people, "colleague")
    key = people.workspace("For two")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open("#/workspaces")
        card = page.locator("article").filter(has_text="For two")
        expect(card.locator(".badge")).to_have_text("Owner")
        press(page, card.get_by_role("button", name="Members"))
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("User to add").fill("nobody_of_that_name")
        page.keyboard.press("Enter")
        expect(dialog.locator(".field-error")).to_contain_text("nobody_of_that_name")
        dialog.get_by_label("User to add").fill("colleague")
        dialog.get_by_label("Role", exact=True).select_option("viewer")
        expect(dialog).to_contain_text("May look at everything and predict")
        press(page, dialog.get_by_role("button", name="Add"))
        member = dialog.locator("[data-test=member-colleague]")
        expect(member).to_contain_text(re.compile(r"Added by admin on \d+ \w+ \d{4}"))
        assert role_of(people, key, "colleague") == "viewer"
        dialog.get_by_label("Role of colleague").select_option("editor")
        wait_for(lambda: role_of(people, key, "colleague"), lambda role: role == "editor")
        visitor.is_expected("status of 422")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        visitor.open("#/workspaces")
        card = page.locator("article").filter(has_text="For two")
        expect(card.locator(".badge")).to_have_text("Editor")
        card.get_by_role("button", name="Members").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("[data-test=member-colleague]")).to_contain_text("(you)")
        expect(dialog.get_by_role("button", name="Remove")).to_have_count(0)
        page.keyboard.press("Escape")
        card.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("dialog")).to_contain_text("Only admin can let you in again")
        page.get_by_role("dialog").get_by_role("button", name="Leave").click()
        expect(card).to_have_count(0)
    assert people.get(f"/api/workspaces/{key}/members")["members"] == []


def test_an_owner_removes_a_member_after_a_question(
    browser: Browser, page_server: Server, people: Client
):
    new_token(people, "former")
    key = people.workspace("For one again")
    give_role(people, key, "former", "editor")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open("#/workspaces")
        card = page.locator("article").filter(has_text="For one again")
        card.get_by_role("button", name="Members").click()
        page.get_by_role("button", name="Remove former").click()
        question = page.get_by_role("dialog", name="Remove former?")
        question.get_by_role("button", name="Remove").click()
        expect(page.locator("[data-test=member-former]")).to_have_count(0)
    assert people.get(f"/api/workspaces/{key}/members")["members"] == []


def test_a_token_is_made_by_keyboard_shown_once_and_revoked(
    browser: Browser, page_server: Server, people: Client
):
    token = new_token(people, "keeper")
    with visit(browser, page_server, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        page.locator(".account-link").click()
        visitor.heading("Account")
        tab_to(page, page.get_by_label("Name", exact=True))
        page.keyboard.type("night pipeline")
        page.get_by_label("Expires after").select_option("30")
        tab_to(page, page.get_by_role("checkbox", name="Read-only"))
        page.keyboard.press("Space")
        press(page, page.get_by_role("button", name="Create token"))
        box = page.locator("[data-test=secret]")
        expect(box).to_be_focused()
        secret = box.locator("code").inner_text()
        press(page, box.get_by_role("button", name="Copy"))
        expect(box.get_by_role("button", name="Copy")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == secret
        made = Client(page_server, secret).get("/api/me")["token"]
        assert (made["name"], made["read_only"]) == ("night pipeline", True)
        row = page.locator(f"[data-test=token-{made['id']}]")
        expect(row).to_contain_text("Read-only")
        page.reload()
        expect(row.get_by_role("cell").nth(2)).to_have_text(re.compile(r"^\d+ \w+ \d{4}$"))
        assert secret not in page.content()
        row.get_by_role("button", name="Revoke night pipeline").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(row).to_have_count(0)
        assert Client(page_server, secret).call("GET", "/api/me").status_code == 401
        expect(page.locator("[data-test=tokens]")).to_contain_text("This one")


def test_the_administrator_makes_a_token_for_a_new_user_and_sees_all_tokens(
    browser: Browser, page_server: Server, people: Client
):
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open("#/account")
        page.get_by_label("For", exact=True).fill("student")
        page.get_by_label("Name", exact=True).fill("notebook")
        page.get_by_role("button", name="Create token").click()
        box = page.locator("[data-test=secret]")
        expect(box).to_contain_text("Token notebook for student")
        user = Client(page_server, box.locator("code").inner_text()).get("/api/me")["user"]
        assert user == {"name": "student", "is_admin": False}
        rows = page.locator("[data-test=tokens] tbody tr")
        expect(rows.filter(has_text="student")).to_have_count(1)


def test_the_audit_log_is_read_page_by_page_and_filtered_in_plain_words(
    browser: Browser, page_server: Server, people: Client
):
    owner = Client(page_server, new_token(people, "auditor"))
    key = owner.workspace("Audited")
    for _ in range(60):
        delete_an_analysis(owner, key)
    new_token(people, "guest")
    give_role(owner, key, "guest", "viewer")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(new_token(people, "auditor"))
        visitor.open("#/workspaces")
        page.get_by_role("link", name="Audit log").click()
        visitor.heading("Audit log of Audited")
        entries = page.locator("[data-test=audit-entry]")
        expect(entries).to_have_count(50)
        expect(entries.first).to_contain_text("Member added")
        expect(entries.first).to_contain_text("guest")
        expect(entries.nth(1)).to_contain_text(re.compile(r"Analysis deletedAnalysis \d+ · Draft"))
        page.get_by_role("button", name="Show more").click()
        expect(entries).to_have_count(len(audit_of(owner, key)))
        page.get_by_label("Show", exact=True).select_option(label="Member added")
        expect(entries).to_have_count(1)
        page.reload()
        expect(entries).to_have_count(1)
        page.get_by_label("Language").select_option("fr")
        expect(entries.first).to_contain_text("Membre ajouté")
        page.get_by_label("Langue").select_option("en")
        visitor.open("#/audit")
        expect(page.get_by_role("alert")).to_contain_text("Only the administrator")
        visitor.is_expected("status of 403")
    with visit(browser, page_server) as visitor:
        visitor.sign_in()
        visitor.open("#/account")
        visitor.page.get_by_role("link", name="Audit log of the server").click()
        expect(visitor.page.locator("[data-test=audit]")).to_contain_text("Token created")


def test_what_is_used_is_shown_where_people_look_with_a_warning_above_nine_tenths(
    browser: Browser, start_server: Callable[..., Server]
):
    server = start_server(EXOTRAIN_QUOTA_WORKSPACES="1")
    with visit(browser, server) as visitor:
        page = visitor.page
        warning = page.locator("[data-test=usage-warning]")
        sign = page.locator(".account-link .badge.warning")
        visitor.sign_in()
        visitor.open("#/account")
        expect(page.locator("[data-test=usage-workspaces]")).to_contain_text("0 of 1")
        for name in ("stored_bytes", "waiting_sessions", "analyses", "tokens"):
            expect(page.locator(f"[data-test=usage-{name}]")).to_contain_text(" of ")
        expect(warning).to_have_count(0)
        expect(sign).to_have_count(0)
        visitor.open("#/workspaces")
        page.get_by_role("button", name="Create workspace").click()
        visitor.heading("Datasets")
        expect(sign).to_be_visible()
        expect(page.locator("[data-test=usage-stored_bytes]")).to_contain_text("0 bytes of")
        page.get_by_role("button", name="Use the example dataset").click()
        page.locator("[data-test=upload][data-stage=done]").wait_for()
        expect(page.locator("[data-test=usage-stored_bytes]")).to_contain_text(
            re.compile(r"[kM]B of")
        )
        visitor.open("#/workspaces")
        expect(warning).to_contain_text("You own as many workspaces as you may")
        visitor.open("#/account")
        expect(page.locator("[data-test=usage-workspaces]")).to_contain_text("1 of 1")
        expect(warning).to_have_count(1)


def new_token(client: Client, user: str) -> str:
    return client.post("/api/tokens", 201, json={"user": user})["token"]


def token_id(client: Client, user: str) -> int:
    """The id of the only token of a user."""
    (found,) = [each for each in client.get("/api/tokens")["tokens"] if each["user"] == user]
    return found["id"]


def give_role(client: Client, key: str, user: str, role: str) -> None:
    client.post(f"/api/workspaces/{key}/members", None, json={"user": user, "role": role})
    assert role_of(client, key, user) == role


def role_of(client: Client, key: str, user: str) -> str | None:
    details = client.get(f"/api/workspaces/{key}/members")["details"]
    return next((each["role"] for each in details if each["user"] == user), None)


def delete_an_analysis(client: Client, key: str) -> None:
    draft = {
        "workspace_key": key,
        "title": "Draft",
        "note": "",
        "candidates": [{"period": 3.5, "duration": 3.0, "depth": 8000.0}],
        "predictions": [{"error": "not predicted"}],
    }
    made = client.post("/api/analyses", 201, json=draft)["analysis"]["id"]
    client.call("DELETE", f"/api/analyses/{made}", 200)


def audit_of(client: Client, key: str) -> list[dict[str, Any]]:
    return client.get("/api/audit", params={"workspace_key": key, "limit": 200})["entries"]


def guess(server: Server) -> requests.Response:
    """A request with a wrong token, from this address."""
    headers = {"Authorization": "Bearer of-somebody-else"}
    return requests.get(f"{server.address}/api/me", headers=headers, timeout=30)


def try_token(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def requests_of(page: Page) -> list[str]:
    """What the page asks the API from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/api/" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


@contextmanager
def write_lock(server: Server) -> Iterator[None]:
    """Holds the write lock of the server's database from outside."""
    with closing(sqlite3.connect(server.data_dir / "exotrain.db", timeout=60)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def changing(page: Page) -> list[str]:
    """The names of the buttons and links in the page that change something."""
    names = page.locator("main :is(button, .button)").evaluate_all(
        "found => found.filter((each) => !each.disabled)"
        ".map((each) => (each.ariaLabel ?? each.innerText).trim())"
    )
    return [name for name in names if CHANGING.match(name)]
