"""Light curves on a real server: real files as downloaded, and a kill amid an import."""

import io
import signal
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.server import Client, Server, wait_for

pytestmark = pytest.mark.e2e

CURVES = "/api/light-curves"

STARS = 400

# Of planets of Kepler-90 (KIC 11442793) that its three quarters show well: the KOI table's name,
# and how far the measured depth may be from the table's, which is of a fit to four years.
KEPLER_90 = {"K00351.01": 0.06, "K00351.02": 0.06, "K00351.03": 0.15}


def imported(client: Client, curve_set_id: int) -> dict[str, Any]:
    """A curve set whose import has ended."""
    return wait_for(
        lambda: client.get(f"{CURVES}/{curve_set_id}")["curve_set"],
        lambda found: found["job"]["status"] not in ("pending", "running"),
        120,
    )


@pytest.mark.archive
def test_files_as_downloaded_give_the_depths_of_their_planets(
    start_server: Callable[..., Server], archive_data: Path
):
    client = Client(start_server())
    key = client.workspace()
    dataset = client.upload(key, archive_data / "koi_cumulative.csv")
    paths = sorted((archive_data / "lightcurves" / "fits").glob("*.fits"))
    files = [("file", (path.name, path.read_bytes())) for path in paths]
    posted = client.post(CURVES, 202, files=files, data={"workspace_key": key})
    found = imported(client, posted["curve_set"]["id"])
    assert found["job"]["status"] == "completed", found["job"]
    assert (found["stars"], found["segments"], found["job"]["refused"]) == (2, 4, 0)
    path = f"{CURVES}/{found['id']}"
    match = client.get(f"{path}?dataset_id={dataset['id']}")["curve_set"]["match"]
    assert (match["matched_stars"], match["unused_stars"]) == (1, 1)
    assert (match["rows_without_epoch"], match["other_mission_stars"]) == (0, 0)
    seen = {}
    for row, name in rows_of_star(client, dataset["id"], "11442793"):
        if name in KEPLER_90:
            curve = client.get(f"{path}/curve?dataset_id={dataset['id']}&row={row}")
            numbers = {each["name"]: each["value"] for each in curve["prepared"]["numbers"]}
            seen[name] = abs(numbers["depth_ratio"] - 1)
            assert len(curve["series"]["time"]) == curve["series"]["points"]
    assert seen.keys() == KEPLER_90.keys()
    assert all(seen[name] < KEPLER_90[name] for name in seen), seen


def rows_of_star(client: Client, dataset_id: int, star: str) -> list[tuple[int, str]]:
    """The places and names of a star's rows."""
    found, offset = [], 0
    while rows := client.get(f"/api/training/dataset/{dataset_id}/rows?offset={offset}&limit=1000")[
        "rows"
    ]:
        for place, each in enumerate(rows, offset):
            if each["star"] == star:
                found.append((place, each["name"]))
        offset += len(rows)
    return found


def test_a_killed_server_goes_on_with_an_import_and_loses_nothing(
    start_server: Callable[..., Server],
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    posted = client.post(
        CURVES, 202, files={"file": ("stars.tar", tar_of_stars())}, data={"workspace_key": key}
    )
    path = f"{CURVES}/{posted['curve_set']['id']}"
    seen = wait_for(
        lambda: client.get(path)["curve_set"]["job"],
        lambda job: job["taken"] > 0 or job["status"] == "completed",
    )
    assert seen["status"] == "running", "the import was over before it could be killed"
    server.stop(signal.SIGKILL)
    server.start()
    client = Client(server)
    found = imported(client, posted["curve_set"]["id"])
    assert found["job"]["status"] == "completed", found["job"]
    assert (found["number"], found["stars"], found["job"]["taken"]) == (1, STARS, STARS)
    assert [each["file"] for each in found["job"]["refusals"]] == ["stars.tar/notes.txt"]
    folder = server.data_dir / "uploads" / "1"
    assert not list(folder.glob("*.import"))
    assert {each.suffix for each in (folder / f"curves-{found['id']}").iterdir()} == {
        ".json",
        ".curves",
    }


def tar_of_stars() -> bytes:
    """A light curve of each of many stars, and a file that is none."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for star in range(STARS):
            flux = 1 + 1e-3 * np.random.default_rng(star).normal(size=2000)
            lines = [f"{2457000 + i / 50:.3f},{each:.7f}" for i, each in enumerate(flux)]
            add(tar, f"TIC {star + 1}.csv", "\n".join(["bjd,flux", *lines, ""]).encode())
        add(tar, "notes.txt", b"nothing to fold\n")
    return target.getvalue()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
