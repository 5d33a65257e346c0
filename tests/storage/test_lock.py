"""The lock on the data folder: who holds it is asked of the system, not read from a file."""

from pathlib import Path

import pytest

from backend.storage import lock
from tests.storage.holders import AS_A_SERVER, AS_OTHERS_DO, BYSTANDER, running


def refused(data_dir: Path) -> str:
    with pytest.raises(lock.CannotStart) as error, lock.data_folder_lock(data_dir):
        pass
    return str(error.value)


def test_a_folder_in_use_names_the_process_that_holds_it(tmp_path: Path):
    with running(AS_A_SERVER, tmp_path) as server:
        assert f"another exotrain (process {server.pid}) uses the data folder" in refused(tmp_path)
        assert lock.holder(tmp_path) == server.pid
    assert lock.holder(tmp_path) is None


def test_an_old_id_in_the_file_is_not_believed(tmp_path: Path):
    with running(AS_A_SERVER, tmp_path) as server, running(BYSTANDER, tmp_path) as bystander:
        lock.lock_path(tmp_path).write_text(f"{bystander.pid}\n")
        assert f"(process {server.pid})" in refused(tmp_path)
        assert lock.holder(tmp_path) == server.pid


def test_a_program_that_the_system_cannot_name_is_not_named(tmp_path: Path):
    with running(AS_OTHERS_DO, tmp_path), running(BYSTANDER, tmp_path) as bystander:
        lock.lock_path(tmp_path).write_text(f"{bystander.pid}\n")
        assert "another exotrain uses the data folder" in refused(tmp_path)
        assert lock.holder(tmp_path) is None
        assert lock.is_held(tmp_path)


def test_asking_does_not_keep_a_server_from_its_folder(tmp_path: Path):
    assert lock.holder(tmp_path) is None
    assert not lock.is_held(tmp_path)
    with lock.data_folder_lock(tmp_path):
        assert lock.lock_path(tmp_path).read_text().strip().isdigit()
    assert not lock.is_held(tmp_path)


def test_a_killed_server_leaves_a_free_folder(tmp_path: Path):
    with running(AS_A_SERVER, tmp_path) as server:
        server.kill()
        server.wait()
        assert lock.lock_path(tmp_path).read_text() == f"{server.pid}\n"
        assert lock.holder(tmp_path) is None
        with lock.data_folder_lock(tmp_path):
            pass


@pytest.mark.parametrize(
    ("kind", "process_id", "found"),
    [
        (lock.fcntl.F_WRLCK, 7, 7),
        (lock.fcntl.F_WRLCK, 1, 1),  # in a container
        (lock.fcntl.F_WRLCK, 0, None),  # of another container
        (lock.fcntl.F_WRLCK, -1, None),
        (lock.fcntl.F_UNLCK, 7, None),
    ],
)
def test_only_a_process_that_holds_it_and_can_be_seen_is_the_holder(
    tmp_path: Path, monkeypatch, kind, process_id, found
):
    lock.lock_path(tmp_path).touch()
    monkeypatch.setattr(lock, "_answer", lambda _: (kind, process_id))
    assert lock.holder(tmp_path) == found


def test_whoever_is_refused_reads_which_setting_names_another_folder(tmp_path: Path):
    with running(AS_A_SERVER, tmp_path):
        assert refused(tmp_path).endswith("or choose another folder with EXOTRAIN_DATA_DIR.")
