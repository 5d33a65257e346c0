"""An upgrade keeps every row, and the file as it was."""

import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from backend.config import REPOSITORY, VERSION
from backend.database import Database
from backend.database.file import upgrades
from backend.database.listing.tables import SETTINGS
from backend.storage.lock import CannotStart
from tests.database.killed import rows_of

SAMPLES = REPOSITORY / "tests" / "data"
RELEASES = sorted(path.name.removesuffix(".tar.xz") for path in SAMPLES.glob("*.tar.xz"))
EARLIER = [release for release in RELEASES if release != VERSION]

# Without the mark of a server that uses it: what reads a database here closes it cleanly, and
# then has no log any more.
FILES = ("exotrain.db", "exotrain.db-wal", "exotrain.db-shm")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, Path]:
    """The databases of earlier releases with their logs: each server was killed; and version 1."""
    folder = tmp_path_factory.mktemp("samples")
    for release in RELEASES:
        with tarfile.open(SAMPLES / f"{release}.tar.xz") as sample:
            for member in sample.getmembers():
                name = Path(member.name).name
                content = sample.extractfile(member) if name in FILES else None
                if content is not None:
                    target = folder / release / name
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(content.read())
    first = folder / "before 0.1.0"
    shutil.copytree(folder / "0.1.0", first)
    with closing(sqlite3.connect(first / "exotrain.db")) as connection:
        connection.execute("ALTER TABLE training_sessions DROP COLUMN stage")
        connection.execute("PRAGMA user_version = 1")
    return {each.name: each for each in folder.iterdir()}


@pytest.fixture(params=["before 0.1.0", *EARLIER])
def path(samples, request, tmp_path) -> Path:
    """A database of an earlier release, with rows in every table."""
    shutil.copytree(samples[request.param], tmp_path / "data")
    return tmp_path / "data" / "exotrain.db"


def named_rows(path: Path) -> dict[str, list[dict]]:
    """Every row by the names of its columns, and the version."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            rows = connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            found[name] = [dict(row) for row in rows]
    return found


def with_rows_everywhere(path: Path) -> dict[str, list[dict]]:
    """Its rows, after one was added to each table that had none."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if "audit" in rows_of(path):
            connection.execute("INSERT INTO audit (at, action) VALUES ('2026', 'token_created')")
    found = named_rows(path)
    assert all(found.values()), [name for name, rows in found.items() if not rows]
    return found


def test_every_row_of_an_earlier_release_is_kept(path):
    before = with_rows_everywhere(path)
    Database(path).close()
    after = named_rows(path)
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            assert {name: new[name] for name in old} == old, table


def test_it_gets_every_column_and_index(path, tmp_path):
    Database(path).close()
    Database(tmp_path / "fresh.db").close()
    assert structure(path) == structure(tmp_path / "fresh.db")


def test_a_model_that_was_promoted_after_its_training_was_promoted_by_hand(path):
    """The sample's model was; one that became current by itself did so as it was recorded."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO models (workspace_id, name, file, sha256, file_size, manifest, "
            "created_at, promoted_at) SELECT workspace_id, name, 'other', sha256, file_size, "
            "manifest, created_at, strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '+0.9 seconds') "
            "FROM models"
        )
        connection.execute(
            "INSERT INTO models (workspace_id, name, file, sha256, file_size, manifest, "
            "created_at) SELECT workspace_id, name, 'never', sha256, file_size, manifest, "
            "created_at FROM models LIMIT 1"
        )
    Database(path).close()
    models = named_rows(path)["models"]
    assert [each["is_promoted_by_hand"] for each in models] == [1, 0, 0]


def structure(path):
    """Every table's columns, foreign keys and indexes, as SQLite describes them."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            keys = connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
            found[name] = (
                {row[1:] for row in columns},
                {(*row[2:4], row[4] or "id", *row[5:]) for row in keys},  # None: the primary key
                {row[1:] for row in indexes},
            )
    return found


def test_the_file_as_it_was_is_kept_beside(path):
    before = with_rows_everywhere(path)
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    Database(path).close()
    copy = path.with_name(f"exotrain.db.before-version-{upgrades.VERSION}")
    assert named_rows(copy) == before
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)


