"""How the page behaves: accessibility, kept input, requests, and hostile names."""

import csv
import io
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect
from sqlalchemy import Connection, insert, select

from backend.config import REPOSITORY
from backend.database import Database, finished_epochs, sessions
from backend.database.connection import one
from backend.database.listing.tables import session_facts
from backend.database.schema import epochs, training_sessions
from backend.training.split import MAX_HELD_OUT
from backend.transit import columns
from backend.web.schemas.accounts import Usage
from backend.web.schemas.audit import AuditAction
from tests.data.make_samples import predict_batch
from tests.e2e.browser import Visitor, press, settle, tab_to, visit, workspace_id
from tests.e2e.light.curves.tables import bring_curves, write_curves
from tests.e2e.server import TOKEN, Client, Server, free_port, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

FRONTEND = REPOSITORY / "frontend"

WORDS: dict[str, dict[str, str]] = {
    language: {
        key: text
        for file in (FRONTEND / "locales" / language).glob("*.json")
        for key, text in json.loads(file.read_text(encoding="utf-8")).items()
    }
    for language in ("en", "fr")
}

CANDIDATE = {"star": "Vega", "period": 3.5, "duration": 3.0, "depth": 8000.0, "snr": 80.0}

SAVED = ("label", "label_name", "probabilities", "period", "depth_ppm", "uncertain")

# An attribute that would run, in a name for everything that somebody names.
HOSTILE = '<img src=x onerror="window.hacked=1">'

# Above what the longest page of these tests holds (about 2,800), far below one that draws all.
MOST_ELEMENTS = 4_000


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The API beside the page, to prepare and to check."""
    return Client(page_server)


@pytest.fixture(scope="module")
def work(people: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A workspace with something of everything: what its pages show, by name."""
    key = people.workspace("Full")
    folder = tmp_path_factory.mktemp("catalogue")
    catalogue = small_catalogue(folder)
    dataset = people.upload(key, catalogue)["id"]
    first = people.complete(key, dataset, epochs=2, seed=1, model_name="first")
    second = people.complete(key, dataset, epochs=3, seed=1, model_name="second")
    evaluated = people.get(f"/api/training/session/{second['id']}/evaluation")["evaluation"]
    counts = evaluated["confusion_matrix"]
    true, said = max(np.ndindex(3, 3), key=lambda cell: counts[cell[0]][cell[1]])
    asked = {"workspace_key": key, "dataset_id": dataset, "folds": 2, "epochs": 1}
    study = people.post("/api/training/studies", 202, json=asked)["study"]["id"]
    path = f"/api/training/studies/{study}"
    wait_for(lambda: people.get(path)["study"]["status"], lambda status: status == "completed", 180)
    return {
        "fullest_cell": f"cell-{true}-{said}",
        "key": key,
        "id": workspace_id(people, key),
        "home": f"#/w/{workspace_id(people, key)}",
        "datasets": dataset,
        "light-curves": bring_curves(people, key, write_curves(folder)),
        "sessions": second["id"],
        "models": second["model_id"],
        "studies": study,
        "predict": predict_batch(people, key, catalogue),
        "analyses": save_analysis(people, key, "Of Tuesday", "Ask for a spectrum."),
        "compared": f"{first['id']},{second['id']}",
    }


@pytest.mark.parametrize(
    ("scheme", "width", "locale"), [("light", 1200, "en-GB"), ("dark", 360, "fr-FR")]
)
def test_no_page_keeps_anybody_out_and_none_is_wider_than_the_window(
    scheme: Any,
    width: int,
    locale: str,
    browser: Browser,
    page_server: Server,
    work: dict[str, Any],
):
    context = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "locale": locale,
    }
    words = WORDS[locale[:2]]
    found = []
    with visit(browser, page_server, **context) as visitor:
        visitor.open()
        visitor.heading(words["signIn.title"])
        found += wrong_with(visitor, "sign-in")
        sign_in(visitor, words)
        for address in every_address(work):
            visitor.open(address)
            settle(visitor.page)
            if address.endswith("/predict"):
                visitor.page.locator("[data-test^=example-]").first.click()
                visitor.page.locator("[data-test=verdict]").wait_for()
            found += wrong_with(visitor, address)
        found += wrong_with_dialogs(visitor, work, words)
        assert visitor.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert found == []


