"""What a kill leaves is removed at the next start, and nothing else is."""

import errno
import logging
import os

import pytest

from backend import launcher
from backend.database import datasets, models, sessions
from backend.services.leftovers import remove_leftovers
from backend.storage.atomic import partial_of
from tests.api import catalogue, complete

OWN = ("csv", "npy", "rejected.jsonl", "evidence.npy", f"{7:064x}.labels.npy")

LONG_AGO = 1_500_000_000


@pytest.fixture
def uploaded(api, key):
    """A workspace with a dataset and a saved model."""
    api.upload(key, catalogue())


def every_file(services):
    """Every file and folder of uploads and models, by its path in the data folder."""
    storage = services.storage
    folders = (storage.uploads, storage.models)
    return {str(path.relative_to(storage.data_dir)) for each in folders for path in each.rglob("*")}


def put(path, content=b"x"):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    return path


def orphan_files(services, count=1, workspace_id=1):
    """The files of uploads that are in no database."""
    folder = services.storage.uploads / str(workspace_id)
    return [put(folder / f"{n:064x}.{kind}") for n in range(count) for kind in OWN]


def start(services):
    remove_leftovers(services.database, services.storage)


@pytest.mark.usefixtures("uploaded")
def test_an_upload_that_a_kill_ended_before_its_row_is_removed(services):
    before = every_file(services)
    orphan_files(services)
    start(services)
    assert every_file(services) == before


@pytest.mark.usefixtures("uploaded")
def test_the_labels_of_a_version_stay_with_their_dataset(services):
    with services.database.read() as connection:
        (dataset,) = datasets.all_files(connection)
    labels = services.storage.version_labels(
        dataset["workspace_id"], dataset["identity"], f"{7:064x}"
    )
    put(labels)
    start(services)
    assert labels.exists()


@pytest.mark.usefixtures("uploaded")
def test_what_an_upload_or_a_write_left_half_done_is_removed(services):
    before = every_file(services)
    storage = services.storage
    put(storage.new_incoming())
    put(storage.incoming / "tmp_ab12cd9")
    put(partial_of(storage.new_incoming()))  # of a table that was being made again
    put(storage.models / "1" / ".m_20260101_120000.keras.01234567.partial")
    put(storage.checkpoints / ".5.2.ckpt.89abcdef.partial")
    start(services)
    assert every_file(services) - {"model/1"} == before


STRANGERS = (
    "uploads/notes.txt",
    "uploads/backup/koi.csv",
    "uploads/1/koi.csv",
    "uploads/1/sub/a.csv",
    f"uploads/1/{'0' * 63}.csv",
    f"uploads/1/{'0' * 64}.doc",
    f"uploads/1/{'A' * 64}.csv",
    f"uploads/1/{'0' * 64}.csv/inside",
    f"uploads/elsewhere/{'0' * 64}.csv",
    f"uploads/\u0661/{'0' * 64}.csv",
    "uploads/incoming/sub/file",
    "uploads/incoming/catalogue.csv",
    "model/best.keras",
    "model/1/best.keras",
    "model/1/.m.keras.partial",
    "model/1/exoplanet_model.keras",
    "model/1/m_20260101_120000.h5",
    "model/checkpoints/mine.ckpt",
    "model/checkpoints/7.ckpt.bak",
)


@pytest.mark.usefixtures("uploaded")
@pytest.mark.parametrize("name", STRANGERS)
def test_what_has_no_name_of_exotrains_stays(services, name):
    before = every_file(services)
    path = put(services.storage.data_dir / name)
    start(services)
    assert path.exists()
    assert every_file(services) >= before


@pytest.mark.usefixtures("uploaded")
def test_a_folder_of_a_stranger_keeps_nothing_else_from_being_removed(services):
    (services.storage.uploads / "1" / "!first of all").mkdir()
    before = every_file(services)
    orphan_files(services)
    start(services)
    assert every_file(services) == before


@pytest.mark.usefixtures("uploaded")
def test_a_link_stays_whatever_its_name(services, tmp_path):
    target = put(tmp_path / "target")
    for link in (
        services.storage.uploads / "1" / f"{'0' * 64}.csv",
        services.storage.incoming / ("0" * 32),
    ):
        link.symlink_to(target)
        start(services)
        assert link.is_symlink()
    assert target.exists()


