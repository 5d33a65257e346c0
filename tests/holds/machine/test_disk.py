"""A disk that is full at the worst moment, files that may not grow, and a disk that fails."""

import contextlib
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Client, Server, is_running, small_catalogue, wait_for
from tests.soak.journal import Hold

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

DISK_MB = 120
MEGABYTE = 1 << 20

LONG = {"epochs": 500, "batch_size": 32, "patience": 500, "test_split": 0}
SHORT = {"epochs": 1, "batch_size": 32, "test_split": 0}


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """For the length of the block another program has taken all of the disk's free space."""
    stuff = disk / "of another program"
    with open(stuff, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096) == 4096:
            pass
    try:
        yield
    finally:
        stuff.unlink()


def files(data_dir: Path) -> list[str]:
    """What sessions have left in the folder of the models, without what is kept of a failed one."""
    models = data_dir / "model"
    found = (str(path.relative_to(models)) for path in models.rglob("*") if path.is_file())
    return [each for each in found if not each.endswith(".kept.ckpt")]


def unfinished(data_dir: Path) -> list[str]:
    """The files that nobody will end, in the folder of the models."""
    return [each for each in files(data_dir) if "partial" in each or "ckpt" in each]


@pytest.fixture
def start(
    run_server: Callable[..., Server], watched: Callable[..., dict[str, str]]
) -> Callable[..., Server]:
    """Starts a server with the real trainer on a data folder."""

    def start_on(data_dir: Path, *hooks: str, **values: object) -> Server:
        return run_server(data_dir, **watched("real", *hooks, **values))

    return start_on


def failed_for_the_disk(session: dict) -> bool:
    return session["status"] == "failed" and session["error"]["reason"] == "disk_full"


def test_a_disk_that_is_full_during_learning_and_stays_full(
    mount: Callable[[int], Path], start: Callable[..., Server], tmp_path: Path
):
    disk = mount(DISK_MB)
    server = start(disk)
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    session_id = client.train(key, dataset, **LONG)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    workers = server.children()
    with full(disk):
        # Its worker cannot write a checkpoint, and gives up; the predictor is the other child.
        wait_for(lambda: sum(map(is_running, workers)), lambda left: left < len(workers))
        for _ in range(20):
            client.get("/api/health")
            assert client.session(session_id)["status"] in ("training", "failed")
            refused = client.post(
                "/api/training/start",
                None,
                json={"workspace_key": key, "dataset_id": dataset, **SHORT},
            )
            assert refused.status_code in (202, 503, 507), refused.text
            if refused.status_code == 202:  # the log of the database had room in its file
                break
    session = client.wait(session_id)
    assert failed_for_the_disk(session), session["error"]
    assert "disk" in session["error"]["message"]
    for each in client.get(f"/api/training/sessions?workspace_key={key}")["sessions"]:
        client.wait(each["id"])
    retried = client.post(f"/api/training/session/{session_id}/retry", 202)["session"]["id"]
    client.post(f"/api/training/session/{retried}/stop")
    ended = client.wait(retried)
    assert ended["status"] in ("completed", "cancelled"), ended["error"]
    wait_for(lambda: unfinished(disk), lambda left: left == [])


def test_a_disk_that_is_full_during_the_save_leaves_no_half_model(
    mount: Callable[[int], Path],
    start: Callable[..., Server],
    journal_folder: Path,
    tmp_path: Path,
):
    disk = mount(DISK_MB)
    server = start(disk)
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    hold = Hold(journal_folder, "saving")
    session_id = client.train(key, dataset, **SHORT)
    wait_for(lambda: hold.is_reached, bool, 120)
    workers = server.children()
    with full(disk):
        hold.release()
        wait_for(lambda: sum(map(is_running, workers)), lambda left: left < len(workers))
    session = client.wait(session_id)
    assert failed_for_the_disk(session), session["error"]
    wait_for(lambda: files(disk), lambda left: left == [])
    client.complete(key, dataset, **SHORT)


def test_a_file_that_may_not_grow_is_a_full_disk(start_server, tmp_path: Path):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    session_id = client.train(key, dataset, **LONG)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    for worker in server.children():
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    session = client.wait(session_id)
    assert failed_for_the_disk(session), session["error"]
    wait_for(lambda: unfinished(server.data_dir), lambda left: left == [])


