"""/api/bin: what was deleted stays for some days, whole, and comes back as it was."""

import importlib
import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from backend.background.session_end import remove_leftovers as remove_of_sessions
from backend.database import kept, models, schema, sessions
from backend.database.bin import entries, remains
from backend.database.bin import rows as moved
from backend.database.bin.tables import bin_entries
from backend.database.connection import first
from backend.database.schema import iso
from backend.services.bin import put
from backend.services.bin.emptying import empty
from backend.services.bin.room import make_room
from backend.services.leftovers import remove_leftovers
from backend.services.quota import require_bytes
from backend.storage.incoming import MEGABYTE
from tests.api import CANDIDATE, catalogue, complete, fail, problem_of
from tests.faults.state import files_in

_PREDICTED = {"candidates": [CANDIDATE], "predictions": [{"label": 1}]}
VOTE = {"row": 1, "label": 0, "reason": "a blend"}


def rows_of(services, *without):
    """Every row of the database but those of the bin, the audit log and the counters of ids."""
    left_out = {"bin", "bin_rows", "audit", "sqlite_sequence", "tokens", *without}
    found = {}
    with closing(sqlite3.connect(services.settings.data_dir / "exotrain.db")) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name not in left_out:
                rows = map(dict, connection.execute(f"SELECT * FROM {name}").fetchall())
                found[name] = sorted(rows, key=str)
    return found


def without_versions(rows):
    """Versions of rows grow with each change of what is shown; this is one."""
    return {
        name: [{key: row[key] for key in row if key != "version"} for row in each]
        for name, each in rows.items()
    }


def all_files(services):
    return files_in(services.storage.uploads) | files_in(services.storage.models)


def binned(api, key=None):
    query = {} if key is None else {"workspace_key": key}
    answer = api.get("/api/bin", query_string=query)
    assert answer["count"] == len(answer["entries"])
    return answer["entries"]


def restore(api, key=None, expect=200):
    """Restore what was deleted last."""
    return api.post(f"/api/bin/{binned(api, key)[0]['id']}/restore", expect)


@pytest.fixture
def world(api, key, services):
    """One of everything that can be deleted: the path of each."""
    dataset = api.dataset(key)
    api.put(f"/api/training/dataset/{dataset}/labels", json={"changes": [VOTE]})
    api.post(f"/api/training/dataset/{dataset}/versions", 201, json={})
    first, second = (api.start(key, dataset)["session"]["id"] for _ in range(2))
    complete(services, first)
    model = complete(services, second)
    failed = api.start(key, dataset)["session"]["id"]
    fail(services, failed)
    api.patch(f"/api/training/session/{second}", json={"title": "mine", "tags": ["paper"]})
    api.patch(f"/api/models/{model}", json={"note": "a\nb"})
    study = api.study(key, dataset, folds=2)["study"]
    for part in study["sessions"]:
        complete(services, part["id"])
    analysis = api.post(
        "/api/analyses",
        201,
        json={
            "workspace_key": key,
            "title": "kept",
            **_PREDICTED,
            "model_id": model,
        },
    )["analysis"]["id"]
    return {
        "dataset": f"/api/training/dataset/{dataset}",
        "session": f"/api/training/session/{second}",
        "failed": f"/api/training/session/{failed}",
        "model": f"/api/models/{model}",
        "study": f"/api/training/studies/{study['id']}",
        "analysis": f"/api/analyses/{analysis}",
        "workspace": f"/api/workspaces/{key}",
    }


KINDS = ["dataset", "session", "failed", "model", "study", "analysis", "workspace"]


