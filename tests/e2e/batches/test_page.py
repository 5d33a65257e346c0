"""Catalogues on the page: posted, watched, found again; and the same calls from another origin."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import pick, visit
from tests.e2e.server import TOKEN, Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

BATCHES = "/api/predict/batches"

NARROW = {"width": 360, "height": 740}


class EmptyPage(BaseHTTPRequestHandler):
    """A page of another origin; its scripts are the test's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory, elsewhere: str) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("page_data")
    server = Server(data_dir, EXOTRAIN_CORS_ORIGINS=elsewhere)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The API beside the page, to prepare and to check."""
    return Client(page_server)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def trained(people: Client, catalogue: Path) -> dict[str, Any]:
    """A workspace with a model."""
    key = people.workspace("Trained")
    people.complete(key, people.upload(key, catalogue)["id"], epochs=1, test_split=0)
    workspaces = people.get("/api/workspaces")["workspaces"]
    workspace = next(each for each in workspaces if each["key"] == key)
    return {"key": key, "home": f"#/w/{workspace['id']}"}


def test_a_catalogue_is_posted_found_again_after_a_reload_filtered_downloaded_and_deleted(
    browser: Browser,
    page_server: Server,
    people: Client,
    trained: dict[str, Any],
    catalogue: Path,
    tmp_path: Path,
):
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/predict/batch")
        page.locator("[data-test=batch-drop] input").set_input_files(catalogue)
        page.locator("[data-test=batch-start]").click()
        page.wait_for_url(re.compile(r"/predict/batch/\d+$"))
        page.reload()
        summary = page.locator("[data-test=batch-summary]")
        expect(summary).to_contain_text("240")
        (batch,) = people.get(BATCHES, params={"workspace_key": trained["key"]})["batches"]
        assert page.url.endswith(f"/predict/batch/{batch['id']}")
        expect(page.get_by_text("240 of 240 rows.")).to_be_visible()
        results = page.locator("[data-test=results]")
        expect(results.locator("tbody tr")).to_have_count(50)
        own_label = results.get_by_role("columnheader", name=re.compile("^File.s label"))
        expect(own_label).to_be_visible()
        assert visitor.violations() == []

        # The table shows what the API answers, and the address says which rows.
        page.get_by_label("P(Confirmed) at least").fill("0.2")
        results.get_by_role("button", name="P(Confirmed)").click()
        asked = {"min_confirmed": "0.2", "sort": "p_confirmed", "descending": "true", "limit": 1}
        answer = people.get(f"{BATCHES}/{batch['id']}/rows", params=asked)
        shown = page.get_by_text(f"{answer['total']} of 240 rows.")
        expect(shown).to_be_visible()
        first = results.locator("tbody th").first
        named = answer["rows"][0]["name"] or answer["rows"][0]["star"]
        expect(first).to_have_text(named)
        assert "min=0.2" in page.url
        page.reload()
        expect(shown).to_be_visible()
        expect(first).to_have_text(named)

        (sentence, *_) = answer["rows"][0]["relations"]["sentences"]
        first.locator("button, a").click()
        dialog = page.get_by_role("dialog")
        said = dialog.locator("[data-test=relations]")
        expect(said).to_contain_text(sentence.replace("'", "\u2019"))
        title = dialog.get_by_role("heading", level=2).first
        opened = title.inner_text()
        page.keyboard.press("ArrowRight")
        expect(title).not_to_have_text(opened)
        page.keyboard.press("ArrowLeft")
        expect(title).to_have_text(opened)
        dialog.get_by_role("button", name="Close").click()

        # "All" is all; "shown" is what the table shows, in its order.
        del asked["limit"]
        for test, query, rows in (
            ("batch-csv", {}, 240),
            ("batch-csv-shown", asked, answer["total"]),
        ):
            with page.expect_download() as download:
                page.locator(f"[data-test={test}]").click()
            assert download.value.suggested_filename == f"{catalogue.stem}_predictions.csv"
            download.value.save_as(tmp_path / f"{test}.csv")
            saved = (tmp_path / f"{test}.csv").read_bytes()
            result = people.call("GET", f"{BATCHES}/{batch['id']}/result", params=query)
            assert saved == result.content
            assert saved.count(b"\n") == 1 + rows

        page.get_by_role("link", name="All catalogues").click()
        listed = page.locator("[data-test=batch-list]")
        expect(listed.get_by_role("link", name=catalogue.name)).to_be_visible()
        assert visitor.violations() == []
        listed.get_by_role("button", name=re.compile("^Delete the predictions")).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(listed).to_have_count(0)
        people.get(f"{BATCHES}/{batch['id']}", 404)


def test_a_table_with_names_that_nobody_knows_is_refused_mapped_and_predicted(
    browser: Browser, page_server: Server, people: Client, trained: dict[str, Any]
):
    query = {"workspace_key": trained["key"]}
    before = people.get(BATCHES, params=query)["count"]
    rows = [
        f"{3 + i / 7:.3f},2.5,{0.08 + i / 400:.4f},{'planet' if i % 2 else 'EB'}" for i in range(60)
    ]
    text = "\n".join(["P_orb,T14,drop,verdict", *rows, "4,2.5,,EB", ""])
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/predict/batch")
        file: Any = {"name": "mine.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.locator("[data-test=batch-drop] input").set_input_files(file)
        page.get_by_role("button", name="Predict", exact=True).click()
        form = page.locator("[data-test=reading]")
        expect(form.get_by_role("heading", name="How is this file to be read?")).to_be_focused()
        visitor.is_expected("status of 422")
        expect(page.locator("[data-test=refused]")).to_contain_text("Period, Duration, Depth")
        outcome = form.locator("[data-test=reading-outcome]")
        expect(outcome).to_contain_text("Still to be chosen: Period, Duration, Depth.")
        predict = form.get_by_role("button", name="Predict, read in this way")
        expect(predict).to_be_disabled()
        expect(form.get_by_label("Label", exact=True)).to_have_value("")
        assert visitor.violations() == []

        pick(form, "Period (required)", "P_orb")
        pick(form, "Duration (required)", "T14")
        pick(form, "Depth (required)", "drop")
        expect(form.get_by_label("Depth: unit")).to_have_value("percent")
        expect(outcome).to_contain_text("60 rows would be predicted, 1 left out.")
        expect(outcome).to_contain_text("1 row is missing a required value")
        pick(form, "Label", "verdict")
        pick(form, "Meaning of planet", "Confirmed")
        expect(form.get_by_label("Meaning of EB")).to_contain_text("Keep the word")
        expect(predict).to_be_enabled()
        assert visitor.violations() == []
        assert people.get(BATCHES, params=query)["count"] == before
        predict.click()
        page.wait_for_url(re.compile(r"/predict/batch/\d+$"))
        expect(page.locator("[data-test=batch-summary]")).to_contain_text("61")
        batch_id = page.url.rpartition("/")[2]
        predicted = people.get(f"{BATCHES}/{batch_id}/rows")["rows"]
        assert [each["label"] for each in predicted[:2]] == ["EB", "CONFIRMED"]
        assert predicted[0]["values"]["depth"] == pytest.approx(800)
        assert predicted[0]["predicted_label"] is not None


def test_a_viewer_looks_at_how_a_table_is_read_and_predicts_it_read_otherwise(
    browser: Browser,
    page_server: Server,
    people: Client,
    trained: dict[str, Any],
    catalogue: Path,
    tmp_path: Path,
):
    token = people.post("/api/tokens", 201, json={"user": "reader"})["token"]
    member = {"user": "reader", "role": "viewer"}
    people.post(f"/api/workspaces/{trained['key']}/members", 201, json=member)
    with visit(browser, page_server, viewport=NARROW) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        visitor.open(f"{trained['home']}/predict/batch")
        page.locator("[data-test=batch-drop] input").set_input_files(catalogue)
        ask = page.get_by_role("button", name="How is this table read?")
        ask.press("Enter")
        form = page.locator("[data-test=reading]")
        expect(form.get_by_role("heading", name="How is this file to be read?")).to_be_focused()
        expect(form).to_contain_text("240 rows would be predicted, 0 left out.")
        expect(form.get_by_label("Meaning of 1", exact=True)).to_contain_text("Confirmed (assumed)")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        form.get_by_role("button", name="Cancel").press("Enter")
        expect(page.get_by_role("heading", level=2, name="Catalogue", exact=True)).to_be_focused()

        ask.press("Enter")
        pick(form, "Signal-to-noise ratio", "not in the file")
        predict = form.locator("[data-test=batch-start]")
        expect(predict).to_be_enabled()
        with page.expect_download() as download:
            predict.press("Enter")
        download.value.save_as(tmp_path / "read.csv")
        expect(page.get_by_text("lacks an input that they have")).to_be_visible()
        header, first = (tmp_path / "read.csv").read_text().splitlines()[:2]
        place = header.split(",").index("missing_inputs")
        assert "snr" in first.split(",")[place].split(";")


def test_a_running_catalogue_is_cancelled_on_its_page(
    browser: Browser, page_server: Server, people: Client, trained: dict[str, Any], tmp_path: Path
):
    large = small_catalogue(tmp_path, rows=30_000)
    with open(large, "rb") as content:
        form = {"workspace_key": trained["key"]}
        batch = people.post(BATCHES, 202, files={"file": content}, data=form)["batch"]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/predict/batch/{batch['id']}")
        expect(page.locator("[data-test=batch-progress]").get_by_role("status")).to_have_text(
            "Predicting"
        )
        expect(page.get_by_role("progressbar")).to_be_visible()
        page.locator("[data-test=batch-cancel]").click()
        expect(page.locator("[data-test=batch-ended]")).to_contain_text("Cancelled")
    wait_for(lambda: people.get(f"{BATCHES}/{batch['id']}")["batch"]["status"], "cancelled".__eq__)


UPLOAD = """async ([address, token, key, text]) => {
    const form = new FormData();
    form.set("workspace_key", key);
    form.set("file", new Blob([text]), "catalogue.csv");
    const headers = { Authorization: `Bearer ${token}`, "Idempotency-Key": "elsewhere" };
    const answer = await fetch(address, { method: "POST", headers, body: form });
    return [answer.status, answer.headers.get("Location"), answer.headers.get("Exotrain-Dialect")];
}"""


@pytest.mark.parametrize(
    ("path", "status", "header"),
    [
        ("/api/training/upload-dataset", 201, re.compile("/api/training/dataset/")),
        ("/api/predict/batch", 200, re.compile("separator=comma")),
        ("/api/predict/batches", 202, re.compile("/api/predict/batches/")),
    ],
)
def test_a_form_is_taken_from_a_page_of_another_origin(
    browser: Browser,
    page_server: Server,
    people: Client,
    trained: dict[str, Any],
    elsewhere: str,
    catalogue: Path,
    path: str,
    status: int,
    header: re.Pattern[str],
):
    text = catalogue.read_text() + "# of another origin\n"
    page = browser.new_page()
    try:
        page.goto(elsewhere)
        asked = [page_server.address + path, TOKEN, trained["key"], text]
        found, *headers = page.evaluate(UPLOAD, asked)
    finally:
        page.close()
    assert found == status
    assert header.search(" ".join(filter(None, headers)))
