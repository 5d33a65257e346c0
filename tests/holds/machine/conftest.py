"""Servers whose workers are watched, and small disks."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server
from tests.soak.hooks import environment

NO_MOUNT = "NO MOUNT: a small file system can be mounted only by root"


@pytest.fixture
def journal_folder(tmp_path: Path) -> Path:
    """Where the workers of `watched` write what they do."""
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder


@pytest.fixture
def watched(journal_folder: Path) -> Callable[..., dict[str, str]]:
    """The variables of a server whose workers are watched, with further hooks and their values."""

    def variables(trainer: str, *hooks: str, **values: object) -> dict[str, str]:
        return environment(
            *hooks, "watched_jobs", TRAINER=trainer, JOURNAL=journal_folder, **values
        )

    return variables


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts file systems in memory, of some MB; skips loudly where that is not allowed."""
    mounted: list[Path] = []

    def make(megabytes: int) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip(NO_MOUNT)
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def run_server() -> Iterator[Callable[..., Server]]:
    """Starts servers on a given data folder; they are ended before it is unmounted."""
    servers: list[Server] = []

    def start(data_dir: Path, **variables: str) -> Server:
        servers.append(Server(data_dir, **variables))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
