"""Receiving a catalogue: whole or not at all, the same bytes once, within limits and quotas."""

import errno
import gzip
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from backend.database import datasets
from backend.services.datasets import upload as dataset_upload
from backend.storage import incoming
from backend.transit.columns import ROW_DTYPE
from backend.web import request_body
from backend.web.current import services_of
from tests.api import HEADER, Api, catalogue, form, problem_of
from tests.conftest import TOKEN
from tests.services.datasets.files import files_of

MB = 1 << 20


def test_an_upload_becomes_a_dataset_with_its_files(api, key, services):
    content = catalogue(30)
    answer = api.upload(key, content, name="Test Dataset")
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    dataset = answer["dataset"]
    assert answer["success"] is True
    assert dataset.keys() == {
        "id",
        "name",
        "file_size",
        "num_samples",
        "num_rejected",
        "sha256",
        "identity",
        "read_as",
        "source",
        "class_counts",
        "uploaded_at",
    }
    assert dataset["name"] == "Test Dataset"
    assert dataset["file_size"] == len(content)
    assert (dataset["num_samples"], dataset["num_rejected"]) == (30, 0)
    assert dataset["sha256"] == dataset["identity"] == sha256
    assert dataset["source"] == "exotrain"
    assert dataset["class_counts"] == {"CANDIDATE": 10, "CONFIRMED": 10, "FALSE POSITIVE": 10}
    assert files_of(services) == [f"{sha256}.csv", f"{sha256}.npy", f"{sha256}.rejected.jsonl"]
    stored = next(services.storage.uploads.glob("*/*.csv"))
    assert stored.read_text() == content


def test_the_table_on_disk_is_one_that_numpy_maps(api, key, services):
    api.upload(key, catalogue(12))
    table = np.load(next(services.storage.uploads.glob("*/*.npy")), mmap_mode="r")
    assert table.dtype == ROW_DTYPE
    assert table["star"].tolist() == [f"star-{i}".encode() for i in range(12)]
    assert table["line"].tolist() == list(range(2, 14))


def test_a_long_table_keeps_every_row_in_order(api, key, services):
    dataset = api.upload(key, catalogue(10_001))["dataset"]
    assert dataset["num_samples"] == 10_001
    table = np.load(next(services.storage.uploads.glob("*/*.npy")), mmap_mode="r")
    assert table["line"].tolist() == list(range(2, 10_003))


def test_the_same_bytes_again_give_the_dataset_that_exists(api, key, services):
    first = api.upload(key, catalogue(), name="first")["dataset"]
    again = api.upload(key, catalogue(), 200, name="second")
    assert again["dataset"] == first
    assert "first" in again["message"]
    assert len(files_of(services)) == 3


def test_the_same_bytes_in_another_workspace_are_another_dataset(api, key):
    first = api.upload(key, catalogue())["dataset"]
    second = api.upload(api.workspace("other"), catalogue())["dataset"]
    assert first["id"] != second["id"]
    api.delete(f"/api/training/dataset/{first['id']}")
    api.get(f"/api/training/dataset/{second['id']}/rows")


def test_two_uploads_of_the_same_bytes_at_once_make_one_dataset(api, key, services, monkeypatch):
    """Both have looked for an earlier one and found none before either is recorded."""
    meeting = threading.Barrier(2, timeout=20)
    record = dataset_upload._record

    def meet_then_record(*arguments):
        meeting.wait()
        return record(*arguments)

    monkeypatch.setattr(dataset_upload, "_record", meet_then_record)
    answers = []

    def upload():
        user = Api(api.client.application.test_client(), "test_user_123")
        answers.append(user.upload(key, catalogue(), None))

    threads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert len({answer.get_json()["dataset"]["id"] for answer in answers}) == 1
    assert len(files_of(services)) == 3
    assert api.get("/api/training/datasets", query_string={"workspace_key": key})["count"] == 1


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("koi.csv", "koi.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\koi.csv", "koi.csv"),
        ("a\tb\u202e.csv", "a b .csv"),
        ("x" * 300 + ".csv", "x" * 200),
        ("", "dataset"),
        ("///", "dataset"),
    ],
)
def test_without_a_name_the_dataset_is_called_like_its_file(file_name, name):
    assert dataset_upload.name_from(file_name) == name


