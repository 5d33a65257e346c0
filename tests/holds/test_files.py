"""Files that are damaged, missing, strange or in the way: what is good is never lost to them."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backend.config import REPOSITORY
from tests.e2e.server import TOKEN, Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

NO_MOUNT = "NO MOUNT: a small file system can be mounted only by root"

SPEC = {"epochs": 1, "batch_size": 64, "seed": 3, "test_split": 0}

CANDIDATE = {"period": 3.0, "duration": 2.0, "depth": 500.0}

# What the promise calls seconds, on a machine that is busy.
START_FAILS_WITHIN = 60


class Trained(NamedTuple):
    """A data folder whose server has ended, with two models; the first is the current one."""

    folder: Path
    key: str
    dataset: dict[str, Any]
    models: tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("trained")
    data_dir = folder / "data"
    data_dir.mkdir()
    server = Server(data_dir)
    try:
        client = Client(server)
        key = client.workspace()
        dataset = client.upload(key, small_catalogue(folder))
        for seed in (1, 2):
            client.complete(key, dataset["id"], **{**SPEC, "seed": seed})
        listed = client.get(f"/api/models?workspace_key={key}")["models"]
    finally:
        server.stop()
    return Trained(data_dir, key, dataset, (listed[1], listed[0]))


@pytest.fixture
def data_dir(trained: Trained, tmp_path: Path) -> Path:
    """A copy of that data folder."""
    return shutil.copytree(trained.folder, tmp_path / "data", copy_function=shutil.copy2)


@pytest.fixture
def serve(data_dir: Path) -> Iterator[Callable[..., Server]]:
    """Starts the server on it."""
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        servers.append(Server(data_dir, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def flip_a_bit(path: Path, _other: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path: Path, _other: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def exchange(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def remove(path: Path, _other: Path) -> None:
    path.unlink()


# A file that is damaged; further ways are left to `make test-long`.
DAMAGES = [
    *(flip_a_bit, remove),
    *(pytest.param(each, marks=pytest.mark.long) for each in (cut_off, exchange)),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_used_for_nothing_and_harms_no_copy(
    damage: Callable[[Path, Path], None],
    trained: Trained,
    data_dir: Path,
    serve: Callable[..., Server],
    tmp_path: Path,
):
    current, other = trained.models
    path = data_dir / other["path"]
    whole = path.read_bytes()
    copy = path.with_name("exoplanet_model.keras")
    good = copy.read_bytes()
    damage(path, data_dir / current["path"])
    server = serve()
    client = Client(server)
    require_refused(client, trained, other, tmp_path)
    assert copy.read_bytes() == good
    assert client.get(f"/api/models/{other['id']}")["model"]["is_current"] is False
    predicted = client.post("/api/predict", json={"workspace_key": trained.key, **CANDIDATE})
    assert predicted["model_id"] == current["id"]
    path.write_bytes(whole)
    client.post(f"/api/models/{other['id']}/promote")
    assert copy.read_bytes() == whole
    assert client.get(f"/api/models/{other['id']}/download", None).content == whole
    asked = {"workspace_key": trained.key, "model_id": other["id"], **CANDIDATE}
    client.post("/api/predict", json=asked)


def require_refused(client: Client, trained: Trained, model: dict[str, Any], folder: Path) -> None:
    """Every way to use the model is a 409 that says why."""
    asked = {"workspace_key": trained.key, "model_id": str(model["id"])}
    with open(small_catalogue(folder), "rb") as file:
        answers = [
            client.post(f"/api/models/{model['id']}/promote", None),
            client.get(f"/api/models/{model['id']}/download", None),
            client.post("/api/predict", None, json={**asked, "model_id": model["id"], **CANDIDATE}),
            client.post("/api/predict/batch", None, files={"file": file}, data=asked),
        ]
    for answer in answers:
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] == "model_corrupt"
        assert "Restore it from a backup" in answer.json()["detail"]
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_start_copies_no_damaged_model(
    damage: Callable[[Path, Path], None],
    trained: Trained,
    data_dir: Path,
    serve: Callable[..., Server],
):
    """A promotion was interrupted: the copy is still that of the model before."""
    current, other = trained.models
    path = data_dir / current["path"]
    copy = path.with_name("exoplanet_model.keras")
    shutil.copyfile(data_dir / other["path"], copy)
    good, whole = copy.read_bytes(), path.read_bytes()
    damage(path, data_dir / other["path"])
    server = serve()
    assert copy.read_bytes() == good
    assert f"model {current['id']}, which is current, cannot be used" in server.log.read_text()
    server.stop()
    path.write_bytes(whole)
    serve()
    assert copy.read_bytes() == whole


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of uploads and models, with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for top in ("uploads", "model")
        for path in (folder / top).rglob("*")
        if path.is_file()
    }


def test_a_new_database_beside_old_files_loses_none_of_them(
    data_dir: Path, serve: Callable[..., Server], tmp_path: Path
):
    for path in data_dir.glob("exotrain.db*"):
        path.unlink()
    before = contents(data_dir)
    server = serve()
    assert contents(data_dir) == before
    assert "they stay" in server.log.read_text()
    # Nor does it once something was uploaded to it.
    client = Client(server)
    client.upload(client.workspace(), small_catalogue(tmp_path, seed=6))
    server.stop()
    serve()
    assert before.items() <= contents(data_dir).items()


def test_what_a_killed_server_left_goes_and_what_is_strange_stays(
    data_dir: Path, serve: Callable[..., Server]
):
    gone = [
        f"uploads/1/{'0' * 64}.csv",
        f"uploads/1/{'0' * 64}.npy",
        f"uploads/incoming/{'0' * 32}",
        "model/1/.m_20260101_120000.keras.01234567.partial",
        "model/1/m_20260101_120000.keras",
        "model/checkpoints/.1.1.ckpt.01234567.partial",
        "model/checkpoints/1.1.ckpt",
        "exotrain.tmp/tmpabc/model.keras",
    ]
    stays = [
        "uploads/1/sub/koi.csv",
        "uploads/1/koi.csv",
        "uploads/incoming/sub/koi.csv",
        "model/1/sub/best.keras",
        "uploads/\x1b[2Knotes.txt",
    ]
    before = contents(data_dir)
    for name in (*gone, *stays):
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    server = serve()
    assert contents(data_dir) == before | dict.fromkeys(stays, b"x")
    assert not any((data_dir / name).exists() for name in gone)
    (line,) = [each for each in server.log.read_text().splitlines() if "they stay" in each]
    assert "5 files or folders" in line  # a sub-folder counts once
    assert "uploads/1/koi.csv" in line
    assert "\x1b" not in line
    assert Client(server).get("/api/health")["status"]


@pytest.mark.parametrize(
    "missing", [".npy", pytest.param(".rejected.jsonl", marks=pytest.mark.long)]
)
def test_missing_rows_are_made_again_and_train(
    missing: str, trained: Trained, data_dir: Path, serve: Callable[..., Server]
):
    (path,) = (data_dir / "uploads" / "1").glob(f"*{missing}")
    before = path.read_bytes()
    path.unlink()
    client = Client(serve())
    wait_for(path.exists, bool)
    assert path.read_bytes() == before
    client.complete(trained.key, trained.dataset["id"], **SPEC)


def test_a_dataset_without_its_file_and_rows_is_a_409_that_names_it(
    trained: Trained, data_dir: Path, serve: Callable[..., Server]
):
    for path in (data_dir / "uploads" / "1").iterdir():
        path.unlink()
    client = Client(serve())
    rows = f"/api/training/dataset/{trained.dataset['id']}/rows"
    answer = wait_for(lambda: client.get(rows, None), lambda seen: seen.status_code != 503)
    assert answer.status_code == 409
    assert trained.dataset["name"] in answer.json()["detail"]
    body = {"workspace_key": trained.key, "dataset_id": trained.dataset["id"]}
    assert client.post("/api/training/start", None, json=body).status_code == 409


def fails_to_start(
    data_dir: Path, *prefix: str, code: str | None = None, limit: int = START_FAILS_WITHIN
) -> str:
    """Start a server that cannot; the last line of what it says, which must say why."""
    command = [sys.executable, str(REPOSITORY / "backend" / "app.py")]
    if code is not None:
        command = [sys.executable, "-c", code]
    ran = subprocess.run(
        [*prefix, *command],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("EXOTRAIN_")},
            "EXOTRAIN_DATA_DIR": str(data_dir),
            "EXOTRAIN_TOKEN": TOKEN,
            "EXOTRAIN_PORT": "0",
            "EXOTRAIN_WARM_WORKERS": "0",
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=limit,
    )
    assert ran.returncode == 1, ran.stderr
    last = ran.stderr.rstrip().splitlines()[-1]
    assert last.startswith("exotrain cannot start: "), ran.stderr
    if code is None:  # what can be expected to happen needs no traceback
        assert "Traceback" not in ran.stderr
    return last


def make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


@pytest.mark.parametrize(
    "name", ["uploads", "model", "uploads/incoming", "model/checkpoints", "exotrain.tmp"]
)
def test_a_file_where_a_folder_must_be_is_named(name: str, tmp_path: Path):
    make_file(tmp_path / "data" / name)
    said = fails_to_start(tmp_path / "data")
    assert str(tmp_path / "data" / name) in said
    assert "expected a folder" in said


@pytest.mark.parametrize("name", ["exotrain.lock", "exotrain.db"])
def test_a_folder_where_a_file_must_be_is_named(name: str, tmp_path: Path):
    (tmp_path / "data" / name).mkdir(parents=True)
    assert name in fails_to_start(tmp_path / "data")


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path):
    make_file(tmp_path / "data")
    assert str(tmp_path / "data") in fails_to_start(tmp_path / "data")


def test_a_largest_size_of_files_that_is_too_small_is_named(tmp_path: Path):
    limited = ("sh", "-c", 'ulimit -f 8; exec "$@"', "sh")
    said = fails_to_start(tmp_path / "data", *limited)
    assert "largest size" in said
    assert "MB free" in said


def test_a_full_disk_is_named(tmp_path: Path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(NO_MOUNT)
    try:
        said = fails_to_start(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert f"disk {place} (0 MB free) is full" in said


# Where the start can fail: what is replaced by what fails, and the error.
STEPS = {
    "the application": ("launcher.create_app", "OSError(5, 'Input/output error')"),
    "the folders": ("launcher.Storage.prepare", "PermissionError(13, 'Permission denied', 'up')"),
    "what is left": ("launcher.remove_leftovers", "IsADirectoryError(21, 'Is a directory')"),
    "sizes": ("launcher.measure_stored", "KeyError('a bug')"),
    "the current models": ("launcher._restore_current_models", "OSError(5, 'Input/output error')"),
    "the port": ("launcher.Server.__init__", "OSError(24, 'Too many open files')"),
    "the predictor": ("launcher.Predictor.start", "RuntimeError('cannot start new thread')"),
    "the supervisor": ("launcher.Supervisor.start", "RuntimeError('cannot start new thread')"),
    "the server": ("launcher.Server.start", "MemoryError()"),
    "the last word": ("launcher._announce", "BrokenPipeError(32, 'Broken pipe')"),
}

FAIL = """
import sys
from backend import launcher
def fail(*_arguments, **_named):
    raise {error}
{name} = fail
{more}
launcher.main()
"""


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=pytest.mark.long if number % 2 else [])
        for number, step in enumerate(STEPS)
    ],
)
def test_whatever_fails_at_the_start_ends_the_process_in_words(step: str, tmp_path: Path):
    name, error = STEPS[step]
    said = fails_to_start(tmp_path / "data", code=FAIL.format(name=name, error=error, more=""))
    words = error.partition("(")[2].strip(")").split("'")
    assert (words[1] if len(words) > 1 else "MemoryError") in said


def test_what_cannot_be_closed_after_it_does_not_keep_the_process(tmp_path: Path):
    name, error = STEPS["the last word"]
    more = (
        "import threading\n"
        "launcher.Supervisor.close = lambda _self: threading.Event().wait()\n"
        "launcher.MOST_STOPPING_SECONDS = 1.0"
    )
    said = fails_to_start(tmp_path / "data", code=FAIL.format(name=name, error=error, more=more))
    assert "Broken pipe" in said


def test_temporary_files_lie_in_the_data_folder_and_those_of_the_dead_go_at_once(
    trained: Trained, data_dir: Path, serve: Callable[..., Server], tmp_path: Path
):
    elsewhere = tmp_path / "elsewhere"  # it is not there: whoever used it would fail
    server = serve(TMPDIR=str(elsewhere))
    client = Client(server)
    session_id = client.train(trained.key, trained.dataset["id"], **{**SPEC, "epochs": 400})
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    temporary = data_dir / "exotrain.tmp"
    folders = {environment_of(each)["TMPDIR"] for each in server.children()}
    assert folders
    assert {Path(each).parent for each in folders} == {temporary}
    for worker, folder in [(each, environment_of(each)["TMPDIR"]) for each in server.children()]:
        (Path(folder) / "left").write_bytes(b"x")
        os.kill(worker, signal.SIGKILL)
    client.post("/api/predict", json={"workspace_key": trained.key, **CANDIDATE})
    wait_for(
        lambda: [each for each in folders if Path(each).exists()],
        lambda left: not left,
        seconds=180,
    )
    client.post(f"/api/training/session/{session_id}/cancel", None)
    client.wait(session_id)
    wait_for(lambda: list(data_dir.glob("model/**/.*.partial")), lambda left: not left)
    assert not elsewhere.exists()


def environment_of(process_id: int) -> dict[str, str]:
    pairs = Path(f"/proc/{process_id}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_a_database_that_may_not_grow_is_a_507_that_says_so(
    data_dir: Path, serve: Callable[..., Server]
):
    server = serve()
    client = Client(server)
    client.workspace("before")
    size = max(path.stat().st_size for path in data_dir.glob("exotrain.db*"))
    limit = (size + 4096, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
    answer = wait_for(
        lambda: client.post("/api/workspaces", None, json={"name": "x" * 100}),
        lambda seen: seen.status_code != 201,
    )
    assert answer.status_code == 507, answer.text
    assert "largest size" in answer.json()["detail"]
    assert client.get("/api/workspaces")["workspaces"]
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
    client.workspace("after")