def test_no_upgrade_without_a_copy(path):
    before = rows_of(path)
    copy = path.with_name(f"exotrain.db.before-version-{upgrades.VERSION}")
    copy.mkdir()  # so it can't be written
    with pytest.raises(CannotStart, match="only after a copy"):
        Database(path)
    assert rows_of(path) == before


REBUILD = (
    "CREATE TABLE new (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name VARCHAR NOT NULL, "
    "is_admin BOOLEAN NOT NULL, created_at VARCHAR NOT NULL, UNIQUE (name))",
    "INSERT INTO new SELECT * FROM users",
    "DROP TABLE users",
    "ALTER TABLE new RENAME TO users",
)


def add_upgrade(monkeypatch, statements):
    """A later version, which executes some statements."""

    def upgrade(connection):
        for statement in statements:
            connection.exec_driver_sql(statement)

    monkeypatch.setattr(upgrades, "UPGRADES", [*upgrades.UPGRADES, upgrade])
    monkeypatch.setattr(upgrades, "VERSION", upgrades.VERSION + 1)


def test_an_upgrade_that_rebuilds_a_table_keeps_what_refers_to_it(path, monkeypatch):
    """With foreign keys, dropping the old table would empty every other one."""
    before = with_rows_everywhere(path)
    add_upgrade(monkeypatch, REBUILD)
    database = Database(path)
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    database.close()
    after = named_rows(path)
    for table, rows in before.items():
        if table != "sqlite_sequence":
            assert [
                {name: new[name] for name in old}
                for old, new in zip(rows, after[table], strict=True)
            ] == rows, table


def test_an_upgrade_that_leaves_a_row_without_its_parent_is_undone(path, monkeypatch):
    Database(path).close()
    before = rows_of(path)
    add_upgrade(monkeypatch, ["DELETE FROM workspaces"])
    with pytest.raises(CannotStart, match="not there"):
        Database(path)
    assert rows_of(path) == before
    monkeypatch.undo()
    Database(path).close()


def test_a_copy_is_not_made_without_an_upgrade(tmp_path):
    for _ in range(2):
        Database(tmp_path / "exotrain.db").close()
    assert not list(tmp_path.glob("*before-version*"))


def test_the_figures_of_earlier_sessions_are_beside_them(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE training_sessions SET evaluation = ? WHERE id = 1",
            ('{"accuracy": 0.75, "log_loss": null, "intervals": {"accuracy": [0.7, 0.8]}}',),
        )
    Database(path).close()
    found = named_rows(path)
    facts = found["session_facts"]
    assert [each["session_id"] for each in facts] == [
        each["id"] for each in found["training_sessions"]
    ]
    (first,) = (each for each in facts if each["session_id"] == 1)
    assert (first["accuracy"], first["log_loss"], first["tags"]) == (0.75, None, "[]")
    assert json.loads(first["intervals"])["accuracy"] == [0.7, 0.8]
    metrics = json.loads(found["training_sessions"][0]["metrics"])
    assert first["val_accuracy"] == metrics["val_accuracy"]
    assert first["network"] == json.loads(found["training_sessions"][0]["spec"])["network"]


def test_a_search_of_a_version_without_its_minutes_is_kept(tmp_path):
    path = tmp_path / "exotrain.db"
    Database(path).close()
    before = structure(path)
    version = upgrades.UPGRADES.index(upgrades._add_minutes_of_searches) + 1
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in ("used_seconds", "reopened_at"):
            connection.execute(f"ALTER TABLE searches DROP COLUMN {name}")
        connection.execute("INSERT INTO users VALUES (1, 'a', 1, '2026')")
        connection.execute(
            "INSERT INTO workspaces (id, key, name, owner_id, created_at) "
            "VALUES (1, 'k', 'w', 1, '2026')"
        )
        connection.execute(
            "INSERT INTO studies (id, workspace_id, dataset_name, dataset_size, name, kind, "
            "settings, created_at) VALUES (4, 1, 'd', 1, 's', 'search', '{}', '2026')"
        )
        connection.execute("INSERT INTO searches VALUES (4, 'stopped', 7)")
        without_curves(connection)
        connection.execute(f"PRAGMA user_version = {version}")
    Database(path).close()
    assert named_rows(path)["searches"] == [
        {"study_id": 4, "state": "stopped", "last_trial": 7, "used_seconds": None}
        | {"reopened_at": None}
    ]
    assert structure(path) == before