def every_address(work: dict[str, Any]) -> list[str]:
    """An address of each route, of each tab, and one that there is not."""
    routes = re.findall(r'^  \["(/[^"]*)"', (FRONTEND / "app" / "routes.js").read_text(), re.M)
    assert len(routes) == 26
    addresses = ["#/nowhere"]
    for route in routes:
        path = route.replace(":workspace", str(work["id"]))
        if ":id" in path:
            path = path.replace(":id", str(work[route.split("/")[3]]))
        addresses.append(f"#{path}" + ("?ids=" + work["compared"] if "compare" in path else ""))
    dataset = f"{work['home']}/datasets/{work['datasets']}"
    tabs = ("report", "labels", "rows&row=2")
    return [*addresses, *(f"{dataset}?tab={each}" for each in tabs)]


def wrong_with_dialogs(visitor: Visitor, work: dict[str, Any], words: dict[str, str]) -> list[str]:
    """Of the members, a new token, a question before something is deleted, and a test row."""
    page = visitor.page
    visitor.open("#/workspaces")
    page.get_by_role("button", name=words["workspaces.members"]).first.click()
    page.get_by_label(words["workspaces.addMember"]).wait_for()
    found = wrong_with(visitor, "members")
    page.keyboard.press("Escape")
    visitor.open("#/account")
    page.get_by_label(words["tokens.name"], exact=True).fill("of a test")
    page.get_by_role("button", name=words["tokens.create"]).click()
    page.locator("[data-test=secret]").wait_for()
    found += wrong_with(visitor, "a new token")
    visitor.open(f"{work['home']}/sessions?view=cards")
    settle(page)
    page.get_by_role("button", name=words["delete"]).first.click()
    page.get_by_role("dialog").wait_for()
    found += wrong_with(visitor, "a question")
    page.keyboard.press("Escape")
    visitor.open(f"{work['home']}/sessions/{work['sessions']}/evaluation")
    page.locator(f"[data-test={work['fullest_cell']}]").click()
    page.locator("[data-test=cell-rows] tbody tr").first.get_by_role("button").click()
    page.locator("[data-test=row-dialog] canvas").wait_for()
    return found + wrong_with(visitor, "a test row")


