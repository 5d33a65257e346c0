"""/api/light-curves/uploads: large files that come in pieces."""

import pytest

from backend.database.curves import uploads
from backend.services.curves import runner as runner_module
from backend.services.curves import uploads as service
from backend.storage import curve_files
from tests.api import problem_of

UPLOADS = "/api/light-curves/uploads"

CONTENT = bytes(range(256)) * 40
SIZE = len(CONTENT)


@pytest.fixture
def upload_id(api, key):
    return begin(api, key)["upload"]["id"]


def refused(response, status):
    assert response.status_code == status, response.get_data(as_text=True)
    return problem_of(response)


def begin(api, key, expect=201, **fields):
    body = {"workspace_key": key, "name": "stars.tar", "size": len(CONTENT), **fields}
    return api.post(UPLOADS, expect, json=body)


def send(api, upload_id, start, piece, expect=200, total=SIZE, stop=None, **headers):
    stop = start + len(piece) if stop is None else stop
    headers = {"Content-Range": f"bytes {start}-{stop - 1}/{total}", **headers}
    return api.put(
        f"{UPLOADS}/{upload_id}",
        expect,
        data=piece,
        content_type="application/octet-stream",
        headers=headers,
    )


def path_of(services, upload_id):
    with services.database.read() as connection:
        found = uploads.find(connection, upload_id)
    return curve_files.part(services.storage, found["workspace_id"], upload_id)


def test_pieces_one_after_another_are_the_file(api, services, upload_id):
    for start in range(0, len(CONTENT), 3000):
        upload = send(api, upload_id, start, CONTENT[start : start + 3000])["upload"]
    assert upload["received"] == upload["size"] == len(CONTENT)
    assert path_of(services, upload_id).read_bytes() == CONTENT


def test_a_piece_goes_on_where_the_last_one_ended_and_nowhere_else(api, upload_id):
    send(api, upload_id, 0, CONTENT[:1000])
    for start in (0, 999, 1001, 5000):
        problem = refused(send(api, upload_id, start, CONTENT[start : start + 10], None), 409)
        assert "from 1,000 on" in problem["detail"]
    assert send(api, upload_id, 1000, CONTENT[1000:2000])["upload"]["received"] == 2000


def test_what_was_written_and_not_counted_is_written_over(api, services, upload_id):
    send(api, upload_id, 0, CONTENT[:1000])
    with open(path_of(services, upload_id), "ab") as file:
        file.write(b"of a server that was killed")
    send(api, upload_id, 1000, CONTENT[1000:])
    assert path_of(services, upload_id).read_bytes() == CONTENT


def test_a_piece_that_ends_early_counts_as_far_as_it_came(api, upload_id):
    upload = send(api, upload_id, 0, CONTENT[:700], stop=1000)["upload"]
    assert upload["received"] == 700


def test_a_file_that_is_gone_is_sent_again_from_its_beginning(api, services, upload_id):
    send(api, upload_id, 0, CONTENT[:1000])
    path_of(services, upload_id).unlink()
    assert api.get(f"{UPLOADS}/{upload_id}")["upload"]["received"] == 0
    send(api, upload_id, 0, CONTENT)
    assert path_of(services, upload_id).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": 0, "piece": CONTENT, "total": 5}, "Expected a file of 10,240 bytes"),
        ({"start": 0, "piece": CONTENT + b"x"}, "Content-Range"),
        ({"start": 0, "piece": b"12345", "stop": 3}, "a body of 3 bytes, received more"),
        ({"start": 0, "piece": b"12", "Content-Range": "bytes 0-1"}, "such as `bytes 0-999/5000`"),
        ({"start": 0, "piece": b"12", "Content-Range": "lines 0-1/9"}, "such as `bytes"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused_in_words(api, upload_id, arguments, words):
    problem = refused(send(api, upload_id, expect=None, **arguments), 422)
    assert words in str(problem)
    assert api.get(f"{UPLOADS}/{upload_id}")["upload"]["received"] == 0


def test_a_piece_is_bytes(api, upload_id):
    response = api.put(f"{UPLOADS}/{upload_id}", None, json={"bytes": 1})
    assert "application/octet-stream" in refused(response, 415)["detail"]


def test_two_pieces_at_once_are_refused(api, services, upload_id):
    with services.curve_sending.alone(upload_id):
        problem = refused(send(api, upload_id, 0, CONTENT, None), 409)
        assert "Another request" in problem["detail"]
        refused(api.delete(f"{UPLOADS}/{upload_id}", None), 409)
    send(api, upload_id, 0, CONTENT)


def test_an_upload_that_is_deleted_leaves_nothing(api, services, upload_id):
    send(api, upload_id, 0, CONTENT[:1000])
    path = path_of(services, upload_id)
    api.delete(f"{UPLOADS}/{upload_id}")
    assert not path.exists()
    api.get(f"{UPLOADS}/{upload_id}", 404)


def test_an_upload_belongs_to_who_began_it(api, key, upload_id):
    other = api.new_user("other")
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "other"})
    other.get(f"{UPLOADS}/{upload_id}", 404)
    refused(send(other, upload_id, 0, CONTENT, None), 404)


def test_an_old_upload_is_removed_but_not_while_a_piece_of_it_comes(
    api, services, upload_id, monkeypatch
):
    send(api, upload_id, 0, CONTENT[:1000])
    monkeypatch.setattr(runner_module, "KEPT_HOURS", -1.0)
    with services.curve_sending.alone(upload_id):
        runner_module.CurveRunner(services).work()
    api.get(f"{UPLOADS}/{upload_id}")
    runner_module.CurveRunner(services).work()
    api.get(f"{UPLOADS}/{upload_id}", 404)


def test_what_is_too_large_is_refused_before_it_is_sent(api, key, services):
    limit = services.settings.max_curves_mb << 20
    problem = refused(begin(api, key, None, size=limit + 1), 413)
    assert "EXOTRAIN_MAX_CURVES_MB" in problem["detail"]


def test_unfinished_uploads_count_together(api, key, services, monkeypatch):
    monkeypatch.setattr(service, "require_space", lambda _folder, _size: None)
    monkeypatch.setattr(service, "require_bytes", lambda *_arguments: None)
    half = (services.settings.max_curves_mb << 19) + 1
    begin(api, key, size=half)
    assert "Use or delete" in refused(begin(api, key, None, size=half), 409)["detail"]


def test_the_quota_of_the_workspace_s_owner_bounds_it(api, key, services, monkeypatch):
    monkeypatch.setattr(service, "require_space", lambda _folder, _size: None)
    size = (services.settings.quota_mb << 20) + 1
    assert "EXOTRAIN_QUOTA_MB" in refused(begin(api, key, None, size=size), 507)["detail"]


def test_a_repeated_request_whose_uploads_are_used_returns_the_set_that_it_made(
    api, key, upload_id
):
    send(api, upload_id, 0, CONTENT)
    form = {"workspace_key": key, "name": "stars", "upload_ids": str(upload_id)}
    headers = {"Idempotency-Key": "once"}
    asked = {"content_type": "multipart/form-data", "headers": headers}
    made = api.post("/api/light-curves", 202, data=form, **asked)["curve_set"]
    again = api.post("/api/light-curves", 202, data=form, **asked)["curve_set"]
    assert again["id"] == made["id"]
    refused(api.post("/api/light-curves", None, data=form, content_type=asked["content_type"]), 404)