def cancel_what_waits(api, key):
    for each in api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]:
        if each["status"] == "pending":
            api.post(f"/api/training/session/{each['id']}/cancel")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_deleted_comes_back_to_the_last_byte(api, key, services, world, kind):
    api.post("/api/tokens", 201, json={"user": "member"})
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "member"})
    rows, files = rows_of(services), all_files(services)
    shown = api.get(world[kind])
    answer = api.delete(world[kind])
    assert answer["success"] is True
    assert sorted(answer) == ["message", "success"]
    problem_of(api.get(world[kind], None))
    assert (rows_of(services) != rows) == (kind != "workspace")  # which its entry hides
    where = None if kind == "workspace" else key
    (entry,) = binned(api, where)
    assert entry["kind"] == ("session" if kind == "failed" else kind)
    assert entry["user"] == api.get("/api/me")["user"]["name"]
    remove_leftovers(services.database, services.storage)
    remove_of_sessions(services.database, services.storage)
    empty(services)
    restored = restore(api, where)["restored"]
    assert [each["kind"] for each in restored] == [entry["kind"]]
    assert binned(api, where) == []
    assert without_versions(rows_of(services)) == without_versions(rows)
    assert all_files(services) == files
    assert api.get(world[kind]) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_deleted_for_good_leaves_nothing(api, key, services, world, kind):
    before = all_files(services)
    api.delete(world[kind])
    where = None if kind == "workspace" else key
    (entry,) = binned(api, where)
    assert all_files(services) == before
    assert "for good" in api.delete(f"/api/bin/{entry['id']}")["message"]
    api.post(f"/api/bin/{entry['id']}/restore", 404)
    problem_of(api.get(world[kind], None))
    assert binned(api, where) == []
    with services.database.read() as connection:
        assert connection.execute(bin_entries.select()).all() == []
    gone = before.keys() - all_files(services).keys()
    assert (gone != set()) == (kind not in ("session", "analysis"))
    if kind == "workspace":
        assert all_files(services) == {}


def test_nothing_sees_what_is_in_the_bin(api, key, world):
    api.delete(world["session"])
    api.delete(world["model"])
    api.delete(world["study"])
    api.delete(world["dataset"])
    for path, name in (
        (f"/api/training/datasets?workspace_key={key}", "datasets"),
        (f"/api/training/studies?workspace_key={key}", "studies"),
    ):
        assert api.get(path)[name] == []
    assert len(api.get(f"/api/models?workspace_key={key}&sort=id")["models"]) == 1
    assert len(api.get(f"/api/training/sessions?workspace_key={key}&sort=id")["sessions"]) == 2
    assert [each["kind"] for each in binned(api, key)] == ["dataset", "study", "model", "session"]


def test_nobody_sees_what_is_in_a_deleted_workspace(api, key, services, world):
    member = api.new_user("member")
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "member"})
    cancel_what_waits(api, key)
    used = api.get("/api/me")["usage"]
    api.delete(world["workspace"])
    for user, path in itertools.product((api, member), world.values()):
        user.get(path, 404)
    for user in (api, member):
        assert user.get("/api/workspaces")["workspaces"] == []
        user.get(f"/api/training/sessions?workspace_key={key}", 404)
        user.get(f"/api/audit?workspace_key={key}", 404)
        user.post("/api/analyses", 404, json={"workspace_key": key, "title": "x", **_PREDICTED})
    usage = api.get("/api/me")["usage"]
    assert (usage["workspaces"]["used"], usage["analyses"]["used"]) == (0, 0)
    assert usage["stored_bytes"] == used["stored_bytes"]  # the bin counts
    with services.database.read() as connection:
        assert models.current_models(connection) == []


@pytest.mark.parametrize("kind", ["session", "study"])
def test_nothing_starts_in_a_workspace_that_was_deleted_meanwhile(
    api, key, services, world, kind, monkeypatch
):
    cancel_what_waits(api, key)
    dataset = int(world["dataset"].rpartition("/")[2])
    module = importlib.import_module(
        "backend.web.routes.training." + ("sessions" if kind == "session" else "studies")
    )
    freeze = module.with_version

    def meanwhile(services, connection, *given, **more):
        workspace = first(connection, schema.workspaces.select())
        put.put_workspace(services, connection, workspace, workspace["owner_id"])
        return freeze(services, connection, *given, **more)

    monkeypatch.setattr(module, "with_version", meanwhile)
    answer = (api.start if kind == "session" else api.study)(key, dataset, 409)
    assert answer["detail"] == "The workspace was deleted; refresh and retry."


def test_nothing_that_waits_in_a_deleted_workspace_has_its_turn(api, key, services, world):
    """As a session that was started while the workspace was being deleted."""
    cancel_what_waits(api, key)
    api.delete(world["workspace"])
    with services.database.write() as connection:
        sessions.change(connection, 1, status="pending")
        assert sessions.next_pending(connection, 0) is None
    restore(api)
    with services.database.read() as connection:
        assert sessions.next_pending(connection, 0)["id"] == 1