def wrong_with(visitor: Visitor, name: str) -> list[str]:
    page = visitor.page
    found = [f"{name}: {each}" for each in visitor.violations()]
    shown, wide = page.evaluate(
        "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    return found + ([f"{name}: {wide} px in a window of {shown} px"] if wide > shown else [])


def test_hostile_names_are_shown_as_they_are_and_nothing_of_them_runs(
    browser: Browser, page_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace(HOSTILE)
    home = f"#/w/{workspace_id(people, key)}"
    file = {"name": f"{HOSTILE}.csv", "mimeType": "text/csv", "buffer": hostile_catalogue(tmp_path)}
    with visit(browser, page_server) as visitor:
        page = visitor.page
        page.on("dialog", lambda dialog: visitor.complaints.append(f"dialog: {dialog.message}"))
        visitor.sign_in()
        visitor.open("#/workspaces")
        expect(page.get_by_role("heading", level=2, name=HOSTILE)).to_be_visible()
        visitor.open(f"{home}/datasets")
        expect(page.locator(".workspace-name")).to_have_text(HOSTILE)
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        page.locator("[data-test=upload][data-stage=done]").wait_for()
        expect(page.locator("[data-test=dataset]")).to_contain_text(HOSTILE)
        headers_only = {
            **file,
            "buffer": f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",b\n1,2\n'.encode(),
        }
        page.locator("input[type=file]").set_input_files(headers_only)  # type: ignore[arg-type]
        expect(page.locator("[data-test=reading]")).to_contain_text(HOSTILE)
        visitor.is_expected("status of 422|status of 400")

        (dataset,) = people.get("/api/training/datasets", params={"workspace_key": key})["datasets"]
        assert dataset["name"] == f"{HOSTILE}.csv"
        people.complete(key, dataset["id"], epochs=1, test_split=0)
        analysis = save_analysis(people, key, HOSTILE, HOSTILE, {**CANDIDATE, "star": HOSTILE})
        seen = {
            f"{home}/datasets/{dataset['id']}?tab=profile": page.get_by_role("heading", level=1),
            f"{home}/datasets/{dataset['id']}?tab=rows&row=0": page.locator("[data-test=row-head]"),
            f"{home}/train": page.get_by_label("Dataset", exact=True),
            f"{home}/sessions": page.locator("[data-test^=session-]"),
            f"{home}/models": page.locator("main"),
            f"{home}/analyses": page.locator("[data-test=analysis]"),
            f"{home}/analyses/{analysis}": page.locator("[data-test=results]"),
        }
        for address, place in seen.items():
            visitor.open(address)
            settle(page)
            if address != f"{home}/models":
                expect(place).to_contain_text(HOSTILE)
            assert page.locator("img[src=x]").count() == 0, address
        expect(page.locator(".note")).to_have_text(HOSTILE)
        expect(page).to_have_title(re.compile(re.escape(HOSTILE)))
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
        assert page.evaluate("window.hacked") is None


def hostile_catalogue(folder: Path) -> bytes:
    """A catalogue whose stars are called what no star is called."""
    lines = small_catalogue(folder).read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(each for each in lines if not each.startswith("#")))
    star = rows[0].index("star")
    for number, row in enumerate(rows[1:]):
        row[star] = HOSTILE if number == 0 else f"{HOSTILE}{number}"
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def test_what_is_typed_outlives_a_server_that_is_killed_and_the_page_goes_on_when_it_is_back(
    browser: Browser, start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server(EXOTRAIN_PORT=str(free_port()))
    client = Client(server)
    key = client.workspace()
    client.upload(key, small_catalogue(tmp_path))
    home = f"#/w/{workspace_id(client, key)}"
    with visit(browser, server) as visitor:
        page = visitor.page
        banner = page.get_by_text(WORDS["en"]["error.banner"])
        visitor.sign_in()
        visitor.open(f"{home}/train")
        page.get_by_label("Model name").fill("typed_before")
        page.get_by_label("Epochs", exact=True).fill("7")
        expect(banner).to_be_hidden()

        server.stop(signal.SIGKILL)
        page.get_by_role("button", name="Start training").click()
        expect(banner).to_be_visible()
        expect(page.get_by_label("Model name")).to_have_value("typed_before")
        page.get_by_role("link", name="Models").click()
        expect(
            page.get_by_role("alert").get_by_text(WORDS["en"]["error.connection"])
        ).to_be_visible()

        server.start()
        expect(banner).to_be_hidden()
        expect(page.get_by_role("heading", name="No models yet")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("Model name")).to_have_value("typed_before")
        expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
        visitor.is_expected("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")


def test_a_session_is_started_and_cancelled_with_nothing_but_the_keyboard(
    browser: Browser, page_server: Server, people: Client
):
    token = people.post("/api/tokens", 201, json={"user": "keyboard"})["token"]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.open()
        expect(page.get_by_label("Token")).to_be_focused()
        page.keyboard.type(token)
        page.keyboard.press("Enter")

        arrive(page, "Workspaces")
        tab_to(page, page.get_by_label("Name"))
        page.keyboard.type("By keyboard")
        page.keyboard.press("Enter")

        arrive(page, "Datasets")
        press(page, page.get_by_role("button", name="Use the example dataset"))
        uploaded = page.get_by_label("Uploads")
        expect(uploaded.get_by_role("heading", level=2)).to_be_focused()
        press(page, uploaded.get_by_role("link", name="Train"))

        arrive(page, "New training session")
        page.reload()
        skip = page.get_by_role("link", name="Skip to content")
        page.get_by_role("button", name="Start training").wait_for()
        page.keyboard.press("Tab")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_focused()

        tab_to(page, page.get_by_role("radio", name="Light curve, star and catalogue", exact=True))
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("radio", name="Light curve and star", exact=True)).to_be_checked()
        tab_to(page, page.get_by_label("Epochs", exact=True))
        page.keyboard.type("500")
        tab_to(page, page.locator("summary", has_text="More settings"))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_label("Patience"))
        page.keyboard.type("500")
        press(page, page.get_by_role("button", name="Start training"))

        arrive(page, "exoplanet_model")
        page.locator(".badge.training").wait_for()
        cancel = page.get_by_role("button", name="Cancel", exact=True)
        press(page, cancel)
        dialog = page.get_by_role("dialog", name="Cancel exoplanet_model?")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(cancel).to_be_focused()
        page.keyboard.press("Enter")
        press(page, dialog.get_by_role("button", name="Cancel the session"))
        page.locator("h1 ~ .lead .badge.cancelled").wait_for()
        (listed,) = Client(page_server, token).get("/api/workspaces")["workspaces"]
        assert listed["name"] == "By keyboard"


