"""What the server keeps to itself: no connection leaves the machine, no file is open to others.

One server does a user's whole work, started with the most permissive umask and, where the host
allows it, under strace, which sees the connections of its workers too.
"""

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

NO_STRACE = "NO STRACE: install strace to see that the server connects to no other host"
FORBIDDEN = "this host lets no process be traced: that the server connects to no other host"

UMASK_OF_NOBODY = ("sh", "-c", 'umask 0; exec "$@"', "sh")

CANDIDATE = {"period": 3.2, "duration": 2.5, "depth": 900.0}

# Where packets can be sent to; with no such address, it is a socket that was connected before.
ADDRESS = re.compile(r"sa_family=(\w+)(.*?)\}")
STAYS_HERE = re.compile(r'"127\.|"::1"|"::ffff:127\.')
NAME_LOOKUP = re.compile(r"htons\((53|853)\)|resolve")
LOCAL_FAMILIES = ("AF_UNIX", "AF_NETLINK", "AF_UNSPEC")


def strace(log: Path) -> list[str]:
    """The command before a command: notes in `log` where it and its children connect or send to.

    With `-D` the traced process stays our child, so that it can be signalled.
    """
    calls = "trace=execve,connect,sendto,sendmsg,sendmmsg"
    return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-s", "40", "-e", calls, "-o", str(log)]


def outbound(log: Path) -> list[str]:
    """The lines of a trace that lead away from this machine, or ask a resolver for a name."""
    return [line for line in log.read_text(errors="replace").splitlines() if _leads_away(line)]


def _leads_away(line: str) -> bool:
    for family, rest in ADDRESS.findall(line):
        stays = family in LOCAL_FAMILIES or STAYS_HERE.search(rest)
        if not stays or NAME_LOOKUP.search(rest):
            return True
    return False


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """A file for the trace, or why there can be none."""
    if shutil.which("strace") is None:
        return NO_STRACE
    folder = tmp_path_factory.mktemp("trace")
    tried = subprocess.run([*strace(folder / "true"), "true"], capture_output=True)
    return folder / "server" if tried.returncode == 0 else FORBIDDEN


class Worked(NamedTuple):
    """What one server did.

    Attributes:
        data_dir: its data folder; it made it itself.
        modes: of every path in it that was seen while it worked.
        server: it still runs.
    """

    data_dir: Path
    modes: dict[str, int]
    server: Server


@pytest.fixture(scope="module")
def worked(trace: Path | str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worked]:
    """A server after a user's work: the page, an upload, a session, predictions, a download."""
    folder = tmp_path_factory.mktemp("confined")
    data_dir = folder / "made" / "by" / "exotrain"
    prefix = [*UMASK_OF_NOBODY, *(strace(trace) if isinstance(trace, Path) else ())]
    server = Server(folder, prefix, EXOTRAIN_DATA_DIR=str(data_dir))
    try:
        modes: dict[str, int] = {}
        work(server, small_catalogue(folder), partial(note_modes, data_dir, modes))
        yield Worked(data_dir, modes, server)
    finally:
        server.stop(seconds=30)


def work(server: Server, catalogue: Path, note) -> None:
    """Do what a user does, and call `note` whenever there may be something new to see."""
    client = Client(server)
    look_at_the_page(server)
    key = client.workspace()
    dataset_id = client.upload(key, catalogue)["id"]
    session_id = client.train(key, dataset_id, epochs=300, patience=300)
    client.wait(session_id, lambda _: any(name.endswith(".ckpt") for name in note()))
    client.post(f"/api/training/session/{session_id}/stop")
    session = client.wait(session_id, lambda _: not note())
    assert session["status"] == "completed", session["error"]
    client.post("/api/predict", json={"workspace_key": key, **CANDIDATE})
    with open(catalogue, "rb") as file:
        batch = client.call(
            "POST", "/api/predict/batch", files={"file": file}, data={"workspace_key": key}
        )
    assert batch.status_code == 200
    client.call("GET", f"/api/models/{session['model_id']}/download")
    note()


def look_at_the_page(server: Server) -> None:
    """Load the page, the viewer of the API, and every file that they name."""
    for page in ("/", "/api/docs"):
        html = requests.get(server.address + page, timeout=60).text
        for path in re.findall(r'(?:src|href)="(/[^"]+)"', html):
            assert requests.get(server.address + path, timeout=60).ok, path


def note_modes(data_dir: Path, modes: dict[str, int]) -> dict[str, int]:
    """Add the mode of everything that is in the data folder now; gives all that was noted."""
    for path in (data_dir, *data_dir.rglob("*")):
        try:
            modes[str(path.relative_to(data_dir))] = path.lstat().st_mode
        except FileNotFoundError:
            continue  # it was temporary
    return modes


def open_to_others(modes: dict[str, int]) -> dict[str, str]:
    """The paths that are neither files with 0600 nor folders with 0700."""
    return {
        path: stat.filemode(mode)
        for path, mode in modes.items()
        if stat.S_IMODE(mode) != (0o700 if stat.S_ISDIR(mode) else 0o600)
    }


def test_no_connection_leaves_the_machine(worked: Worked, trace: Path | str):
    if isinstance(trace, str):
        pytest.skip(trace)
    assert '"backend.worker"' in trace.read_text(), "the workers were not traced"
    assert outbound(trace) == []


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket().connect_ex(('192.0.2.1', 443))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 9))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('127.0.0.53', 53))",
    ],
)
def test_a_connection_of_a_child_would_be_seen(code: str, trace: Path | str, tmp_path: Path):
    if isinstance(trace, str):
        pytest.skip(trace)
    program = f"import socket\nsocket.setdefaulttimeout(0.1)\n{code}"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    log = tmp_path / "log"
    subprocess.run([*strace(log), sys.executable, "-c", child], check=True, timeout=60)
    wait_for(lambda: outbound(log) if log.exists() else [], bool)


def test_every_file_is_the_servers_alone_whatever_the_umask(worked: Worked):
    kinds = (".csv", ".npy", ".jsonl", ".keras", ".json", ".ckpt", ".db", ".db-wal", ".db-shm")
    for kind in (*kinds, ".lock"):
        assert any(path.endswith(kind) for path in worked.modes), kind
    assert open_to_others(worked.modes) == {}


def test_a_data_folder_that_was_open_is_closed_at_the_next_start(worked: Worked):
    worked.server.stop(seconds=30)
    for path in worked.data_dir.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    worked.server.start()
    assert open_to_others(note_modes(worked.data_dir, {})) == {}