def test_with_a_database_without_datasets_every_upload_stays(services):
    paths = orphan_files(services)
    start(services)
    assert all(path.exists() for path in paths)


@pytest.mark.usefixtures("uploaded")
def test_uploads_that_are_older_than_the_database_stay(services):
    """A new database beside old uploads, to which something was uploaded since."""
    paths = orphan_files(services)
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))
    start(services)
    assert all(path.exists() for path in paths)


@pytest.mark.usefixtures("uploaded")
def test_more_uploads_than_a_kill_leaves_stay(services):
    """A database that was restored is older than the files."""
    paths = orphan_files(services, count=20)
    start(services)
    assert all(path.exists() for path in paths)


def model_files(services, stem="gone_20260101_120000"):
    folder = services.storage.models / "1"
    return [
        put(folder / f"{stem}.{kind}") for kind in ("keras", "json", "test.npy", "neighbours.npy")
    ]


def test_models_that_nothing_names_are_removed_and_those_in_use_stay(api, key, services):
    saved = complete(services, api.session(key))
    training = api.session(key)
    in_training = "1/training_20260101_120001.keras"
    with services.database.write() as connection:
        sessions.change(connection, training, status="training", model_file=in_training)
        file = models.find(connection, saved)["file"]
    kept = [*model_files(services, "training_20260101_120001"), services.storage.model(file)]
    gone = model_files(services)
    start(services)
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)
    assert services.storage.current_model(1).exists()


@pytest.mark.usefixtures("uploaded")
def test_with_a_database_without_models_every_model_stays(services):
    paths = model_files(services)
    start(services)
    assert all(path.exists() for path in paths)


def test_checkpoints_of_ended_sessions_are_removed_unless_they_are_kept(api, key, services):
    ended, kept, keeping, training, pending = (api.session(key) for _ in range(5))
    with services.database.write() as connection:
        for each in (ended, kept, keeping):
            sessions.end(connection, each, "failed", {"reason": "crashed", "message": "m"})
        sessions.change(connection, kept, checkpoint_bytes=1)
        sessions.change(connection, keeping, request="keep")
        sessions.change(connection, training, status="training")
    names = {each: [f"{each}.ckpt", f"{each}.2.ckpt"] for each in (ended, training, pending)}
    names |= {each: [f"{each}.kept.ckpt"] for each in (kept, keeping)} | {99: ["99.ckpt"]}
    paths = {
        each: [put(services.storage.checkpoints / name) for name in found]
        for each, found in names.items()
    }
    start(services)
    assert not any(path.exists() for path in paths.pop(ended))
    assert all(path.exists() for found in paths.values() for path in found)


@pytest.mark.usefixtures("uploaded")
def test_one_line_says_how_many_stay_and_names_the_first(services, caplog):
    for n in range(7):
        put(services.storage.uploads / f"{n}.txt")
    with caplog.at_level(logging.WARNING):
        start(services)
    (record,) = caplog.records
    said = record.getMessage()
    assert said.startswith("7 files or folders")
    assert "uploads/0.txt, uploads/1.txt" in said
    assert "uploads/6.txt" not in said


@pytest.mark.usefixtures("uploaded")
def test_nothing_is_said_where_nothing_is_strange(services, caplog):
    put(services.storage.uploads / ".gitkeep")
    with caplog.at_level(logging.WARNING):
        start(services)
    assert caplog.records == []


@pytest.mark.usefixtures("uploaded")
def test_a_checkpoint_with_a_number_that_is_no_id_stays(services):
    stranger = put(services.storage.checkpoints / f"{'9' * 30}.ckpt")
    start(services)
    assert stranger.exists()


def test_a_copy_that_cannot_be_written_does_not_keep_the_server_from_starting(
    api, key, services, monkeypatch, caplog
):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    session_id = api.session(key)
    complete(services, session_id)
    current = services.storage.current_model(1)
    current.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(type(services.storage), "promote", full)
        launcher._restore_current_models(services.database, services.storage)
    assert str(current) in caplog.text
    launcher._restore_current_models(services.database, services.storage)
    assert current.exists()