def test_an_upload_that_may_not_grow_is_refused_and_leaves_nothing(start_server, tmp_path: Path):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    large = tmp_path / "large.csv"
    line = "3.5,2.5,900,CONFIRMED,star-{}\n"
    large.write_text(
        "period,duration,depth,label,star\n" + "".join(line.format(n) for n in range(200_000))
    )
    limit = resource.RLIMIT_FSIZE
    resource.prlimit(server.process.pid, limit, (4 * MEGABYTE, resource.RLIM_INFINITY))
    with open(large, "rb") as content:
        answer = client.post(
            "/api/training/upload-dataset",
            None,
            files={"file": content},
            data={"workspace_key": key},
        )
    assert answer.status_code == 507, answer.text
    assert [path for path in (server.data_dir / "uploads").rglob("*") if path.is_file()] == []
    resource.prlimit(server.process.pid, limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert client.upload(key, large)["num_samples"] == 200_000


@pytest.mark.long
def test_a_full_folder_for_temporary_files_does_not_matter(
    mount: Callable[[int], Path], start_server: Callable[..., Server], tmp_path: Path
):
    temporary = mount(1)
    stuff = temporary / "of another program"
    stuff.write_bytes(b"\0" * (MEGABYTE - 16_384))  # Python's own test of the folder has room
    server = start_server(TMPDIR=str(temporary))
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    client.complete(key, dataset, **SHORT)
    body = {"workspace_key": key, "period": 3.0, "duration": 2.0, "depth": 500.0}
    assert client.post("/api/predict", json=body)["count"] == 1
    assert list(temporary.iterdir()) == [stuff]


class FailingDisk:
    """A server on a disk that fails where a test wants it to."""

    def __init__(self, server: Server, file: Path, catalogue: Path) -> None:
        self.server, self._file, self.catalogue = server, file, catalogue
        self.client = Client(server)
        self.key = self.client.workspace()

    def fail_at(self, part: str) -> None:
        """From now on what has this in its path cannot be synced."""
        self._file.write_text(part)

    def mend(self) -> None:
        """Everything can be synced."""
        self._file.unlink()


@pytest.fixture
def failing_disk(start: Callable[..., Server], tmp_path: Path) -> FailingDisk:
    """It does not fail yet."""
    data_dir, file = tmp_path / "data", tmp_path / "fails"
    data_dir.mkdir()
    server = start(data_dir, "fsync", EIO_FILE=file)
    return FailingDisk(server, file, small_catalogue(tmp_path))


def test_an_upload_that_cannot_be_synced_leaves_nothing(failing_disk: FailingDisk):
    client = failing_disk.client
    failing_disk.fail_at("/uploads/")
    with open(failing_disk.catalogue, "rb") as content:
        answer = client.post(
            "/api/training/upload-dataset",
            None,
            files={"file": content},
            data={"workspace_key": failing_disk.key},
        )
    assert answer.status_code in (500, 503, 507), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    uploads = failing_disk.server.data_dir / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []
    failing_disk.mend()
    assert client.upload(failing_disk.key, failing_disk.catalogue)["num_samples"] > 0


@pytest.mark.parametrize("part", [pytest.param(".ckpt", marks=pytest.mark.long), ".keras"])
def test_a_session_that_cannot_sync_its_files_fails_in_words(failing_disk: FailingDisk, part: str):
    client, key = failing_disk.client, failing_disk.key
    dataset = client.upload(key, failing_disk.catalogue)["id"]
    failing_disk.fail_at(part)
    session = client.wait(client.train(key, dataset, **SHORT))
    assert session["status"] == "failed"
    assert "Input/output error" in session["error"]["message"]
    data_dir = failing_disk.server.data_dir  # the files go when the end is recorded, not before
    wait_for(lambda: files(data_dir), lambda left: left == [])
    failing_disk.mend()
    client.complete(key, dataset, **SHORT)


def test_a_promotion_that_cannot_be_synced_changes_nothing(failing_disk: FailingDisk):
    client, key = failing_disk.client, failing_disk.key
    dataset = client.upload(key, failing_disk.catalogue)["id"]
    first = client.complete(key, dataset, **SHORT)["model_id"]
    second = client.complete(key, dataset, **SHORT, seed=1)["model_id"]
    (copy,) = failing_disk.server.data_dir.glob("model/*/exoplanet_model.keras")
    before = copy.read_bytes()
    failing_disk.fail_at("exoplanet_model.keras")
    answer = client.post(f"/api/models/{second}/promote", None)
    assert answer.status_code in (500, 503, 507), answer.text
    assert copy.read_bytes() == before
    assert client.get(f"/api/models/{first}")["model"]["is_current"]
    failing_disk.mend()
    client.post(f"/api/models/{second}/promote")
    assert copy.read_bytes() != before