def test_what_a_deleted_workspace_keeps_of_a_failed_session_is_there_when_it_comes_back(
    api, key, services, world
):
    api.delete(world["workspace"])
    late = datetime.now(UTC) + timedelta(days=kept.KEPT_DAYS + 1)
    with services.database.read() as connection:
        assert kept.too_old(connection, late) == []
    restore(api)
    with services.database.read() as connection:
        assert len(kept.too_old(connection, late)) == 1


def test_a_workspace_is_deleted_and_restored_without_a_statement_for_each_session(
    api, key, services, world
):
    """How many change rows, and of which tables; the number of sessions is without effect."""
    changed = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            changed.append(" ".join(statement.split()[:3]))

    cancel_what_waits(api, key)
    event.listen(services.database._writer, "before_cursor_execute", note)
    api.delete(world["workspace"])
    restore(api)
    assert {each.partition(" ")[2] for each in changed} <= {
        *("INTO audit", "INTO bin", "FROM bin", "FROM bin_rows"),
        "searches SET",
    }
    assert len(changed) < 8


def test_no_writer_waits_for_the_end_of_a_large_workspace(api, key, services, world, monkeypatch):
    cancel_what_waits(api, key)
    api.delete(world["session"])
    api.delete(world["workspace"])
    parts = []

    def part(connection, entry):
        before = connection.exec_driver_sql("SELECT total_changes()").scalar()
        found = removed(connection, entry)
        # What goes with a row counts too: epochs, figures, votes.
        parts.append(connection.exec_driver_sql("SELECT total_changes()").scalar() - before)
        return found

    removed = remains.remove_part
    monkeypatch.setattr(remains, "_AT_A_TIME", 1)
    monkeypatch.setattr(remains, "remove_part", part)
    (entry,) = binned(api)
    api.delete(f"/api/bin/{entry['id']}")
    assert len(parts) > 10
    assert max(parts) < 12
    assert all_files(services) == {}
    assert {name for name, rows in rows_of(services).items() if rows} == {"users"}


def test_sessions_deleted_together_come_back_each_by_itself(api, key, services, world):
    ids = [int(world[name].rpartition("/")[2]) for name in ("failed", "session")]
    rows = rows_of(services)
    body = {"session_ids": ids, "action": "delete"}
    assert api.post("/api/training/sessions/bulk", json=body)["done"] == 2
    first, second = binned(api, key)
    assert {first["item_id"], second["item_id"]} == set(ids)
    assert sorted((first["stored_bytes"], second["stored_bytes"])) == [0, 19]
    for each in (first, second):
        assert api.post(f"/api/bin/{each['id']}/restore")["restored"][0]["kind"] == "session"
        there = api.get(f"/api/training/session/{each['item_id']}")["session"]
        assert (there["model_id"] is None) == (each["item_id"] == ids[0])
    assert without_versions(rows_of(services)) == without_versions(rows)


def test_many_sessions_take_no_more_statements_than_one(api, key, services):
    dataset, statements = api.dataset(key), []
    for number in (1, 20):
        ids = [api.start(key, dataset)["session"]["id"] for _ in range(number)]
        for each in ids:
            complete(services, each)
        run = []
        note = lambda *given, run=run: run.append(given[2])  # noqa: E731
        event.listen(services.database._writer, "before_cursor_execute", note)
        body = {"session_ids": ids, "action": "delete"}
        assert api.post("/api/training/sessions/bulk", json=body)["done"] == number
        event.remove(services.database._writer, "before_cursor_execute", note)
        statements.append(len(run))
    assert statements[0] == statements[1]
    assert len(binned(api, key)) == 21


def test_files_of_a_large_study_are_looked_for_in_the_list_of_their_folder(
    services, tmp_path, monkeypatch
):
    folder = tmp_path / "data" / "model" / "1"
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.keras" for number in range(put._FEW + 10)]
    for path in paths[5:]:
        path.touch()
    monkeypatch.setattr(Path, "exists", lambda path: path == folder)
    found = put._relative(services.storage, [*paths, tmp_path / "data" / "gone.csv"])
    assert found == [f"model/1/{path.name}" for path in paths[5:]]


def still_shown(api, path, etag):
    return api.get(path, None, headers={"If-None-Match": etag}).status_code == 304