BAD_FILES = [
    b"",
    b"\n\n\n",
    HEADER.encode(),
    b"period\n1\n2\n",
    b"period,duration\n1,2\n",
    b"a,b,c\n1,2,3\n",
    b"period,period,duration,depth,label\n1,2,3,4,5\n",
    b"\x00\x01\x02\x03" * 1000,
    bytes(range(256)) * 50,
    catalogue().encode("utf-16"),
    gzip.compress(catalogue().encode()),
    b"PK\x03\x04" + b"\x00" * 100,
    (HEADER + "\n" + "1," * 50_000).encode(),
    (HEADER + "\n" + '"' + "x" * 20_000_000).encode(),
    (HEADER + "\n" + "none,of,these,is,a,number,at,all,ok,no,x\n" * 50).encode(),
    b"<html><body>not found</body></html>",
    b'{"period": 1}',
    b"period,duration,depth,label\r1,2,3\x004,1\r",
]


@pytest.mark.parametrize("content", BAD_FILES, ids=range(len(BAD_FILES)))
def test_a_file_that_is_no_catalogue_is_refused_and_leaves_nothing(api, key, services, content):
    problem = problem_of(api.upload(key, content, None))
    assert problem["status"] == 422
    assert {"found", "missing", "recognised"} <= problem.keys()
    assert files_of(services) == []


def test_a_catalogue_without_a_column_is_refused_with_the_names_found_and_accepted(api, key):
    problem = problem_of(api.upload(key, "period,depth,label\n1,2,0\n", None))
    assert problem["status"] == 422
    assert problem["missing"] == ["duration"]
    assert problem["found"] == ["period", "depth", "label"]
    assert "duration" in problem["recognised"]
    assert problem["errors"][0]["column"] == "duration"


def test_a_catalogue_without_a_usable_row_says_why_line_by_line(api, key):
    problem = problem_of(api.upload(key, HEADER + "\n,2,3,,,,,,,0,\n", None))
    assert problem["status"] == 422
    assert problem["errors"][0]["row"] == 2
    assert problem["errors"][0]["column"] == "period"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "file"),
        ({"file": "not a file"}, "file"),
        (form(catalogue(), name="a\x07b"), "name"),
        (form(catalogue(), name="x" * 201), "name"),
        (form(catalogue(), epochs="10"), "epochs"),
        (form(catalogue(), other=form("x")["file"]), "other"),
    ],
)
def test_a_form_that_is_wrong_names_the_field(api, key, services, fields, field):
    response = api.post(
        "/api/training/upload-dataset",
        None,
        data={"workspace_key": key, **fields},
        content_type="multipart/form-data",
    )
    problem = problem_of(response)
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field
    assert files_of(services) == []


def test_a_form_without_a_workspace_or_with_another_is_refused(api, services):
    problem = problem_of(api.post("/api/training/upload-dataset", None, data=form("x")))
    assert problem["errors"][0]["field"] == "workspace_key"
    problem_of(api.upload("no-such-key", catalogue(), None))
    assert files_of(services) == []


def test_two_files_at_once_are_refused(api, key, services):
    files = [form(catalogue(n))["file"] for n in (20, 30)]
    response = api.post(
        "/api/training/upload-dataset", None, data={"workspace_key": key, "file": files}
    )
    assert problem_of(response)["errors"][0]["field"] == "file"
    assert files_of(services) == []


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", None])
def test_a_body_that_is_no_form_is_refused(api, content_type):
    response = api.post("/api/training/upload-dataset", None, data=b"x", content_type=content_type)
    assert problem_of(response)["status"] == 415


@pytest.mark.parametrize("ending", [b"", b"\r\n", b"\r\n--wrong--"])
def test_a_form_that_was_cut_off_is_no_dataset(api, key, services, ending):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="workspace_key"\r\n\r\n'
        + key.encode()
        + b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        + catalogue().encode()
        + ending
    )
    response = api.post(
        "/api/training/upload-dataset",
        None,
        data=body,
        content_type="multipart/form-data; boundary=b",
    )
    assert problem_of(response)["status"] == 422
    assert files_of(services) == []


@pytest.fixture
def small(make_client, settings):
    """A server that takes one megabyte a file, and two a workspace."""
    client = make_client(replace(settings, max_upload_mb=1, quota_mb=2))
    return Api(client, settings.token)