@pytest.mark.parametrize("way", ["escape", "cross", "keep"])
def test_a_dialog_opened_again_at_once_stays_open(
    browser: Browser, page_server: Server, people: Client, way: str
):
    token = people.post("/api/tokens", 201, json={"user": f"hurried-{way}"})["token"]
    Client(page_server, token).workspace("Hurried")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.open()
        page.get_by_label("Token").fill(token)
        page.keyboard.press("Enter")
        arrive(page, "Workspaces")
        opener = page.get_by_role("button", name="Delete", exact=True).first
        opener.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        focused = page.evaluate(
            """async (way) => {
                const dialog = document.querySelector("dialog[open]");
                const [cross, keep] = ["button.quiet", ".actions button"]
                    .map((each) => dialog.querySelector(each));
                const ways = {
                    escape: () => dialog.dispatchEvent(new Event("cancel", { cancelable: true })),
                    cross: () => cross.click(),
                    keep: () => keep.click(),
                };
                ways[way]();
                await null;
                await null;
                const focused = document.activeElement.textContent.trim();
                document.activeElement.click();
                return focused;
            }""",
            way,
        )
        assert focused == "Delete"
        page.wait_for_timeout(300)
        expect(dialog).to_be_visible()


def arrive(page: Page, title: str) -> None:
    """After a change of page, the focus is on its heading: a screen reader reads it."""
    expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_focused()


def test_the_browser_chooses_the_language_and_another_one_keeps_the_page_and_what_was_typed(
    browser: Browser, page_server: Server, work: dict[str, Any]
):
    french, english = WORDS["fr"], WORDS["en"]
    with visit(browser, page_server, locale="fr-FR") as visitor:
        page = visitor.page
        visitor.open()
        visitor.heading(french["signIn.title"])
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        sign_in(visitor, french)
        visitor.open(f"{work['home']}/train")
        visitor.heading(french["training.new"])
        expect(page.get_by_text(re.compile("\\d\u202f\\d{3} paramètres")).first).to_be_visible()
        page.get_by_label(french["training.setting.epochs"], exact=True).fill("17")
        page.locator("summary", has_text=french["training.more"]).click()
        expect(page.locator("#setting-validation_split-help")).to_contain_text("De 0,05 à 0,5")
        page.get_by_label(french["training.setting.learning_rate"]).fill("0,01")

        page.get_by_label(french["settings.language"]).select_option("en")
        visitor.heading(english["training.new"])
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_text(re.compile(r"\d,\d{3} parameters")).first).to_be_visible()
        page.reload()
        visitor.heading(english["training.new"])
        expect(page.get_by_label("Epochs", exact=True)).to_have_value("17")
        expect(page.get_by_label("Learning rate")).to_have_value("0,01")
    with visit(browser, page_server, locale="de-DE") as visitor:
        visitor.open()
        visitor.heading(english["signIn.title"])