def test_the_etag_of_a_session_whose_dataset_came_back_first_is_another(api, key, world):
    api.delete(world["dataset"])
    without = api.get(world["session"], None).headers["ETag"]
    assert still_shown(api, world["session"], without)
    api.delete(world["session"])
    session, dataset = binned(api, key)
    for each in (dataset, session):
        api.post(f"/api/bin/{each['id']}/restore")
    assert api.get(world["session"])["session"]["dataset_id"] == dataset["item_id"]
    assert not still_shown(api, world["session"], without)


def test_the_etag_of_a_session_whose_dataset_is_gone_for_good_is_another(api, key, world):
    with_dataset = api.get(world["session"], None).headers["ETag"]
    for name in ("session", "dataset"):
        api.delete(world[name])
    dataset, session = binned(api, key)
    api.delete(f"/api/bin/{dataset['id']}")
    api.post(f"/api/bin/{session['id']}/restore")
    assert api.get(world["session"])["session"]["dataset_id"] is None
    assert not still_shown(api, world["session"], with_dataset)


def test_an_analysis_brings_back_its_model_with_the_session_and_the_dataset_of_that(
    api, key, services, world
):
    cancel_what_waits(api, key)
    rows = rows_of(services)
    names = ("analysis", "model", "session", "dataset")
    for name in names:
        api.delete(world[name])
    answer = restoring(api, key, "analysis")
    assert [each["kind"] for each in answer["restored"]] == list(reversed(names))
    for name in names:
        assert f"{name} {world[name].rpartition('/')[2]} (" in answer["message"]
    facts = ("session_facts", "model_facts")  # what is deleted leaves its last name to sessions
    for name, each in without_versions(rows_of(services)).items():
        assert name in facts or each == without_versions(rows)[name]


def test_an_analysis_whose_model_was_deleted_first_has_it_again_when_that_comes_back(
    api, key, world
):
    api.delete(world["model"])
    api.delete(world["analysis"])
    assert [each["kind"] for each in restoring(api, key, "analysis")["restored"]] == ["analysis"]
    assert api.get(world["analysis"])["analysis"]["model_id"] is None
    restoring(api, key, "model")
    assert world["model"].endswith(f"/{api.get(world['analysis'])['analysis']['model_id']}")


def test_an_analysis_comes_back_without_a_model_that_is_gone_for_good(api, key, world):
    for name in ("analysis", "model"):
        api.delete(world[name])
    model, _analysis = binned(api, key)
    api.delete(f"/api/bin/{model['id']}")
    restoring(api, key, "analysis")
    assert api.get(world["analysis"])["analysis"]["model_id"] is None


def restoring(api, key, kind):
    (entry,) = [each for each in binned(api, key) if each["kind"] == kind]
    return api.post(f"/api/bin/{entry['id']}/restore")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_catalogue_that_several_datasets_read_counts_once_in_the_bin_too(
    api, key, services, order
):
    ids = [api.dataset(key, 300)]
    for columns in ('{"snr": null}', '{"impact": null}'):
        ids.append(api.upload(key, catalogue(300), columns=columns)["dataset"]["id"])

    def used():
        return api.get("/api/me")["usage"]["stored_bytes"]["used"]

    def on_disk():
        return sum(each.stat().st_size for each in services.storage.uploads.rglob("*.*"))

    all_used = used()
    assert all_used == on_disk()
    for each in order:
        api.delete(f"/api/training/dataset/{ids[each]}")
        assert used() == all_used
    for place in range(3):
        size = sum(each.stat().st_size for each in services.storage.uploads.rglob("*.csv"))
        left = used()
        with services.database.write() as connection:
            assert make_room(services, connection, 1, 1)
        assert left - used() > (size if place == 2 else 0)
        empty(services)
        assert used() == on_disk()


def test_a_dataset_that_comes_back_counts_the_catalogue_again(api, key, services):
    ids = [api.dataset(key, 300)]
    ids.append(api.upload(key, catalogue(300), columns='{"snr": null}')["dataset"]["id"])
    before = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    for each in ids:
        api.delete(f"/api/training/dataset/{each}")
    for _ in ids:
        restore(api, key)
        assert api.get("/api/me")["usage"]["stored_bytes"]["used"] == before


def test_an_id_is_never_used_again(api, key, world):
    deleted = api.get(world["dataset"])["dataset"]["id"]
    api.delete(world["dataset"])
    other = api.upload(key, catalogue(120))["dataset"]["id"]
    assert other > deleted
    restore(api, key)
    assert api.get(world["dataset"])["dataset"]["id"] == deleted


