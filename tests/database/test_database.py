"""The database: versions, transactions, the order of the queue."""

import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy.exc import IntegrityError

from backend.database import (
    Database,
    accounts,
    datasets,
    finished_epochs,
    models,
    schema,
    sessions,
    workspaces,
)
from backend.database import connection as connection_module
from backend.database.connection import DatabaseBusy
from backend.database.file import upgrades
from backend.database.file.soundness import UnknownSchemaVersion


@pytest.fixture
def path(tmp_path):
    return tmp_path / "exotrain.db"


@pytest.fixture
def database(path):
    database = Database(path)
    yield database
    database.close()


def add_workspace(connection, name="w"):
    user = accounts.find_user(connection, "u") or accounts.create_user(connection, "u")
    return workspaces.create(connection, f"key-{name}", name, user["id"])["id"]


def add_session(connection, workspace_id, **values):
    spec = {"dataset_size": 1, "model_name": "m", "spec": {}, "epochs": 2}
    return sessions.create(connection, workspace_id, **{**spec, **values})


def test_a_database_of_a_newer_program_is_refused(path):
    Database(path).close()
    database = Database(path)
    with database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {upgrades.VERSION + 1}")
    database.close()
    with pytest.raises(UnknownSchemaVersion, match="newer"):
        Database(path)


def test_an_older_database_is_upgraded(path, monkeypatch):
    Database(path).close()
    added = "ALTER TABLE users ADD COLUMN nickname VARCHAR"
    upgrade = [*upgrades.UPGRADES, lambda connection: connection.exec_driver_sql(added)]
    monkeypatch.setattr(upgrades, "UPGRADES", upgrade)
    monkeypatch.setattr(upgrades, "VERSION", len(upgrade) + 1)
    for _ in range(2):  # once is enough: the second start finds the new version
        database = Database(path)
        with database.read() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            assert found == len(upgrade) + 1
            connection.exec_driver_sql("SELECT nickname FROM users")
        database.close()


def test_a_transaction_that_fails_leaves_nothing(database):
    def fail():
        with database.write() as connection:
            accounts.create_user(connection, "u")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert accounts.find_user(connection, "u") is None


def test_a_reader_does_not_wait_for_a_writer_and_sees_what_was_committed(database):
    with database.write() as writer:
        accounts.create_user(writer, "u")
        with database.read() as reader:
            assert accounts.find_user(reader, "u") is None
    with database.read() as reader:
        assert accounts.find_user(reader, "u") is not None


