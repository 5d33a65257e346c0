"""Light curves on the page: dropped, sent over a bad connection, read, matched, deleted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.browser import Visitor, home, press, settle, visit
from tests.e2e.light.curves.tables import (
    DEPTH,
    DURATION,
    EPOCH,
    PERIOD,
    STARS,
    bring_curves,
    curve_of,
    write_curves,
    write_rows,
)
from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e]

PHONE = {"width": 360, "height": 740}

PIECES = re.compile(r"/api/light-curves/uploads/\d+$")
PIECE_BYTES = 8 * 1024 * 1024

DROP = """
    ([zone, files]) => {
        const transfer = new DataTransfer();
        for (const [name, text] of files) transfer.items.add(new File([text], name));
        const said = { dataTransfer: transfer, bubbles: true, cancelable: true };
        for (const kind of ["dragenter", "dragover", "drop"])
            zone.dispatchEvent(new DragEvent(kind, said));
    }
"""


@pytest.fixture
def visitor(browser: Browser, light_server: Server) -> Iterator[Visitor]:
    with visit(browser, light_server) as found:
        found.sign_in()
        yield found


def zone(page: Page) -> Locator:
    return page.locator("[data-test=curves-drop]")


def drop(page: Page, files: dict[str, str]) -> None:
    """Drop files on the page, as from another window."""
    zone(page).evaluate(f"(zone, files) => ({DROP})([zone, files])", list(files.items()))


def ends(page: Page, status: str = "completed") -> None:
    """Wait for the end of the import of the open set."""
    expect(page.locator(f"[data-test=curve-import][data-status={status}]")).to_be_visible()


def fits(visitor: Visitor) -> None:
    """See that the open page keeps nobody out and is no wider than a phone."""
    settle(visitor.page)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert visitor.violations() == []


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-test={name}] dd")


def test_curves_are_dropped_read_matched_and_deleted_and_a_wrong_file_is_named(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Curves")
    people.upload(key, write_rows(tmp_path))
    visitor.open(f"{home(people, key)}/light-curves")
    visitor.heading("Light curves")
    expect(page.get_by_role("heading", name="No light curves yet")).to_be_visible()
    page.get_by_label("Name (optional)").fill("My stars")
    files = {f"KIC {star}.csv": curve_of(star) for star in STARS}
    drop(page, {**files, "übersicht.txt": "Not a light curve."})
    visitor.heading("My stars")
    ends(page)
    expect(figure(page, "curve-stars")).to_have_text("2")
    expect(figure(page, "curve-points")).to_have_text("4,000")
    expect(figure(page, "import-taken")).to_have_text("2")
    refused = page.locator("[data-test=curve-refusals]")
    expect(refused).to_contain_text("1 file was refused")
    expect(refused.locator("tbody tr")).to_have_count(1)
    expect(refused.locator("tbody tr")).to_contain_text("übersicht.txt")
    with page.expect_download() as saved:
        refused.get_by_role("button", name="Download as CSV").click()
    assert "übersicht.txt" in saved.value.path().read_text(encoding="utf-8")

    page.get_by_label("Dataset", exact=True).select_option(label="rows.csv")
    expect(figure(page, "match-rows")).to_have_text("2 of 3")
    expect(figure(page, "match-stars")).to_have_text("2 of 3")
    expect(figure(page, "match-unused")).to_have_text("0")
    matched = page.locator("[data-test=curve-matched]")
    expect(matched).to_contain_text("1 of these rows has no transit epoch")
    assert visitor.violations() == []

    press(page, page.get_by_role("button", name="Delete My stars"))
    dialog = page.get_by_role("dialog", name="Delete the curve set My stars?")
    expect(dialog).to_contain_text("It goes to the bin for 7 days.")
    press(page, dialog.get_by_role("button", name="Delete", exact=True))
    visitor.heading("Light curves")
    expect(page.get_by_role("heading", name="No light curves yet")).to_be_visible()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-test=curve-set]")).to_contain_text("2 stars")


def test_an_upload_goes_on_where_the_connection_broke_also_from_another_page(
    visitor: Visitor, people: Client
):
    page, key = visitor.page, people.workspace("Broken")
    ranges: list[str] = []

    def cut(route: Route) -> None:
        if route.request.method != "PUT":
            return route.continue_()
        ranges.append(route.request.headers["content-range"])
        return route.abort("connectionreset") if len(ranges) in (2, 3) else route.continue_()

    page.route(PIECES, cut)
    visitor.open(f"{home(people, key)}/light-curves")
    large = "0" * (2 * PIECE_BYTES)
    drop(page, {f"KIC {STARS[0]}.csv": curve_of(STARS[0]), "large.bin": large})
    item = page.locator("[data-test=curves-upload]")
    expect(item).to_contain_text("The connection was lost. The upload carries on by itself")
    visitor.open(f"{home(people, key)}/datasets")
    visitor.heading("Datasets")
    notice = page.locator(".notice", has_text="The light curves of light curves are ready (1 star)")
    notice.get_by_role("link", name="View").click()
    visitor.heading("light curves")
    ends(page)
    expect(page.locator("[data-test=curve-refusals]")).to_contain_text("large.bin")
    starts = [int(re.findall(r"\d+", each)[0]) for each in ranges]
    assert starts == [0, PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, 2 * PIECE_BYTES]
    visitor.is_expected("ERR_CONNECTION_RESET")


def test_a_row_shows_its_measured_curve_and_says_why_another_has_none(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Rows")
    dataset = people.upload(key, write_rows(tmp_path))["id"]
    rows = f"{home(people, key)}/datasets/{dataset}?tab=rows"
    visitor.open(f"{rows}&row=0")
    expect(page.locator("[data-test=row-curve]")).to_be_visible()
    expect(page.locator("[data-test=measured]")).to_have_count(0)

    bring_curves(people, key, write_curves(tmp_path))
    page.reload()
    measured = page.locator("[data-test=measured]")
    measured.get_by_label("Curve set").select_option(label="stars")
    summary = measured.locator(".summary")
    expect(summary).to_contain_text(
        re.compile(r"Measured depth [\d,]+ ± [\d.]+ ppm, from \d+ points")
    )
    depth = re.search(r"depth ([\d,]+)", summary.inner_text())
    assert depth is not None
    # A box is fitted by a star that is darker at its limb.
    assert abs(int(depth[1].replace(",", "")) / DEPTH - 1) < 0.2
    legend = measured.locator(".legend")
    expect(legend).to_contain_text("Single points")
    measured.get_by_label("Single points").uncheck()
    expect(legend).not_to_contain_text("Single points")
    expect(legend).to_contain_text("Measured (bin medians)")
    for view, said in (
        ("Whole orbit", "2,000 points folded"),
        ("Odd and even", "differ in depth by"),
        ("Secondary", "Half an orbit after"),
        ("Time series", "those in transit are marked"),
    ):
        press(page, measured.get_by_role("button", name=view, exact=True))
        expect(summary).to_contain_text(said)
    measured.get_by_text("What the light curve says").click()
    seen = measured.locator("[data-number=transits_seen] td")
    expect(seen).to_have_text("13")
    missing = measured.locator("[data-test=usual-missing]")
    expect(missing).to_contain_text("once the views of this dataset are prepared")
    assert visitor.violations() == []

    # What is usual comes with the views, by itself.
    press(page, missing.get_by_role("button", name="Prepare the views"))
    expect(measured.locator("[data-test=usual-lead]")).to_contain_text(
        "1 planet and 0 false positives of this dataset", timeout=60_000
    )
    expect(missing).to_have_count(0)
    expect(seen).to_have_text(["13", "fewer than 10 known", "fewer than 10 known"])
    assert visitor.violations() == []

    # The set stays chosen for the next rows: one without an epoch, one without a curve.
    visitor.open(f"{rows}&row=1")
    expect(measured).to_contain_text("This row has no epoch")
    expect(measured.get_by_role("heading", name="Time series")).to_be_visible()
    visitor.open(f"{rows}&row=2")
    expect(measured).to_contain_text("no light curve of star 9999")


def test_an_upload_that_is_stopped_leaves_nothing_and_can_begin_again(
    visitor: Visitor, people: Client
):
    page, key = visitor.page, people.workspace("Stopped")
    held: list[Route] = []
    page.route(PIECES, lambda route: held.append(route) if not held else route.continue_())
    visitor.open(f"{home(people, key)}/light-curves")
    with page.expect_request(lambda request: request.method == "PUT"):  # the one that is held
        drop(page, {f"KIC {STARS[0]}.csv": curve_of(STARS[0])})
    item = page.locator("[data-test=curves-upload]")
    expect(item).to_contain_text("Uploading")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as removed:
        item.get_by_role("button", name="Stop the upload").click()
    assert removed.value.status == 200
    expect(item).to_have_attribute("data-stage", "aborted")
    people.get(urlsplit(removed.value.url).path, 404)
    item.get_by_role("button", name="Try again").click()
    visitor.heading(f"KIC {STARS[0]}")
    ends(page)
    expect(figure(page, "curve-stars")).to_have_text("1")


def test_files_are_added_in_french_on_a_phone_and_the_set_has_a_new_version(
    browser: Browser, light_server: Server, people: Client, tmp_path: Path
):
    key = people.workspace("Ajout")
    first, second = write_curves(tmp_path)
    number = bring_curves(people, key, [first])
    context: dict[str, Any] = {"viewport": PHONE, "color_scheme": "dark", "locale": "fr-FR"}
    with visit(browser, light_server, **context) as visitor:
        page = visitor.page
        visitor.open()
        page.get_by_label("Jeton").fill("test_user_123")
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(re.compile(r"#/(workspaces|w/)"))
        visitor.open(f"{home(people, key)}/light-curves/{number}")
        visitor.heading("stars")
        expect(figure(page, "curve-versions")).to_have_text("1")
        page.locator("summary", has_text="Plus").click()
        page.get_by_label("Étoile", exact=True).fill("KIC 77")
        zone(page).locator("input[type=file]").first.set_input_files(second)
        expect(figure(page, "curve-versions")).to_have_text("2")
        ends(page)
        expect(figure(page, "curve-stars")).to_have_text("2")
        fits(visitor)
        visitor.open(f"{home(people, key)}/light-curves")
        expect(page.locator("[data-test=curve-set]")).to_contain_text("version 2")
        fits(visitor)
        dataset = people.upload(key, write_rows(tmp_path))["id"]
        visitor.open(f"{home(people, key)}/datasets/{dataset}?tab=rows&row=0")
        page.get_by_label("Jeu de courbes").select_option(label="stars")
        expect(page.locator("[data-test=measured] .summary")).to_contain_text("Profondeur mesurée")
        fits(visitor)


def test_light_curves_of_another_mission_are_warned_of(
    visitor: Visitor, people: Client, tmp_path: Path
):
    page, key = visitor.page, people.workspace("Missions")
    table = tmp_path / "toi.csv"
    table.write_text(
        "toi,tid,pl_orbper,pl_tranmid,pl_trandurh,pl_trandep,tfopwg_disp\n"
        f"7.01,{STARS[0]},{PERIOD},{EPOCH},{DURATION},{DEPTH},CP\n"
        f"8.01,{STARS[1]},{PERIOD},{EPOCH},{DURATION},{DEPTH},FP\n"
    )
    dataset = people.upload(key, table)["id"]
    visitor.open(f"{home(people, key)}/light-curves")
    names = [f"kplr{STARS[0]:09d}-2009131105131_llc.csv", f"TIC {STARS[1]}.csv"]
    drop(page, {name: curve_of(star) for name, star in zip(names, STARS, strict=True)})
    ends(page)
    said = "The light curves of 1 star are of another mission than the dataset"
    page.get_by_label("Dataset", exact=True).select_option(str(dataset))
    expect(page.locator("[data-test=curve-matched]")).to_contain_text(said)
    page.get_by_role("link", name="Train with these light curves").click()
    expect(page.locator(".message.warning").filter(has_text=said)).to_be_visible()