def test_every_place_has_an_address_and_an_address_leads_to_its_place_or_says_there_is_none(
    browser: Browser, page_server: Server, people: Client, work: dict[str, Any]
):
    token = people.post("/api/tokens", 201, json={"user": "neighbour"})["token"]
    neighbour = Client(page_server, token)
    foreign = workspace_id(neighbour, neighbour.workspace("Next door"))
    with visit(browser, page_server) as visitor:
        page = visitor.page
        bookmark = f"{work['home']}/sessions/{work['sessions']}"
        visitor.open(bookmark)
        visitor.heading("Sign in")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        visitor.heading("second")
        expect(page).to_have_title(re.compile("second"))

        page.get_by_role("link", name="Models").click()
        visitor.heading("Models")
        page.go_back()
        visitor.heading("second")
        page.go_forward()
        visitor.heading("Models")

        other = workspace_id(people, people.workspace("Another of mine"))
        elsewhere = [
            f"#/w/{other}/sessions/{work['sessions']}{part}" for part in ("", "/evaluation")
        ]
        for address in ("#/nowhere", "#/w/1/nowhere", f"#/w/{foreign}/datasets", *elsewhere):
            visitor.open(address)
            visitor.heading("Page not found")
            expect(page).to_have_title(re.compile("Page not found"))
            visitor.open("#/workspaces")
            visitor.heading("Workspaces")
        expect(page.get_by_text("Next door")).to_have_count(0)
        visitor.open(f"#/w/{work['id']}/datasets/999999")
        visitor.heading("Dataset not found")

        second_tab = visitor.context.new_page()
        second_tab.goto(f"{page_server.address}/#/workspaces")
        second_tab.get_by_role("heading", level=1, name="Workspaces").wait_for()
        page.get_by_role("button", name="Sign out").click()
        visitor.heading("Sign in")
        second_tab.get_by_role("heading", level=1, name="Sign in").wait_for()
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert TOKEN not in kept
        page.reload()
        visitor.heading("Sign in")

        answer = page.goto(f"{page_server.address}/nowhere")
        assert answer is not None
        assert answer.status == 404
        visitor.is_expected("status of 404")


def test_a_thousand_sessions_and_a_thousand_epochs_are_drawn_in_part(
    browser: Browser, page_server: Server, people: Client, work: dict[str, Any]
):
    key = people.workspace("Long")
    home = workspace_id(people, key)
    with written(page_server) as connection:
        newest = copy_session(connection, work["sessions"], home, copies=1000)
        first = json.loads(finished_epochs.history(connection, work["sessions"])[0].metrics)
        course = [
            {"session_id": newest, "epoch": n, "metrics": {**first, "loss": 1 + 1 / n}}
            for n in range(1, 1001)
        ]
        connection.execute(insert(epochs), course)
        sessions.change(connection, newest, epochs=1000, epochs_completed=1000, best_epoch=1000)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        for view, row in (("cards", ".session-card"), ("table", "tr[data-test]")):
            visitor.open(f"#/w/{home}/sessions?view={view}")
            rows = page.locator(row)
            expect(rows).to_have_count(50)
            page.get_by_role("button", name="Next").click()
            expect(rows.first).to_have_attribute("data-test", f"session-{newest - 50}")
            numbers = [int(each.removeprefix("session-")) for each in all_names(rows)]
            assert numbers == list(range(newest - 50, newest - 100, -1))
            assert elements(page) < MOST_ELEMENTS

        visitor.open(f"#/w/{home}/sessions/{newest}")
        metrics = page.locator("[data-test=metrics]")
        expect(metrics.locator("canvas")).to_have_count(6)
        expect(metrics).to_contain_text("at epoch 1,000")
        metrics.get_by_role("button", name="Table").first.click()
        expect(metrics.get_by_role("table")).to_be_visible()
        assert elements(page) < MOST_ELEMENTS