def test_writers_wait_for_each_other(database):
    def add(name):
        with database.write() as connection:
            count = len(accounts.list_tokens(connection))
            user = accounts.create_user(connection, name)
            accounts.add_token(connection, user["id"], name, str(count))

    threads = [threading.Thread(target=add, args=(f"user{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        hints = [token["hint"] for token in accounts.list_tokens(connection)]
    assert sorted(hints) == [str(i) for i in range(8)]


@pytest.fixture
def lock(path, database):
    """Takes the write lock as another program would; released after the test."""
    with closing(sqlite3.connect(path, isolation_level=None)) as outside:
        yield outside.execute


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_writer_gives_up_while_another_program_holds_the_lock_and_readers_do_not_wait(
    database, lock, mode
):
    lock(f"BEGIN {mode}")
    with pytest.raises(DatabaseBusy, match="locked"), database.write(patience=0.1):
        pass
    with database.read() as connection:
        assert accounts.find_user(connection, "u") is None
    lock("ROLLBACK")
    with database.write() as connection:
        accounts.create_user(connection, "u")


def test_who_comes_while_the_lock_is_known_to_be_held_is_told_soon(database, lock, monkeypatch):
    monkeypatch.setattr(connection_module, "LOCK_SECONDS", 0.1)
    lock("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy), database.write():
        pass
    monkeypatch.setattr(connection_module, "LOCK_SECONDS", 600)
    with pytest.raises(DatabaseBusy), database.write():
        pass
    lock("ROLLBACK")
    with database.write():
        assert not database._is_held_outside  # after a success all are patient again


def test_a_writer_of_the_program_is_waited_for_no_longer_than_a_turn(database, monkeypatch):
    monkeypatch.setattr(connection_module, "TURN_SECONDS", 0.1)
    with database.write(), pytest.raises(DatabaseBusy), database.write():
        pass


def test_the_parameters_of_a_statement_that_fails_are_not_in_its_error(database):
    with database.write() as connection:
        accounts.create_user(connection, "someone")
        with pytest.raises(IntegrityError) as failed:
            accounts.create_user(connection, "someone")
    assert "someone" not in str(failed.value)


def test_a_row_cannot_belong_to_a_deleted_workspace(database):
    with pytest.raises(IntegrityError), database.write() as connection:
        add_session(connection, 99)


def test_users_take_turns_in_the_queue_whatever_workspaces_they_use(database):
    with database.write() as connection:
        one, other = (add_workspace(connection, name) for name in "ab")
        a, b, c = (accounts.create_user(connection, name)["id"] for name in "abc")
        for user, workspace in ((a, one), (a, other), (a, one), (b, one), (c, one), (c, other)):
            add_session(connection, workspace, user_id=user)
        order, last = [], 0
        while (session := sessions.next_pending(connection, last)) is not None:
            last = session["turn_of"]
            order.append(last)
            sessions.end(connection, session["id"], "completed")
    assert order == [a, b, c, a, c, a]


def test_a_session_of_an_earlier_release_takes_the_turn_of_the_workspaces_owner(database):
    with database.write() as connection:
        workspace = add_workspace(connection)
        owner = accounts.find_user(connection, "u")
        other = accounts.create_user(connection, "other")
        add_session(connection, workspace, user_id=other["id"])
        earlier = add_session(connection, workspace)
        assert sessions.next_pending(connection, other["id"])["id"] == earlier["id"]
        assert sessions.waiting_of(connection, owner["id"]) == [earlier["id"]]


def test_an_interrupted_session_goes_before_all_others(database):
    with database.write() as connection:
        a, b = (add_workspace(connection, name) for name in "ab")
        add_session(connection, a)
        interrupted = add_session(connection, b)
        sessions.change(connection, interrupted["id"], started_at=schema.now())
        for last in (0, 1, 2):
            assert sessions.next_pending(connection, last)["id"] == interrupted["id"]


def test_epochs_that_a_resumed_session_repeats_replace_the_earlier_ones(database):
    with database.write() as connection:
        session = add_session(connection, add_workspace(connection))["id"]
        for epoch in (1, 2, 3):
            finished_epochs.add(connection, session, epoch, {"loss": epoch})
        finished_epochs.forget_after(connection, session, 1)
        finished_epochs.add(connection, session, 2, {"loss": 20})
        first, second = (1, '{"loss": 1}'), (2, '{"loss": 20}')
        assert finished_epochs.history(connection, session) == [first, second]
        assert finished_epochs.history(connection, session, after_epoch=1) == [second]
        assert sessions.find(connection, session)["epochs_completed"] == 2


def test_the_first_model_of_a_workspace_becomes_current_and_the_second_does_not(database):
    with database.write() as connection:
        workspace = add_workspace(connection)
        first, second = (
            models.create(
                connection, workspace, name="m", file=file, sha256="", file_size=10, manifest={}
            )
            for file in ("1/a", "1/b")
        )
        assert models.is_current(connection, first)
        assert not models.is_current(connection, second)
        # The current one has a copy.
        assert workspaces.stored_bytes(connection, [workspace]) == {workspace: 30}


def test_deleting_removes_what_belongs_to_it_and_keeps_what_others_need(database):
    with database.write() as connection:
        workspace = add_workspace(connection)
        dataset = datasets.create(
            connection,
            workspace,
            name="d",
            sha256="s",
            suffix="csv",
            identity="s",
            read_as={},
            file_size=1,
            num_samples=1,
            num_rejected=0,
            source="koi",
            class_counts={},
            profile={},
        )
        session = add_session(connection, workspace, dataset_id=dataset["id"])
        datasets.remove(connection, dataset["id"])
        assert sessions.find(connection, session["id"])["dataset_id"] is None
        workspaces.remove(connection, workspace)
        assert sessions.find(connection, session["id"]) is None


@pytest.mark.parametrize("name", ["a b", "é#x", "q?m", "p%20q"])
def test_the_folder_of_a_database_may_have_any_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    database = Database(folder / "exotrain.db")
    with database.write() as connection:
        accounts.create_user(connection, "astronomer")
    with database.read() as connection:
        assert accounts.find_user(connection, "astronomer")
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / "exotrain.db").stat().st_size > 0
