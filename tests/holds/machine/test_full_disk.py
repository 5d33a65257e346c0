"""A disk that fills up while the server writes, on a small file system of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Client, Server, small_catalogue

pytestmark = pytest.mark.e2e

NO_MOUNT = "NO MOUNT: a small file system can be mounted only by root"

DISK_MB = 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own in memory; skips loudly where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(NO_MOUNT)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[Server]:
    """A server whose data folder is on that disk."""
    server = Server(small_disk)
    yield server
    server.stop()


def test_what_grows_beyond_the_disk_is_a_507_before_it_is_full_and_leaves_nothing(
    server: Server, tmp_path: Path
):
    client = Client(server)
    key = client.workspace()
    # A line of four bytes that is left out takes thirty times as much where the reason is kept.
    growing = tmp_path / "growing.csv"
    good = "star-{},3.5,2.5,900,{}\n"
    with open(growing, "w", encoding="utf-8") as file:
        file.write("star,period,duration,depth,label\n")
        file.writelines(good.format(n, n % 3) + "1,2\n" * 40 for n in range(9_000))
    before = shutil.disk_usage(server.data_dir).free
    with open(growing, "rb") as content:
        answer = client.post(
            "/api/training/upload-dataset",
            None,
            files={"file": content},
            data={"workspace_key": key},
        )
    assert answer.status_code == 507, answer.text
    assert "free disk space" in answer.json()["detail"]
    uploads = server.data_dir / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []
    assert shutil.disk_usage(server.data_dir).free > before - 2**20
    assert client.get("/api/health")["status"] == "healthy"
    assert client.upload(key, small_catalogue(tmp_path))["num_samples"] > 0