def test_what_is_known_of_earlier_models_is_beside_them(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        (manifest,) = connection.execute("SELECT manifest FROM models WHERE id = 1").fetchone()
        changed = json.loads(manifest) | {"evaluation": {"accuracy": 0.75, "log_loss": None}}
        connection.execute(
            "UPDATE models SET manifest = ? WHERE id = 1",
            (json.dumps(changed | {"verdict": {"beats_guessing": True}, "simulated": False}),),
        )
    Database(path).close()
    found = named_rows(path)
    facts = found["model_facts"]
    assert [each["model_id"] for each in facts] == [each["id"] for each in found["models"]]
    (first,) = (each for each in facts if each["model_id"] == 1)
    (session,) = (each for each in found["session_facts"] if each["session_id"] == 1)
    assert (first["accuracy"], first["log_loss"], first["tags"]) == (0.75, None, "[]")
    assert (first["beats_guessing"], first["is_simulated"], first["is_joined"]) == (1, 0, 0)
    assert first["network"] == session["network"]
    assert first["dataset_name"] == session["dataset_name"]
    assert first["dataset_identity"] in {each["identity"] for each in found["datasets"]}
    assert first["val_accuracy"] == session["val_accuracy"]


def without_curves(connection: sqlite3.Connection) -> None:
    """Drop the tables of light curves, which came after what these tests take back."""
    for name in ("curve_views", "curve_imports", "curve_uploads", "curve_sets"):
        connection.execute(f"DROP TABLE {name}")


def without_settings(path: Path) -> None:
    """Make a database one of the version before sessions had their settings beside them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in SETTINGS:
            connection.execute(f"ALTER TABLE session_facts DROP COLUMN {name}")
        without_curves(connection)
        version = upgrades.UPGRADES.index(upgrades._add_settings_to_session_facts) + 1
        connection.execute(f"PRAGMA user_version = {version}")


def test_the_settings_of_earlier_sessions_are_beside_them(path):
    Database(path).close()
    without_settings(path)
    Database(path).close()
    found = named_rows(path)
    specs = {each["id"]: json.loads(each["spec"]) for each in found["training_sessions"]}
    assert found["session_facts"]
    for each in found["session_facts"]:
        spec = specs[each["session_id"]]
        assert {name: each[name] for name in SETTINGS} == {
            name: spec.get(name) for name in SETTINGS
        }
    assert found["session_facts"][0]["seed"] is not None


def test_the_settings_of_sessions_in_the_bin_are_beside_them_too(path):
    Database(path).close()
    without_settings(path)
    rows = named_rows(path)
    session = rows["training_sessions"][0]
    own = [each for each in rows["session_facts"] if each["session_id"] == session["id"]]
    content = [("training_sessions", session["id"], [session]), ("session_facts", None, own)]
    with closing(sqlite3.connect(path)) as connection, connection:
        (bin_id,) = connection.execute(
            "INSERT INTO bin (kind, item_id, name, workspace_id, owner_id, files, links, "
            "stored_bytes, deleted_at) SELECT 'session', 1, 'a', 1, min(id), '[]', '[]', 0, "
            "'2026' FROM users RETURNING id"
        ).fetchone()
        for number, (table, row_id, kept) in enumerate(content):
            connection.execute(
                "INSERT INTO bin_rows VALUES (?, ?, ?, ?, ?)",
                (bin_id, number, table, row_id, json.dumps(kept)),
            )
    Database(path).close()
    of_session, of_facts = named_rows(path)["bin_rows"]
    assert json.loads(of_session["content"]) == [session]
    (now,) = json.loads(of_facts["content"])
    assert json.loads(of_session["content"])[0]["spec"] == session["spec"]
    spec = json.loads(session["spec"])
    assert (now["seed"], now["epochs"]) == (spec["seed"], spec["epochs"])
    assert {name: now[name] for name in own[0]} == own[0]


def test_a_damaged_spec_in_the_bin_stops_no_upgrade():
    assert upgrades._spec_of({"spec": '{"seed": 3}'}) == {"seed": 3}
    assert upgrades._spec_of({"spec": "{"}) == {}
    assert upgrades._spec_of({"spec": None}) == {}