def test_references_come_back_in_any_order(api, key, services, world):
    """A session whose dataset is in the bin brings it back; one that is there is linked again."""
    rows = rows_of(services)
    api.delete(world["session"])
    api.delete(world["dataset"])
    dataset, session = binned(api, key)
    answer = api.post(f"/api/bin/{session['id']}/restore")
    assert [each["kind"] for each in answer["restored"]] == ["dataset", "session"]
    assert "dataset" in answer["message"]
    assert without_versions(rows_of(services)) == without_versions(rows)
    api.delete(world["dataset"])
    api.delete(world["session"])  # it has no dataset any more
    restore_all = [each["id"] for each in binned(api, key)][::-1]
    for each in restore_all:
        api.post(f"/api/bin/{each}/restore")
    assert api.get(world["session"])["session"]["dataset_id"] == dataset["item_id"]
    assert api.get(world["session"])["session"]["model_id"] is not None


def test_a_session_comes_back_without_a_dataset_that_is_gone_for_good(api, key, world):
    api.delete(world["session"])
    api.delete(world["dataset"])
    dataset, session = binned(api, key)
    api.delete(f"/api/bin/{dataset['id']}")
    api.post(f"/api/bin/{session['id']}/restore")
    assert api.get(world["session"])["session"]["dataset_id"] is None


def test_the_same_bytes_uploaded_again_restore_a_dataset(api, key, services, world):
    api.patch(world["dataset"], json={"name": "Kepler"})
    before = api.get(world["dataset"])["dataset"]
    rows = rows_of(services)
    api.delete(world["dataset"])
    answer = api.upload(key, catalogue(90), 200)
    assert answer["restored"] is True
    assert answer["dataset"]["id"] == before["id"]
    assert answer["dataset"]["name"] == "Kepler"
    assert "was in the bin" in answer["message"]
    facts = ("session_facts", "model_facts")  # what is deleted leaves its last name to sessions
    for name, each in without_versions(rows_of(services)).items():
        assert name in facts or each == without_versions(rows)[name]
    assert api.upload(key, catalogue(90), 200)["restored"] is False


@pytest.mark.parametrize("damage", ["gone", "garbage", "no table"])
def test_a_dataset_whose_files_were_lost_is_whole_after_the_same_bytes_come(
    api, key, services, damage
):
    dataset_id = api.dataset(key)
    api.put(
        f"/api/training/dataset/{dataset_id}/labels",
        json={"changes": [{"row": 1, "label": "exclude", "reason": "seen"}]},
    )
    whole = files_in(services.storage.uploads)
    api.delete(f"/api/training/dataset/{dataset_id}")
    for path in services.storage.uploads.rglob("*.*"):
        if path.is_file() and (damage != "no table" or path.suffix == ".npy"):
            path.unlink() if damage != "garbage" else path.write_bytes(b"garbage")
    assert files_in(services.storage.uploads) != whole
    answer = api.upload(key, catalogue(90), 200)
    assert (answer["restored"], answer["dataset"]["id"]) == (True, dataset_id)
    assert files_in(services.storage.uploads) == whole
    assert api.get(f"/api/training/dataset/{dataset_id}/rows")["total"] == 90
    assert api.get(f"/api/training/dataset/{dataset_id}/labels")["total"] == 1


def test_a_file_that_two_datasets_read_stays_while_one_needs_it(api, key, services):
    one = api.dataset(key)
    columns = '{"snr": null}'
    other = api.upload(key, catalogue(90), columns=columns)["dataset"]["id"]
    used = api.get(f"/api/workspaces/{key}")["workspace"]["stored_bytes"]
    api.delete(f"/api/training/dataset/{one}")
    api.delete(f"/api/training/dataset/{other}")
    first, second = binned(api, key)
    api.delete(f"/api/bin/{first['id']}")
    api.post(f"/api/bin/{second['id']}/restore")
    assert api.get(f"/api/training/dataset/{one}/rows")["total"] == 90
    again = api.upload(key, catalogue(90), columns=columns)
    assert again["restored"] is False
    assert api.get(f"/api/workspaces/{key}")["workspace"]["stored_bytes"] == used