def padded(size, rows=60):
    """A catalogue of exactly that many bytes."""
    content = catalogue(rows)
    comments = "# filler\n" * ((size - len(content)) // 9)
    last = "#" * (size - len(content) - len(comments))
    return content + comments + last


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not(small):
    key = small.workspace()
    small.upload(key, padded(MB))
    problem = problem_of(small.upload(key, padded(MB + 1), None))
    assert problem["status"] == 413
    assert "1 MB" in problem["detail"]
    assert "EXOTRAIN_MAX_UPLOAD_MB" in problem["detail"]
    assert len(files_of(services_of(small.client.application))) == 3


def test_a_body_without_a_length_is_stopped_while_it_streams(small):
    """Chunked transfer: no Content-Length says beforehand that it is too large."""
    key = small.workspace()
    read = 0

    class Endless:
        def __init__(self):
            head = (
                f'--b\r\nContent-Disposition: form-data; name="workspace_key"\r\n\r\n{key}\r\n'
                '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            )
            self.waiting = head.encode()

        def read(self, size=-1):
            nonlocal read
            piece, self.waiting = self.waiting or b"1,2,3\n" * 10_000, b""
            read += len(piece)
            assert read < 5 * MB, "it is read without end"
            return piece[:size] if size > 0 else piece

    response = small.client.open(
        "/api/training/upload-dataset",
        method="POST",
        headers={**small.headers, "Content-Type": "multipart/form-data; boundary=b"},
        environ_overrides={"wsgi.input": Endless(), "wsgi.input_terminated": True},
    )
    assert problem_of(response)["status"] == 413
    assert files_of(services_of(small.client.application)) == []


def test_a_form_of_too_many_or_too_large_fields_is_refused(api, services):
    many = {f"field{i}": "x" for i in range(request_body.ExotrainRequest.max_form_parts + 1)}
    large = {"name": "x" * (request_body.ExotrainRequest.max_form_memory_size + 1)}
    for fields in (many, large):
        response = api.post("/api/training/upload-dataset", None, data=form(catalogue(), **fields))
        assert problem_of(response)["status"] == 413
    assert files_of(services) == []


def test_an_owner_at_the_quota_stores_no_more_and_reads_how_much_is_used_and_left(small):
    small.upload(small.workspace(), padded(MB))
    key = small.workspace("of the same owner")
    problem = problem_of(small.upload(key, padded(MB), None))
    assert problem["status"] == 507
    assert "EXOTRAIN_QUOTA_MB" in problem["detail"]
    assert "at most 2.0 MB" in problem["detail"]
    assert "found 1.0 MB: 1.0 MB more do not fit" in problem["detail"]
    assert len(files_of(services_of(small.client.application))) == 3
    other = small.new_user("other")
    other.upload(other.workspace(), padded(MB))


def test_an_editor_fills_the_quota_of_the_owner_and_not_their_own(small):
    key = small.workspace()
    editor = small.new_user("editor")
    small.post(f"/api/workspaces/{key}/members", 201, json={"user": "editor"})
    answer = editor.upload(key, padded(MB))
    assert answer["stored_bytes"]["used"] > MB
    assert editor.get("/api/me")["usage"]["stored_bytes"]["used"] == 0
    assert editor.upload(key, padded(MB - 9), None).status_code == 507
    editor.upload(editor.workspace(), padded(MB - 9))


def test_the_quota_counts_what_is_on_disk(api, key, services):
    content = catalogue(3000)
    answer = api.upload(key, content)
    files = [path for path in services.storage.uploads.rglob("*") if path.is_file()]
    on_disk = sum(path.stat().st_size for path in files)
    assert on_disk > 3 * len(content)
    assert answer["stored_bytes"] == {"used": on_disk, "allowed": 5000 * MB}
    assert api.upload(key, content, 200)["stored_bytes"]["used"] == on_disk
    assert api.get(f"/api/workspaces/{key}")["workspace"]["stored_bytes"] == on_disk


def again(api):
    """The same user with a client of its own, for another thread."""
    other = Api(api.client.application.test_client(), "")
    other.headers = api.headers
    return other


def test_of_two_uploads_at_once_only_the_one_that_fits_is_stored(small):
    keys = [small.workspace(), small.workspace("other")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda key: again(small).upload(key, padded(MB), None), keys))
    assert sorted(each.status_code for each in answers) == [201, 507]
    assert len(files_of(services_of(small.client.application))) == 3


def test_a_table_that_outgrows_the_disk_ends_in_the_middle_and_leaves_nothing(
    api, key, services, monkeypatch
):
    free = iter([*[10**9] * 3, *[incoming.RESERVED_BYTES] * 100])
    monkeypatch.setattr(
        incoming.shutil, "disk_usage", lambda path: type("Usage", (), {"free": next(free)})
    )
    monkeypatch.setattr(incoming, "_BUFFER_BYTES", 4096)
    problem = problem_of(api.upload(key, catalogue(3000), None))
    assert problem["status"] == 507
    assert "disk" in problem["detail"]
    assert files_of(services) == []


def test_a_nearly_full_disk_is_noticed_before_anything_is_written(api, key, services, monkeypatch):
    usage = type("Usage", (), {"free": incoming.RESERVED_BYTES + 100})
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda path: usage)
    problem = problem_of(api.upload(key, catalogue(), None))
    assert problem["status"] == 507
    assert "disk" in problem["detail"]
    assert files_of(services) == []