def all_names(cards: Locator) -> list[str]:
    return cards.evaluate_all("found => found.map((each) => each.dataset.test)")


def elements(page: Page) -> int:
    return page.evaluate("document.querySelectorAll('*').length")


def test_the_server_is_asked_now_and_then_often_while_something_runs_and_only_for_what_is_new(
    browser: Browser, page_server: Server, people: Client, work: dict[str, Any]
):
    home = workspace_id(people, people.workspace("Asked"))
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"#/w/{home}/sessions")
        visitor.heading("Sessions")
        page.reload()
        page.get_by_text("No sessions yet").wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(6_000)  # the first poll of each list has come
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        page.wait_for_timeout(11_500)
        for path in ("/api/workspaces", "/api/training/sessions?"):
            statuses = [each.status for each in answers if path in each.url]
            assert 2 <= len(statuses) <= 3, path
            assert set(statuses) == {304}, path
        assert all("/api/" in each.url for each in answers)

        with written(page_server) as connection:
            running = copy_session(connection, work["sessions"], home)
            sessions.change(connection, running, status="training", completed_at=None)
        page.reload()
        visitor.heading("Sessions")
        polls_of(page, "/api/training/sessions?")
        visitor.open(f"#/w/{home}/sessions/{running}")
        polls_of(page, f"/api/training/session/{running}?")

        with written(page_server) as connection:
            sessions.end(connection, running, "cancelled")
        page.locator(".badge.cancelled").first.wait_for()
        visitor.heading("second")


def polls_of(page: Page, path: str) -> None:
    """Wait for four polls: each has the tag of the last answer, and learns that nothing is new."""

    def is_poll(answer: Response) -> bool:
        return path in answer.url and "if-none-match" in answer.request.headers

    times: dict[str, list[float]] = {}
    # A page has more than one list of sessions: each asks for its own.
    while not any(len(each) == 4 for each in times.values()):
        with page.expect_response(is_poll) as response:
            pass
        assert response.value.status == 304
        times.setdefault(response.value.url, []).append(time.monotonic())
    (longest,) = (each for each in times.values() if len(each) == 4)
    # Every 2 s; but a page that has just been opened also asks by itself, beside the first poll.
    assert longest[-1] - longest[0] > 3


def test_two_that_ask_for_a_session_at_once_do_not_get_its_epochs_twice(
    browser: Browser, page_server: Server, work: dict[str, Any]
):
    with visit(browser, page_server) as visitor:
        visitor.sign_in()
        epochs_seen = visitor.page.evaluate(
            """async (id) => {
              const { createFollower } = await import("/static/training/session/session-follow.js");
              const follower = createFollower(id);
              const [one, other] = await Promise.all([follower.ask(), follower.ask()]);
              const answers = [one, other, await follower.ask()];
              return answers.map(({ history }) => history.map((each) => each.epoch));
            }""",
            work["sessions"],
        )
    assert all(each == sorted(set(each)) for each in epochs_seen)
    assert epochs_seen[0]


