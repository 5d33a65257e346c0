"""The page of a server with a cluster: what a session reserves and waits for, the nodes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from backend.config import REPOSITORY
from tests.e2e.browser import Visitor, home, visit
from tests.e2e.server import Client, Server, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

pytest.importorskip("ray")

NODE = {
    **{"name": "alpha", "cpus": 4, "cpus_free": 3, "gpus": 0, "gpus_free": 0},
    **{"memory_mb": 8000, "memory_mb_free": 6000, "processor": "Xeon", "refusal": None},
}
OLD = {**NODE, "name": "beta", "refusal": "it has Python 3.9.1, the server 3.11.2"}
CLUSTER = {
    **{"success": True, "runner": "ray", "reachable": True, "message": None, "since": None},
    "nodes": [NODE, OLD],
}


@pytest.fixture(scope="module")
def without_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose cluster cannot be reached: nothing listens there."""
    server = Server(
        tmp_path_factory.mktemp("data"),
        EXOTRAIN_RUNNER="ray",
        EXOTRAIN_RAY_ADDRESS="127.0.0.1:1",
        EXOTRAIN_TRAININGS="auto",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def place(without_head: Server) -> dict[str, Any]:
    client = Client(without_head)
    key = client.workspace("Cluster")
    dataset = client.upload(key, Path(REPOSITORY / "example_dataset.csv"))
    wait_for(
        lambda: client.get("/api/health")["reasons"],
        lambda reasons: [each["code"] for each in reasons] == ["cluster"],
        60,
    )
    return {"client": client, "key": key, "home": home(client, key), "dataset": dataset}


@pytest.fixture
def visitor(browser: Browser, without_head: Server) -> Iterator[Visitor]:
    with visit(browser, without_head) as found:
        found.sign_in()
        yield found


def test_a_session_reserves_what_is_typed_says_what_it_waits_for_and_is_cancelled(
    visitor: Visitor, place: dict[str, Any]
):
    page = visitor.page
    visitor.open(f"{place['home']}/train")
    banner = page.locator(".message.warning")
    expect(banner).to_contain_text("The cluster cannot be reached.")
    expect(banner).to_contain_text("Since ")
    resources = page.locator("[data-test=resources]")
    resources.locator("summary").click()
    page.get_by_label("GPUs").fill("1.5")
    page.locator("[data-test=start]").click()
    expect(resources.locator(".field-error")).to_contain_text("a part of one from 0.01")
    page.get_by_label("GPUs").fill("1")
    page.get_by_label("Memory in MB").fill("1500")
    page.locator("[data-test=start]").click()
    waiting = page.locator("[data-test=waiting-for]")
    expect(waiting).to_contain_text("Waiting for the cluster.")
    settings = page.locator("[data-test=settings]")
    expect(settings).to_contain_text("Memory in MB")
    expect(settings).not_to_contain_text("Processors")  # nothing was asked
    href = settings.get_by_role("link", name="New session with these settings").get_attribute(
        "href"
    )
    assert href is not None
    assert {"gpus=1", "memory_mb=1500"} <= set(href.partition("?")[2].split("&"))
    assert "cpus" not in href
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the session").click()
    expect(page.locator("main")).to_contain_text("Cancelled")
    expect(waiting).to_have_count(0)


def test_the_list_shows_the_nodes_and_why_some_are_not_used(
    visitor: Visitor, place: dict[str, Any]
):
    page = visitor.page
    body = {"workspace_key": place["key"], "dataset_id": place["dataset"]["id"], "gpus": 1}
    place["client"].post("/api/training/start", 202, json=body)
    page.route("**/api/cluster", lambda route: route.fulfill(json=CLUSTER))
    visitor.open(f"{place['home']}/sessions")
    row = page.locator("tr[data-test]").first
    expect(row).to_contain_text("Waiting for the cluster.")
    cluster = page.locator("[data-test=cluster]")
    expect(cluster.locator("summary")).to_have_text("Cluster: 1 node, 3 of 4 processors free")
    cluster.locator("summary").press("Enter")
    expect(cluster.get_by_role("row", name="alpha")).to_contain_text("Sessions may train here.")
    refused = cluster.get_by_role("row", name="beta")
    expect(refused).to_contain_text(f"Not used: {OLD['refusal']}")


def test_in_french_too(visitor: Visitor, place: dict[str, Any]):
    page = visitor.page
    lost = {**CLUSTER, "reachable": False, "message": "No.", "since": "2026-11-27T10:00:00Z"}
    page.route("**/api/cluster", lambda route: route.fulfill(body=json.dumps(lost)))
    visitor.open(f"{place['home']}/sessions")
    page.get_by_role("combobox", name="Language").select_option("fr")
    cluster = page.locator("[data-test=cluster]")
    expect(cluster.locator("summary")).to_have_text("Cluster : inaccessible")
