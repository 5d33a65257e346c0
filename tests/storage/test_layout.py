"""Files are written whole or not at all."""

import errno
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from backend.storage import temporary
from backend.storage.atomic import put_in_place, replacing, sha256_of, write_atomically
from backend.storage.layout import Storage

DATASET = {"workspace_id": 1, "sha256": "abc", "suffix": "csv", "identity": "def"}


@pytest.fixture
def storage(tmp_path):
    storage = Storage(tmp_path)
    storage.prepare()
    return storage


def test_a_write_that_fails_half_way_keeps_the_old_file_and_leaves_no_trace(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half of the new")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_replaces_the_old_one_only_at_the_end(tmp_path):
    path = tmp_path / "folder" / "model.keras"
    with replacing(path) as partial:
        partial.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_putting_a_file_in_place_creates_the_folder(tmp_path):
    source = tmp_path / "incoming"
    source.write_bytes(b"x")
    put_in_place(source, tmp_path / "7" / "x.csv")
    assert (tmp_path / "7" / "x.csv").read_bytes() == b"x"
    assert not source.exists()


def test_preparing_empties_the_folder_of_temporary_files_and_nothing_else(storage, tmp_path):
    storage.temporary.chmod(0o755)
    (storage.temporary / "tmpabc" / "deep").mkdir(parents=True)
    (storage.temporary / "tmpabc" / "deep" / "file").write_bytes(b"x")
    (storage.temporary / "file").write_bytes(b"x")
    kept = [
        storage.new_incoming(),
        storage.catalogue(1, "abc"),
        storage.model("1/model.keras"),
        storage.checkpoint(5, 1),
        tmp_path / "tmp" / "of somebody",
        tmp_path / "linked",
    ]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (storage.temporary / "link").symlink_to(tmp_path / "tmp")
    storage.prepare()
    assert list(storage.temporary.iterdir()) == []
    assert all(path.exists() for path in kept)


def test_a_folder_of_temporary_files_that_leads_elsewhere_is_not_emptied(storage, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"x")
    storage.temporary.rmdir()
    storage.temporary.symlink_to(elsewhere)
    with pytest.raises(NotADirectoryError, match="found a link") as refusal:
        storage.prepare()
    assert refusal.value.errno == errno.ENOTDIR
    assert refusal.value.filename == str(storage.temporary)
    assert (elsewhere / "file").exists()


def test_temporary_files_of_this_process_and_its_children_lie_there(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", "/nowhere")
    temporary.use(tmp_path)
    monkeypatch.setenv("TMPDIR", "/nowhere")  # what somebody else sets later changes nothing
    with tempfile.NamedTemporaryFile() as file:
        assert Path(file.name).parent == tmp_path
    temporary.use(tmp_path)  # undone by monkeypatch too: it was set before
    code = "import tempfile; print(tempfile.gettempdir())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.stdout.strip() == str(tmp_path)


def test_creating_the_folders_does_not_touch_uploads_in_progress(storage):
    upload = storage.new_incoming()
    upload.write_bytes(b"half")
    storage.make_folders()
    assert upload.exists()


def test_everything_of_a_dataset_a_model_and_a_session_is_removed(storage):
    paths = [
        storage.catalogue(1, "abc"),
        storage.table(1, "def"),
        storage.rejections(1, "def"),
        storage.evidence(1, "def"),
        storage.model("1/m.keras"),
        storage.model("1/m.json"),
        storage.model("1/m.test.npy"),
        storage.model("1/m.neighbours.npy"),
        storage.model("1/m.related.npy"),
        storage.checkpoint(3, 1),
        storage.checkpoint(3, 2),
        storage.checkpoints / "3.weights.h5",
        storage.model("1/.m.keras.01234567.partial"),
        storage.model("1/.m.test.npy.01234567.partial"),
        storage.checkpoints / ".3.2.ckpt.01234567.partial",
    ]
    others = [
        storage.catalogue(2, "abc"),
        storage.model("1/m2.keras"),
        storage.checkpoint(33, 1),
        storage.model("1/.m2.keras.01234567.partial"),
        storage.checkpoints / ".33.2.ckpt.01234567.partial",
    ]
    for path in paths + others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    storage.remove_dataset(DATASET)
    storage.remove_model("1/m.keras")
    storage.remove_checkpoint(3)
    assert not any(path.exists() for path in paths)
    assert all(path.exists() for path in others)


def test_the_current_model_is_a_copy(storage):
    storage.model("1").mkdir()
    for name in ("old", "new"):
        storage.model(f"1/{name}.keras").write_bytes(name.encode())
        storage.promote(1, f"1/{name}.keras", hashlib.sha256(name.encode()).hexdigest())
        assert storage.current_model(1).read_bytes() == name.encode()
    assert storage.current_model(1).name == "exoplanet_model.keras"
    assert storage.model("1/old.keras").exists()


def test_a_hash_is_that_of_the_whole_file(tmp_path):
    path = tmp_path / "large"
    content = b"0123456789" * 300_000
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_nothing_is_kept_of_a_session_without_a_checkpoint(storage):
    assert storage.keep_checkpoint(3) is None
    assert storage.kept_bytes(3) is None


@pytest.mark.parametrize("names", [("3.ckpt",), ("3.ckpt", "3.1.ckpt"), ("3.9.ckpt", "3.10.ckpt")])
def test_the_newest_checkpoint_is_passed_on_to_a_new_start_and_the_others_go(storage, names):
    others = ["33.11.ckpt", "3.kept.ckpt", "3.weights.h5"]
    for name in (*names, *others):
        (storage.checkpoints / name).write_text(name)
    storage.pass_on_checkpoint(3, 11)
    assert storage.checkpoint(3, 11).read_text() == names[-1]
    assert storage.newest_checkpoint(3) == storage.checkpoint(3, 11)
    left = sorted(path.name for path in storage.checkpoints.iterdir())
    assert left == sorted(["3.11.ckpt", *others])
    storage.pass_on_checkpoint(3, 11)  # tried again
    assert storage.checkpoint(3, 11).read_text() == names[-1]


def test_a_session_without_a_checkpoint_passes_none_on(storage):
    storage.pass_on_checkpoint(3, 1)
    assert storage.newest_checkpoint(3) is None


@pytest.mark.parametrize("names", [("3.ckpt",), ("3.9.ckpt", "3.10.ckpt")])
def test_the_newest_checkpoint_of_a_failed_session_is_kept_and_can_be_taken_back(storage, names):
    others = ["33.11.ckpt", "33.kept.ckpt", "stranger.kept.ckpt"]
    for name in (*names, *others):
        (storage.checkpoints / name).write_text(name)
    for _ in range(2):  # a transaction may be repeated
        assert storage.keep_checkpoint(3) == len(names[-1])
    assert storage.kept_checkpoint(3).read_text() == names[-1]
    storage.remove_checkpoint(3)  # of the older ones
    left = sorted(path.name for path in storage.checkpoints.iterdir())
    assert left == sorted(["3.kept.ckpt", *others])
    assert storage.kept_checkpoints().keys() == {3, 33}
    storage.checkpoint(3, 9).write_text("older")  # a kill came before it was removed
    storage.take_back_checkpoint(3, 10)
    assert storage.checkpoint(3, 10).read_text() == names[-1]
    assert not storage.kept_checkpoint(3).exists()


def test_a_session_that_finished_no_epoch_has_none_to_keep(storage):
    assert storage.keep_checkpoint(3) is None
    storage.take_back_checkpoint(3, 1)
    assert storage.newest_checkpoint(3) is None


def test_a_model_that_is_set_aside_has_another_name_with_all_its_files(storage):
    others = ["1/m2.keras", "2/m.keras"]
    beside = ("1/m.json", "1/m.test.npy", "1/m.neighbours.npy", "1/m.related.npy")
    for name in ("1/m.keras", *beside, *others):
        storage.model(name).parent.mkdir(exist_ok=True)
        storage.model(name).write_text(name)
    assert storage.set_aside_model("1/m.keras") == "1/m.unrecorded.keras"
    found = {path.name: path.read_text() for path in storage.model("1").iterdir()}
    assert found == {
        "m.unrecorded.keras": "1/m.keras",
        "m.unrecorded.json": "1/m.json",
        "m.unrecorded.test.npy": "1/m.test.npy",
        "m.unrecorded.neighbours.npy": "1/m.neighbours.npy",
        "m.unrecorded.related.npy": "1/m.related.npy",
        "m2.keras": "1/m2.keras",
    }
    assert storage.model("2/m.keras").exists()


def test_a_model_is_set_aside_though_a_file_of_it_is_missing(storage):
    storage.model("1").mkdir()
    storage.model("1/m.keras").write_text("m")
    storage.set_aside_model("1/m.keras")
    assert [path.name for path in storage.model("1").iterdir()] == ["m.unrecorded.keras"]


def test_what_a_failed_session_left_goes_but_not_what_can_be_kept(storage):
    gone = [storage.checkpoint(3, 1), storage.model("1/m.keras"), storage.model("1/m.json")]
    kept = [storage.kept_checkpoint(3), storage.checkpoint(4, 1), storage.model("1/m2.keras")]
    for path in gone + kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    storage.remove_unfinished(3, None)
    assert [path.exists() for path in gone] == [False, True, True]
    storage.remove_unfinished(3, "1/m.keras")
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)


def test_what_is_gone_already_can_be_removed_again(storage):
    storage.remove_dataset(DATASET)
    storage.remove_model("1/m.keras")
    storage.remove_unfinished(3, "1/m.keras")
    storage.kept_checkpoint(3).write_text("x")
    storage.kept_checkpoint(4).write_text("x")
    for _ in range(2):
        storage.remove_kept_checkpoint(3)
    assert storage.kept_checkpoints().keys() == {4}


@pytest.mark.parametrize(
    "remove",
    [
        lambda storage: storage.pass_on_checkpoint(3, 3),
        lambda storage: storage.keep_checkpoint(3),
        lambda storage: storage.remove_checkpoint(3),
        lambda storage: storage.remove_model("1/m.keras"),
    ],
    ids=["pass on", "keep", "remove a checkpoint", "remove a model"],
)
def test_a_file_that_somebody_else_removes_meanwhile_does_no_harm(storage, monkeypatch, remove):
    paths = [storage.checkpoint(3, start) for start in (1, 2)]
    paths += [storage.model("1/m.keras"), storage.model("1/.m.keras.01234567.partial")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    unlink = Path.unlink

    def too_late(path, missing_ok=False):
        unlink(path, missing_ok=True)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", too_late)
    remove(storage)


def test_the_sessions_with_a_checkpoint_are_those_with_one_of_a_start(storage):
    for name in ("3.ckpt", "4.2.ckpt", "5.kept.ckpt", "stranger.1.ckpt", ".6.1.ckpt.01.partial"):
        (storage.checkpoints / name).write_text("x")
    assert storage.sessions_with_checkpoint() == {3, 4}


def test_a_numbered_checkpoint_is_newer_than_one_of_a_release_that_numbered_none(storage):
    for names in (("3.ckpt", "3.1.ckpt"), ("4.1.ckpt", "4.ckpt")):
        for name in names:
            (storage.checkpoints / name).write_text(name)
    assert storage.newest_checkpoint(3) == storage.checkpoint(3, 1)
    assert storage.newest_checkpoint(4) == storage.checkpoint(4, 1)


@pytest.mark.parametrize("name", ["3.kept.ckpt", "3.ckpt", "3.1.ckpt", "3.2.ckpt"])
def test_a_session_with_finished_epochs_is_told_without_a_descriptor(storage, monkeypatch, name):
    def refuse(*_):
        raise OSError(errno.EMFILE, "no")

    monkeypatch.setattr("os.scandir", refuse)
    monkeypatch.setattr("os.listdir", refuse)
    assert not storage.has_checkpoint(3, 2)
    (storage.checkpoints / "33.1.ckpt").touch()
    (storage.checkpoints / "3.3.ckpt").touch()  # of no start yet
    assert not storage.has_checkpoint(3, 2)
    (storage.checkpoints / name).touch()
    assert storage.has_checkpoint(3, 2)


def test_the_files_of_a_workspace_go_and_those_of_another_stay(storage):
    paths = [storage.catalogue(1, "abc"), storage.model("1/m.keras")]
    others = [storage.catalogue(11, "abc"), storage.model("11/m.keras"), storage.checkpoint(1, 1)]
    for path in paths + others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    for _ in range(2):
        storage.remove_workspace(1)
    assert not any(path.parent.exists() for path in paths)
    assert all(path.exists() for path in others)


def test_each_workspace_has_a_current_model_of_its_own(storage):
    assert storage.current_model(1) == storage.models / "1" / "exoplanet_model.keras"
    assert storage.current_model(2) == storage.models / "2" / "exoplanet_model.keras"


def test_a_number_that_no_database_has_is_no_session(storage):
    for name in ("123456789012345.kept.ckpt", "1234567890123456.kept.ckpt"):
        (storage.checkpoints / name).write_text("x")
    assert storage.kept_checkpoints().keys() == {123456789012345}
