"""The whole way on the page with a real table: an honest probability for every row, the rows to
doubt, ten labels corrected by keyboard alone, one model of all folds, and whether it helped.
"""

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.browser import Visitor, home, press, tab_to, visit
from tests.e2e.server import Client, Server, free_port, wait_for

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.tensorflow,
    pytest.mark.archive,
    pytest.mark.slow,
    pytest.mark.long,
]

_STUDIES = "/api/training/studies"

# The first of the table, as it was downloaded; all of them take half an hour.
ROWS = 1000
CORRECTED = 10
REASONS = {
    "CONFIRMED": ("2", "the odd and even depths differ"),
    "FALSE POSITIVE": ("1", "the transits are flat, of one depth"),
}


def test_from_the_table_to_the_verdict_on_ones_corrections(
    browser: Browser, start_server: Callable[..., Server], archive_data: Path, tmp_path: Path
):
    server = start_server(EXOTRAIN_PORT=str(free_port()), EXOTRAIN_WARM_WORKERS="1")
    people = Client(server)
    key = people.workspace("Kepler")
    dataset = people.upload(key, beginning_of(archive_data / "koi_cumulative.csv", tmp_path))["id"]
    workspace = home(people, key)
    address = f"{workspace}/datasets/{dataset}"
    with visit(browser, server) as visitor:
        page = visitor.page
        visitor.sign_in()
        first = start_study(visitor, address, "as_archived")
        kill_in_the_middle(server, people, first)
        figures = page.locator("[data-test=study-log_loss]")
        expect(figures).to_be_visible(timeout=400_000)
        visitor.is_expected("ERR_|Failed to load resource")
        study = wait_for(lambda: study_of(people, first), ended, 400)
        assert (study["status"], study["counts"]["completed"]) == ("completed", 4)
        mean = study["figures"]["figures"]["log_loss"]["mean"]
        expect(figures).to_contain_text(f"{mean:.3f}")
        rows = people.get(f"{_STUDIES}/{first}/predictions", params={"limit": 1})
        assert (
            rows["total"]
            == people.get(f"/api/training/dataset/{dataset}")["dataset"]["num_samples"]
        )
        expect(page.locator("[data-test=study-rows]")).to_contain_text(f"{rows['total']:,} rows")

        doubts = people.get(f"{_STUDIES}/{first}/doubts", params={"limit": CORRECTED})["rows"]
        assert len(doubts) == CORRECTED
        for place, doubt in enumerate(doubts):
            correct(visitor, page.locator("[data-test=doubt]").nth(place), doubt)
        said = people.get(f"/api/training/dataset/{dataset}/labels")
        assert {each["row"]: each["label"] for each in said["rows"]} == {
            each["row"]: each["suggested_name"] for each in doubts
        }
        assert visitor.violations() == []

        visitor.open(f"{address}?tab=labels")
        tab_to(page, page.get_by_label("Name of the version"))
        page.keyboard.type("ten corrections")
        press(page, page.get_by_role("button", name="Freeze a version"))
        expect(page.locator("[data-test=labels-now]")).to_contain_text("They are version 1.")

        second = start_study(visitor, address, "corrected")
        wait_for(lambda: study_of(people, second), ended, 400)
        page.locator("[data-test=study-compare]").get_by_label("Other study").select_option(
            str(first)
        )
        found = page.locator("[data-test=study-comparison]")
        expect(found).to_be_visible()
        comparison = people.get(f"{_STUDIES}/{second}/comparison", params={"other": first})
        comparison = comparison["comparison"]
        assert comparison["versions"] == [1, 0]
        by_labels = {each["labels"]: each for each in comparison["scorings"]}
        untouched = by_labels["untouched"]
        assert comparison["verdict"] == untouched["verdict"]
        assert untouched["rows"] == rows["total"] - CORRECTED
        for labels, scored in by_labels.items():
            shown = page.locator(f"[data-test=scoring-{labels}]")
            expect(shown).to_contain_text(f"{scored['rows']:,}")
        assert visitor.violations() == []

        visitor.open(f"{workspace}/studies/{second}")
        press(page, page.get_by_role("button", name="Make one model of all folds"))
        page.wait_for_url(re.compile(r"/sessions/\d+$"))
        joined = people.wait(int(page.url.rpartition("/")[2]))
        assert joined["status"] == "completed"
        visitor.open(f"{workspace}/sessions/{joined['id']}/evaluation")
        expect(page.get_by_text("these figures are a lower bound")).to_be_visible()


def beginning_of(table: Path, folder: Path) -> Path:
    """The remarks, the header and the first rows of a table of the archive."""
    lines = table.read_text().splitlines(keepends=True)
    remarks = sum(line.startswith("#") for line in lines)
    cut = folder / table.name
    cut.write_text("".join(lines[: remarks + 1 + ROWS]))
    return cut


def start_study(visitor: Visitor, address: str, name: str) -> int:
    """Ask on the page for two folds and two seeds; the page is then that of the study."""
    page = visitor.page
    visitor.open(address)
    page.get_by_role("link", name="Test every row (study)").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Folds").fill("2")
    page.get_by_label("Seeds").fill("2")
    page.get_by_label("Epochs").fill("3")
    expect(page.locator("[data-test=study-cost]")).to_contain_text(
        "2 folds \u00d7 2 seeds = 4 sessions"
    )
    page.locator("[data-test=start]").click()
    page.wait_for_url(re.compile(r"/studies/\d+$"))
    return int(page.url.rpartition("/")[2])


def study_of(people: Client, study_id: int) -> dict[str, Any]:
    return people.get(f"{_STUDIES}/{study_id}")["study"]


def ended(study: dict[str, Any]) -> bool:
    return study["status"] in ("completed", "failed", "cancelled")


def kill_in_the_middle(server: Server, people: Client, study_id: int) -> None:
    """Kill the server in the second session of a study, and start it again."""
    second = wait_for(
        lambda: study_of(people, study_id)["sessions"][1],
        lambda session: session["epochs_completed"] >= 1,
        400,
    )
    assert second["status"] == "training"
    server.stop(signal.SIGKILL)
    server.start()


def correct(visitor: Visitor, shown: Locator, doubt: dict[str, Any]) -> None:
    """Open a doubt, read it, say what the networks say, and close it: by keyboard alone."""
    page = visitor.page
    summary = shown.locator("summary")
    tab_to(page, summary)
    page.keyboard.press("Enter")
    votes = shown.locator("[data-test=row-votes]")
    expect(votes).to_contain_text("No votes on this row yet")
    digit, reason = REASONS[doubt["label_name"]]
    page.keyboard.press(digit)
    form = page.locator("[data-test=label-form]")
    expect(form.get_by_label("Reason")).to_be_focused()
    page.keyboard.type(reason)
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    expect(votes).to_contain_text("decided by the owner")
    expect(votes).to_contain_text(reason)
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(votes).to_have_count(0)