def test_the_bin_counts_and_gives_way_when_the_quota_is_full(api, key, services, monkeypatch):
    datasets = [api.dataset(key, rows) for rows in (300, 200, 100)]
    used = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    for each in datasets[:2]:
        api.delete(f"/api/training/dataset/{each}")
    assert api.get("/api/me")["usage"]["stored_bytes"]["used"] == used
    monkeypatch.setattr("backend.services.quota.MEGABYTE", 1)
    object.__setattr__(services.settings, "quota_mb", used + 1)
    kept = api.dataset(key, 90)
    assert [each["item_id"] for each in binned(api, key)] == [datasets[1]]  # the oldest went
    empty(services)
    assert api.get(f"/api/training/dataset/{kept}/rows")["total"] == 90
    refused = problem_of(api.upload(key, catalogue(3000), None))
    assert refused["status"] == 507
    assert [each["item_id"] for each in binned(api, key)] == [datasets[1]]  # it would not help


def test_a_model_that_needs_the_place_takes_it_too(api, key, services):
    dataset = api.dataset(key, 300)
    api.delete(f"/api/training/dataset/{dataset}")
    allowed = services.settings.quota_mb * MEGABYTE
    with services.database.write() as connection:
        require_bytes(services, connection, 1, allowed - 10)
    assert binned(api, key) == []


def test_entries_go_after_their_days(api, key, services, world):
    api.delete(world["analysis"])
    api.delete(world["dataset"])
    dataset, analysis = binned(api, key)
    assert dataset["until"][:10] > dataset["deleted_at"][:10]
    with services.database.write() as connection:
        long_ago = iso(datetime.now(UTC) - timedelta(days=7, minutes=1))
        old = bin_entries.c.id == analysis["id"]
        connection.execute(bin_entries.update().where(old).values(deleted_at=long_ago))
    empty(services)
    assert [each["id"] for each in binned(api, key)] == [dataset["id"]]
    (expired,) = api.get("/api/audit?action=bin_expired")["entries"]
    assert (expired["user"], expired["target"]) == (None, f"analysis {analysis['item_id']}")


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_bin_what_is_deleted_is_gone_at_once(api, key, services, world, kind):
    object.__setattr__(services.settings, "bin_days", 0)
    before = all_files(services)
    api.delete(world[kind])
    assert binned(api, None if kind == "workspace" else key) == []
    with services.database.read() as connection:
        assert connection.execute(bin_entries.select()).all() == []
    gone = before.keys() - all_files(services).keys()
    assert (gone != set()) == (kind not in ("session", "analysis"))


def test_who_may_see_and_restore(api, key, world):
    editor, viewer, stranger = (api.new_user(name) for name in ("ed", "vi", "st"))
    for name, role in (("ed", "editor"), ("vi", "viewer")):
        body = {"user": name, "role": role}
        api.post(f"/api/workspaces/{key}/members", 201, json=body)
    editor.delete(world["analysis"])
    (entry,) = binned(api, key)
    assert entry["user"] == "ed"
    assert binned(viewer, key) == []
    stranger.get("/api/bin", 404, query_string={"workspace_key": key})
    stranger.post(f"/api/bin/{entry['id']}/restore", 404)
    viewer.post(f"/api/bin/{entry['id']}/restore", 403)
    viewer.delete(f"/api/bin/{entry['id']}", 403)
    editor.post(f"/api/bin/{entry['id']}/restore")
    api.delete(world["workspace"])
    (entry,) = binned(api)
    assert binned(editor) == []
    editor.post(f"/api/bin/{entry['id']}/restore", 404)
    api.post(f"/api/bin/{entry['id']}/restore")
    assert editor.get(world["workspace"])["workspace"]["role"] == "editor"


def test_what_waited_in_a_deleted_workspace_comes_back_cancelled(api, key):
    session = api.start(key, api.dataset(key))["session"]["id"]
    api.delete(f"/api/workspaces/{key}")
    assert api.get("/api/health")["queue"]["pending"] == 0
    restore(api)
    assert api.get(f"/api/training/session/{session}")["session"]["status"] == "cancelled"
    assert api.get("/api/health")["queue"]["pending"] == 0


def test_the_bin_of_a_workspace_goes_and_comes_with_it(api, key, services, world):
    api.delete(world["analysis"])
    api.delete(world["workspace"])
    restore(api)
    assert [each["kind"] for each in binned(api, key)] == ["analysis"]
    api.delete(world["workspace"])
    api.delete(f"/api/bin/{binned(api)[0]['id']}")
    with services.database.read() as connection:
        assert connection.execute(bin_entries.select()).all() == []