@pytest.mark.parametrize("at", range(3))
def test_a_disk_that_fills_up_leaves_nothing(api, key, services, monkeypatch, at):
    """At the first, second and third file that is put in its place."""
    put_in_place = dataset_upload.put_in_place
    calls = []

    def fail(source, target):
        calls.append(target)
        if len(calls) > at:
            raise OSError(errno.ENOSPC, "No space left on device")
        put_in_place(source, target)

    monkeypatch.setattr(dataset_upload, "put_in_place", fail)
    assert problem_of(api.upload(key, catalogue(), None))["status"] == 507
    assert files_of(services) == []
    monkeypatch.undo()
    api.upload(key, catalogue())


def test_a_row_that_cannot_be_written_leaves_no_file(api, key, services, monkeypatch):
    def fail(*_arguments, **_keywords):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(dataset_upload.datasets, "create", fail)
    assert problem_of(api.upload(key, catalogue(), None))["status"] == 507
    assert files_of(services) == []


def test_a_workspace_deleted_during_an_upload_gets_no_dataset(api, key, services, monkeypatch):
    read = dataset_upload._Derived.read

    def read_then_delete(self, *arguments):
        api.delete(f"/api/workspaces/{key}")
        return read(self, *arguments)

    monkeypatch.setattr(dataset_upload._Derived, "read", read_then_delete)
    assert problem_of(api.upload(key, catalogue(), None))["status"] == 409
    assert files_of(services) == []


@pytest.mark.usefixtures("without_bin")
def test_deleting_and_uploading_the_same_bytes_at_once_keeps_the_new_files(api, key, services):
    dataset_id = api.dataset(key)
    with services.database.read() as connection:
        removed = datasets.find(connection, dataset_id)
    api.delete(f"/api/training/dataset/{dataset_id}")
    new = api.dataset(key)
    # The end of a deletion that was slow.
    dataset_upload.forget_files(services.database, services.storage, removed)
    assert api.get(f"/api/training/dataset/{new}/rows")["count"] == 90


def test_an_upload_whose_workspace_is_deleted_meanwhile_is_refused_and_leaves_nothing(
    api, key, services, monkeypatch, app
):
    sync = dataset_upload.sync

    def meanwhile(path):
        monkeypatch.setattr(dataset_upload, "sync", sync)
        Api(app.test_client(), TOKEN).delete(f"/api/workspaces/{key}")
        sync(path)

    monkeypatch.setattr(dataset_upload, "sync", meanwhile)
    assert problem_of(api.upload(key, catalogue(60), None))["status"] == 409
    assert files_of(services) == []
    with services.database.read() as connection:
        assert datasets.all_files(connection) == []


def test_what_a_failed_upload_forgets_is_not_what_the_bin_has_of_the_same_bytes_since(
    api, key, services, monkeypatch, app
):
    """It fails after its files are in place; before it forgets them another has come and gone."""
    content, create, forget = catalogue(60), datasets.create, dataset_upload.forget_files
    kept = []

    def fail(*_arguments, **_columns):
        monkeypatch.setattr(datasets, "create", create)
        raise OSError(errno.EIO, "by chance")

    def meanwhile(*arguments):
        other = Api(app.test_client(), TOKEN)
        dataset = other.upload(key, content)["dataset"]["id"]
        whole = files_of(services)
        other.delete(f"/api/training/dataset/{dataset}")
        forget(*arguments)
        kept.append((dataset, whole))

    monkeypatch.setattr(datasets, "create", fail)
    monkeypatch.setattr(dataset_upload, "forget_files", meanwhile)
    assert problem_of(api.upload(key, content, None))["status"] == 500
    ((dataset, whole),) = kept
    assert len(whole) == 3
    assert files_of(services) == whole
    (entry,) = api.get("/api/bin", query_string={"workspace_key": key})["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    assert api.get(f"/api/training/dataset/{dataset}/rows")["total"] == 60