def test_what_the_page_repeats_of_the_server_is_the_same_there(
    browser: Browser, page_server: Server, people: Client
):
    with visit(browser, page_server) as visitor:
        visitor.open()

        def exported(module: str, name: str) -> Any:
            script = f"import('/static/{module}').then((module) => module.{name})"
            return visitor.page.evaluate(script)

        assert exported("lib/columns.js", "COLUMNS") == list(columns.COLUMNS)
        assert exported("lib/columns.js", "REQUIRED") == list(columns.REQUIRED)
        assert exported("lib/columns.js", "FEATURES") == list(columns.FEATURES)
        assert exported("lib/columns.js", "RANGES") == as_json(columns.RANGES)
        assert exported("audit/audit-words.js", "ACTIONS") == list(get_args(AuditAction.__value__))
        assert exported("account/usage.js", "QUOTAS") == list(Usage.model_fields)
        settings = exported("training/form/training-settings.js", "SETTINGS")
        resources = exported("training/form/training-settings.js", "RESOURCES")
        assert exported("training/form/training-settings.js", "MAX_HELD_OUT") == MAX_HELD_OUT
    request = people.get("/api/openapi.json")["components"]["schemas"]["StartRequest"]
    for name, rule in resources.items():
        bounds = request["properties"].pop(name)["anyOf"][0]
        assert (rule["min"], rule["max"]) == (bounds["minimum"], bounds["maximum"])
    documented = {
        name: (field["default"], field.get("minimum"), field.get("maximum"))
        for name, field in request["properties"].items()
        if "default" in field and name not in ("network", "dataset_version", "curve_set_id")
    }
    # Not said, it is what the form shows for a network that has it.
    assert documented["use_relations"] == (None, None, None)
    documented["use_relations"] = (True, None, None)
    assert documented == {
        name: (rule["initial"], 0 if rule.get("orZero") else rule.get("min"), rule.get("max"))
        for name, rule in settings.items()
    }


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_the_viewer_of_the_api_is_drawn_under_the_content_policy(
    browser: Browser, page_server: Server
):
    with visit(browser, page_server) as visitor:
        answer = visitor.page.goto(f"{page_server.address}/api/docs")
        assert answer is not None
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        operation = visitor.page.locator(".opblock", has_text="/api/training/start")
        operation.locator(".opblock-summary-control").click()
        expect(operation.get_by_text("dataset_id").first).to_be_visible()


def sign_in(visitor: Visitor, words: dict[str, str]) -> None:
    """Sign in, in either language."""
    page = visitor.page
    page.get_by_label(words["signIn.token"]).fill(TOKEN)
    page.get_by_role("button", name=words["signIn.button"]).click()
    page.wait_for_url(re.compile(r"#/(workspaces|w/)"))
    page.locator(".top .menu").wait_for(state="attached")  # on a phone the settings are behind it


def save_analysis(
    client: Client, key: str, title: str, note: str, candidate: dict[str, Any] | None = None
) -> int:
    candidate = candidate or CANDIDATE
    body = {"workspace_key": key, "rows": [candidate]}
    predicted = client.post("/api/predict", json=body)["predictions"]
    analysis = {
        "workspace_key": key,
        "title": title,
        "note": note,
        "candidates": [candidate],
        "predictions": [{name: each[name] for name in SAVED} for each in predicted],
    }
    return client.post("/api/analyses", 201, json=analysis)["analysis"]["id"]


@contextmanager
def written(server: Server) -> Iterator[Connection]:
    """The server's database, to put into it what would take hours to come about."""
    database = Database(server.data_dir / "exotrain.db")
    with database.write() as connection:
        yield connection
    database.close()


def copy_session(connection: Connection, session: int, workspace: int, copies: int = 1) -> int:
    """Put copies of a session, without epochs, into a workspace; the id of the newest."""
    row = sessions.find(connection, session)
    assert row is not None
    values = {**row, "workspace_id": workspace, "dataset_id": None, "idempotency_key": None}
    del values["id"]
    facts = one(connection, select(session_facts).where(session_facts.c.session_id == session))
    for _ in range(copies):
        identifier = connection.execute(
            insert(training_sessions).values(**values).returning(training_sessions.c.id)
        ).scalar_one()
        connection.execute(insert(session_facts).values({**facts, "session_id": identifier}))
    return sessions.in_workspace(connection, workspace, limit=1)[0]["id"]