def test_a_workspace_beyond_the_quota_stays_in_the_bin(api, key, services):
    api.delete(f"/api/workspaces/{key}")
    object.__setattr__(services.settings, "quota_workspaces", 1)
    api.workspace("another")
    assert restore(api, expect=429)["status"] == 429
    assert len(binned(api)) == 1


def test_a_start_with_the_key_of_a_session_in_the_bin_is_a_new_one(api, key, services):
    dataset = api.dataset(key)
    headers = {"Idempotency-Key": "once"}
    first = api.start(key, dataset, headers=headers)["session"]["id"]
    complete(services, first)
    api.delete(f"/api/training/session/{first}")
    second = api.start(key, dataset, headers=headers)["session"]["id"]
    assert second != first
    restore(api, key)
    with services.database.read() as connection:
        found = [sessions.find(connection, each)["idempotency_key"] for each in (first, second)]
    assert found == [None, "once"]


def test_the_audit_log_says_what_came_back_and_what_went(api, key, world):
    api.delete(world["analysis"])
    restore(api, key)
    api.delete(world["analysis"])
    api.delete(f"/api/bin/{binned(api, key)[0]['id']}")
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    assert [(each["action"], each["detail"]) for each in entries[:4]] == [
        ("bin_deleted", "kept"),
        ("analysis_deleted", "kept"),
        ("bin_restored", "kept"),
        ("analysis_deleted", "kept"),
    ]


def test_a_start_leaves_the_files_of_the_bin_beside_those_of_others(api, key, services):
    api.dataset(key)
    deleted = api.dataset(key, rows=300)
    before = all_files(services)
    api.delete(f"/api/training/dataset/{deleted}")
    remove_leftovers(services.database, services.storage)
    assert all_files(services) == before


def test_a_workspace_with_more_analyses_than_the_quota_has_room_for_stays_in_the_bin(
    api, key, services, world
):
    cancel_what_waits(api, key)
    api.delete(world["workspace"])
    object.__setattr__(services.settings, "quota_analyses", 0)
    (entry,) = api.get("/api/bin")["entries"]
    problem = problem_of(api.post(f"/api/bin/{entry['id']}/restore", None))
    assert (problem["status"], "EXOTRAIN_QUOTA_ANALYSES" in problem["detail"]) == (429, True)
    object.__setattr__(services.settings, "quota_analyses", 1)
    api.post(f"/api/bin/{entry['id']}/restore")
    assert api.get(world["analysis"])["analysis"]["title"] == "kept"


def test_what_takes_no_place_is_not_given_up_for_it(api, key, services, world):
    cancel_what_waits(api, key)
    api.delete(world["session"])
    api.delete(world["model"])
    _model, session = binned(api, key)
    assert (session["kind"], session["stored_bytes"]) == ("session", 0)
    with services.database.write() as connection:
        owner_id = entries.find(connection, session["id"])["owner_id"]
        assert make_room(services, connection, owner_id, 1)
    assert [each["id"] for each in binned(api, key)] == [session["id"]]


def test_a_reference_that_was_given_since_is_not_taken_away(api, key, services):
    earlier, now = api.dataset(key), api.dataset(key, rows=120)
    session = api.start(key, now)["session"]["id"]
    link = moved.Link("training_sessions", session, "dataset_id", earlier)
    with services.database.write() as connection:
        moved.put_back(connection, moved.Taken({}, [link]))
    assert api.get(f"/api/training/session/{session}")["session"]["dataset_id"] == now


def test_the_bin_has_the_title_that_a_session_and_a_model_were_given(api, key, services):
    session = api.start(key, api.dataset(key))["session"]["id"]
    model = complete(services, session)
    other = api.start(key, api.dataset(key, 91), model_name="Plain")["session"]["id"]
    fail(services, other)
    complete_again = api.start(key, api.dataset(key, 92))["session"]["id"]
    api.post(f"/api/models/{complete(services, complete_again)}/promote")
    api.patch(f"/api/training/session/{session}", json={"title": "My session"})
    api.patch(f"/api/models/{model}", json={"title": "My model"})
    paths = ("training/session/{}", session), ("models/{}", model), ("training/session/{}", other)
    for path, item in paths:
        api.delete(f"/api/{path.format(item)}")
    assert [each["name"] for each in binned(api, key)] == ["Plain", "My model", "My session"]
