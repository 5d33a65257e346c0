"""The thread that empties the bin: at once, behind nothing else, whatever happens."""

from contextlib import ExitStack

import pytest

from backend import launcher
from backend.config import Settings
from backend.services.bin import keeper as keeper_module
from backend.services.bin.emptying import empty
from backend.services.bin.keeper import BinKeeper
from backend.services.bin.room import give_up
from backend.services.quota import require_bytes
from backend.storage.incoming import MEGABYTE
from tests.e2e.server import wait_for
from tests.faults.state import files_in

SECONDS = 30


@pytest.fixture
def keeper(services):
    made = services.bin_keeper = BinKeeper(services)
    yield made
    made.close()


@pytest.fixture
def binned(api, key, services):
    dataset = api.dataset(key)
    api.delete(f"/api/training/dataset/{dataset}")
    return dataset


def entries_of(api, key):
    return api.get("/api/bin", query_string={"workspace_key": key})["entries"]


def fill(services, *, then=lambda: None):
    """As an upload does that leaves no room for what is in the bin."""
    with services.database.write() as connection:
        require_bytes(services, connection, 1, services.settings.quota_mb * MEGABYTE - 10)
        then()


def test_what_gave_way_to_a_quota_leaves_the_disk_at_once(api, key, services, keeper, binned):
    keeper.start()
    wait_for(lambda: keeper._news.is_set(), lambda is_set: not is_set, SECONDS)
    assert files_in(services.storage.uploads)
    fill(services)
    wait_for(lambda: files_in(services.storage.uploads), lambda files: not files, SECONDS)
    (entry,) = api.get("/api/audit?action=bin_evicted")["entries"]
    assert (entry["user"], entry["address"]) == (None, None)
    assert (entry["target"], entry["detail"]) == (f"dataset {binned}", "catalogue.csv")
    assert entry["workspace"] == "work"


def test_the_keeper_hears_of_it_after_the_commit_and_not_without_one(
    api, key, services, keeper, binned
):
    class Undone(Exception):
        pass

    def undo():
        raise Undone

    with pytest.raises(Undone):
        fill(services, then=undo)
    assert not keeper._news.is_set()
    assert len(entries_of(api, key)) == 1
    heard = []
    fill(services, then=lambda: heard.append(keeper._news.is_set()))
    assert heard == [False]
    assert keeper._news.is_set()


def test_what_follows_a_commit_may_write_itself(services):
    found = []

    def follow():
        with services.database.write():
            found.append("written")

    with services.database.write():
        services.database.after_commit(follow)
        assert found == []
    assert found == ["written"]
    with services.database.write():
        pass
    assert found == ["written"]


def test_a_turn_that_fails_does_not_end_the_thread(
    api, key, services, keeper, binned, monkeypatch, caplog
):
    def fail(*_):
        monkeypatch.setattr(keeper_module, "empty", empty)
        raise ValueError("by mistake")

    monkeypatch.setattr(keeper_module, "empty", fail)
    keeper.start()
    wait_for(lambda: caplog.text, lambda text: "by mistake" in text, SECONDS)
    fill(services)
    wait_for(lambda: files_in(services.storage.uploads), lambda files: not files, SECONDS)
    keeper.close()
    assert not keeper._thread.is_alive()


def test_a_workspace_that_is_deleted_for_good_goes_beside_the_requests(
    api, key, services, keeper, binned
):
    api.dataset(key, 120)
    api.delete(f"/api/workspaces/{key}")
    (entry,) = api.get("/api/bin")["entries"]
    api.delete(f"/api/bin/{entry['id']}")
    assert files_in(services.storage.uploads)  # the thread has not begun
    api.get(f"/api/workspaces/{key}", 404)
    assert api.get("/api/bin")["entries"] == []
    keeper.start()
    wait_for(lambda: files_in(services.storage.uploads), lambda files: not files, SECONDS)


def test_a_server_that_stops_does_not_wait_for_a_large_workspace(api, key, services, binned):
    api.dataset(key, 120)
    api.delete(f"/api/workspaces/{key}")
    with services.database.write() as connection:
        give_up(services, connection, [2], "bin_expired")
    empty(services, lambda: True)
    assert files_in(services.storage.uploads)  # the rest goes at the next start
    empty(services)
    assert files_in(services.storage.uploads) == {}
    with services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM workspaces").scalar() == 0


def test_a_server_looks_after_the_thread_of_the_bin(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher.Server, "start", lambda *_: None)
    # It would be that of all later tests: Chromium's sockets do not fit into such a long path.
    monkeypatch.setattr(launcher.temporary, "use", lambda _folder: None)
    settings = Settings(data_dir=tmp_path, port=0, warm_workers=0, token="test_user_123")
    with ExitStack() as closing:
        _, threads = launcher._start(settings, closing)
        assert BinKeeper in {type(each) for each in threads}
