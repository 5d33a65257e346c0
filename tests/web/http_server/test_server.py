"""The HTTP server: early answers reach the client, bodies are not collected."""

import contextlib
import errno
import http.client
import json
import resource
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backend.config import ANY_HOST
from backend.web.current import services_of
from backend.web.http_server import gateway, pace
from backend.web.http_server import server as server_module
from backend.web.http_server.body import Body
from backend.web.http_server.gateway import Gateway
from backend.web.http_server.server import Server
from backend.web.http_server.wsgi import IS_IDENTIFIED
from tests.api import HEADER
from tests.e2e.server import TOKEN, wait_for
from tests.e2e.server import Server as ServerProcess
from tests.processes import peak_mb

MB = 1 << 20
UPLOAD = "/api/training/upload-dataset"
CURVE_UPLOADS = "/api/light-curves/uploads"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
def server(make_client, settings):
    """A server that takes files of one megabyte, on a free port."""
    app = make_client(replace(settings, max_upload_mb=1)).application
    server = Server("127.0.0.1", 0)
    gateway = Gateway(app, (ANY_HOST,), services_of(app).storage.incoming)
    server.start(gateway, trusted_proxies=(), grace_seconds=1)
    yield server
    server.stop()
    gateway.close()


@pytest.fixture
def address(server):
    return "127.0.0.1", server.port


@pytest.fixture
def token(settings):
    return {"Authorization": f"Bearer {settings.token}"}


def request(address, method, path, body=None, headers=None, **options):
    """Send everything, then read: a client that does not look at the answer while it sends."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {}, **options)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())


def raw(address, data):
    """Send bytes, and give what comes until the server closes."""
    with socket.create_connection(address, timeout=20) as connection:
        received = b""
        with contextlib.suppress(ConnectionError):  # it may hang up before all is sent
            connection.sendall(data)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        return received


def workspace(address, token):
    _, answer, _ = request(address, "POST", "/api/workspaces", b'{"name": "w"}', token)
    return answer["workspace"]["key"]


def form(key, content):
    part = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    head = part.format("workspace_key", "") + key + "\r\n" + part.format("file", '; filename="a"')
    return head.encode() + content + b"\r\n--b--\r\n"


def peak_memory_mb():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_client_that_sends_everything_first_still_reads_the_refusal(address, token, is_chunked):
    """Without lingering the connection is reset, and the answer lost."""
    megabyte = b"1,2,3\n" * (MB // 6)
    before = peak_memory_mb()

    def body():
        yield form("key", b"").partition(b"\r\n--b--")[0]
        for _ in range(60):
            yield megabyte

    headers = {**FORM, "Transfer-Encoding": "chunked"}
    if not is_chunked:
        headers = {**FORM, "Content-Length": str(60 * len(megabyte) + 1000)}
    options = {"encode_chunked": is_chunked}
    assert request(address, "POST", UPLOAD, body(), headers, **options)[0] == 401
    status, problem, _ = request(address, "POST", UPLOAD, body(), {**headers, **token}, **options)
    assert (status, problem["status"]) == (413, 413)
    assert peak_memory_mb() - before < 30


def test_a_client_that_waits_to_be_asked_is_refused_before_it_sends(address):
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 401 ")
        # A body that comes all the same must not be taken for the next request.
        assert b"\r\nconnection: close\r\n" in answer.lower()


def test_a_client_that_waits_to_be_asked_is_asked_when_it_is_welcome(address, token):
    body = b'{"name": "w"}'
    head = (
        "POST /api/workspaces HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_chunked_upload_is_taken(address, token):
    key = workspace(address, token)
    rows = "".join(f"3,2,{500 + i},,,,,,,{i % 3},s{i}\n" for i in range(2000))
    content = form(key, f"{HEADER}\n{rows}".encode())
    pieces = iter([content[:7], content[7:50_000], content[50_000:]])
    headers = {**FORM, **token, "Transfer-Encoding": "chunked"}
    status, answer, _ = request(address, "POST", UPLOAD, pieces, headers, encode_chunked=True)
    assert status == 201
    assert answer["dataset"]["num_samples"] == 2000


def test_one_huge_chunk_is_handed_on_in_pieces(address, token):
    """Its length is the client's to choose; it must not become memory."""
    body = form("key", b"1,2,3\n" * (40 * MB // 6))
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nAuthorization: {token['Authorization']}\r\n"
        f"\r\n{len(body):x}\r\n"
    )
    data = head.encode() + body + b"\r\n0\r\n\r\n"
    before = peak_memory_mb()
    assert raw(address, data).startswith(b"HTTP/1.1 413 ")
    assert peak_memory_mb() - before < 30


@pytest.mark.parametrize(
    "chunks", [b"zz\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloX\r\n", b"5" * 2000, b"\r\n", b"5\r\nhe"]
)
def test_chunks_that_are_not_framed_are_400(address, token, chunks):
    head = (
        "POST /api/workspaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: {token['Authorization']}\r\n\r\n"
    )
    assert raw(address, head.encode() + chunks).startswith(b"HTTP/1.1 400 ")


LENGTH_IS_UNCLEAR = [
    "Content-Length: -1",
    "Content-Length: +2",
    "Content-Length: 1_4",
    "Content-Length: 0x10",
    "Content-Length: 5 5",
    "Content-Length:",
    "Content-Length: ٣",
    "Content-Length: 1.0",
    "Content-Length: 5\r\n 5",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\ncontent-length: -1",
    f"Content-Length: {'9' * 5000}",
    f"Content-Length: {'9' * 20}",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\r\nTransfer-Encoding:",
    "Transfer-Encoding:",
    "Transfer-Encoding: chunked, chunked",
]


@pytest.mark.parametrize("headers", LENGTH_IS_UNCLEAR)
def test_a_request_of_unclear_length_is_400_and_what_follows_is_no_request(address, token, headers):
    """The connection ends: its bytes could be the rest of a body, or a request."""
    head = (
        f"POST /api/workspaces HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
        f"Authorization: {token['Authorization']}\r\n\r\n"
    )
    body = b"0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = raw(address, head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"xpected " in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_chunks_in_http_1_0_are_400(address):
    head = b"POST /api/workspaces HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert raw(address, head).startswith(b"HTTP/1.1 400 ")


def test_a_length_may_begin_with_zeros(address, token):
    body = b'{"name": "w"}'
    head = (
        f"POST /api/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 00{len(body)}\r\n"
        f"Authorization: {token['Authorization']}\r\n\r\n"
    )
    assert raw(address, head.encode() + body).startswith(b"HTTP/1.1 201 ")


@pytest.mark.e2e
def test_a_request_that_is_on_its_way_at_sigterm_is_answered(tmp_path):
    server = ServerProcess(tmp_path, EXOTRAIN_WARM_WORKERS="0")
    url = urlsplit(server.address)
    body = b'{"name": "w"}'
    head = (
        "POST /api/workspaces HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        connection.sendall(head.encode() + body[:3])
        wait_for(lambda: server.process.poll() is None, lambda runs: runs)
        server.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.7)
        connection.sendall(body[3:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
    assert server.process.wait(20) == 0


@pytest.mark.e2e
def test_a_body_of_negative_length_does_not_become_memory(tmp_path):
    """Anyone who reaches the port, without a token, could otherwise fill the memory."""
    server = ServerProcess(tmp_path, EXOTRAIN_WARM_WORKERS="0")
    try:
        before = peak_memory_of(server.process.pid)
        url = urlsplit(server.address)
        with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
            head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
            connection.sendall(head.encode())
            answer = connection.recv(65536)
            with contextlib.suppress(ConnectionError):  # it has hung up
                for _ in range(200):
                    connection.sendall(bytes(MB))
        assert peak_memory_of(server.process.pid) - before < 30
        assert answer.startswith(b"HTTP/1.1 400 ")
    finally:
        server.stop()


def peak_memory_of(process_id):
    """In MB; Linux only, elsewhere the test is skipped."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    return peak_mb(process_id)


def test_a_small_unread_body_does_not_end_the_connection(address, token):
    connection = http.client.HTTPConnection(*address, timeout=20)
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("GET", "/api/training/session/1", b"{}" * 100, token)
            response = connection.getresponse()
            assert response.status == 404
            assert "close" not in (response.getheader("Connection") or "")
            response.read()


def test_a_head_of_endless_headers_is_refused(address):
    headers = "".join(f"X-{i}: {'x' * 1000}\r\n" for i in range(100))
    data = f"GET /api/health HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()
    assert raw(address, data).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_is_refused_while_it_sends_receives_the_answer(address):
    data = b"GET /api/health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000_000
    assert raw(address, data).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_sends_on_after_its_refusal_is_hung_up_on(address, impatient):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"no HTTP\r\n\r\n")
        with pytest.raises(ConnectionError):
            send_for_ever(connection)


def send_for_ever(connection):
    while True:
        connection.sendall(b"x" * 1000)


def test_a_client_that_goes_away_leaves_no_file(address, token, settings, monkeypatch):
    monkeypatch.setattr(gateway, "LINGER_SECONDS", 0.1)
    key = workspace(address, token)
    whole = form(key, HEADER.encode() + b"\n3,2,500,,,,,,,1,s\n" * 1000)
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: {len(whole)}\r\n\r\n"
    )
    answer = raw(address, head.encode() + whole[:5000])
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert list((settings.data_dir / "uploads" / "incoming").iterdir()) == []


@pytest.fixture
def impatient(monkeypatch):
    """Deadlines short enough for a test."""
    monkeypatch.setattr(pace, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(server_module, "HEAD_SECONDS", 0.3)


@pytest.mark.parametrize("size", [500, 900_000])
def test_a_body_that_stops_is_408(address, token, impatient, settings, size):
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head.encode() + b"--b\r\n" * 20)
        answer = connection.recv(65536)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert list((settings.data_dir / "uploads" / "incoming").iterdir()) == []


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "stopped"])
def test_what_has_come_of_a_piece_counts_when_the_connection_breaks(
    address, token, impatient, settings, is_cut
):
    """Cut at 60 %, then sent from there on."""
    content = bytes(range(256)) * 4000
    key = workspace(address, token)
    body = json.dumps({"workspace_key": key, "name": "a.tar", "size": len(content)}).encode()
    _, answer, _ = request(address, "POST", CURVE_UPLOADS, body, {**token, **JSON})
    path = f"{CURVE_UPLOADS}/{answer['upload']['id']}"
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(piece_head(path, token, 0, len(content)))
        connection.sendall(content[: len(content) * 6 // 10])
        if not is_cut:
            receive_all(connection)

    def received():
        return request(address, "GET", path, headers=token)[1]["upload"]["received"]

    start = wait_for(received, lambda count: count > 0)
    assert len(content) // 2 < start <= len(content) * 6 // 10  # the last bytes may be in buffers
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(piece_head(path, token, start, len(content)) + content[start:])
        assert b"200 OK" in connection.recv(65536)
    assert received() == len(content)
    (file,) = settings.data_dir.glob("uploads/*/curves-*.part")
    assert file.read_bytes() == content


def piece_head(path, token, start, size):
    """The head of a request that sends a file from `start` on."""
    return (
        f"PUT {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {token['Authorization']}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {size - start}\r\n"
        f"Content-Range: bytes {start}-{size - 1}/{size}\r\n\r\n"
    ).encode()


def test_a_head_that_does_not_end_is_hung_up_on(address, impatient):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET /api/health HTTP/1.1\r\n")
        assert receive_all(connection) == b""


def test_a_connection_that_is_kept_but_not_used_ends(address, impatient):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert receive_all(connection).startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_nobody_reads_is_given_up(server, address, impatient):
    script = b"GET /static/vendor/swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(address)
        connection.sendall(script * 20)
        assert connection.recv(12) == b"HTTP/1.1 200"
        wait_for(lambda: server.connections, lambda connections: connections == 0, 20)


def test_answers_that_wait_behind_an_unread_one_are_given_up_too(server, address, impatient):
    """Between two answers of one connection nothing else looks at the clock."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(address)
        connection.settimeout(2)
        with contextlib.suppress(OSError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000)
        wait_for(lambda: server.connections, lambda connections: connections == 0, 30)


def test_a_burst_of_connections_leaves_as_many_as_are_allowed(server, address, monkeypatch):
    monkeypatch.setattr(server_module._Connection, "_connections_allowed", 10)
    held = [socket.create_connection(address, timeout=20) for _ in range(200)]
    wait_for(lambda: server.connections, lambda connections: connections <= 10, 20)
    for each in held:
        each.close()


def test_a_made_up_token_is_no_caller_of_its_own(server, address, token):
    names = [gateway._Callers().name({"client": ("a", 1)}, {b"authorization": b"Bearer x"})]
    assert names == ["a"]
    callers = gateway._Callers()
    valid = {"HTTP_AUTHORIZATION": token["Authorization"], IS_IDENTIFIED: True}
    headers = {b"authorization": token["Authorization"].encode()}
    callers.learn(valid, 200)
    assert callers.name({"client": ("a", 1)}, headers) != "a"
    callers.learn({"HTTP_AUTHORIZATION": token["Authorization"]}, 401)
    assert callers.name({"client": ("a", 1)}, headers) == "a"


def receive_all(connection):
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def test_the_least_busy_connection_makes_room_for_a_new_one(address, monkeypatch):
    monkeypatch.setattr(server_module._Connection, "_connections_allowed", 3)
    silent = [socket.create_connection(address, timeout=20) for _ in range(3)]
    status, _, _ = request(address, "GET", "/api/health")
    assert status == 200
    assert receive_all(silent[0]) == b""
    for each in silent:
        each.close()


def test_a_client_that_ends_its_own_side_gets_its_answer(address):
    answer = raw(address, b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_header_with_an_underscore_does_not_pass_for_another(address, token):
    """`_` and `-` are one in WSGI's names."""
    headers = {"Authorization_": "x", "Idempotency_Key": "x" * 300, **token}
    status, _, _ = request(address, "GET", "/api/me", None, headers)
    assert status == 200


@pytest.mark.parametrize("target", ["http://x/api/health", "*", "/%ff%00", "/..%2f..%2fetc/passwd"])
def test_an_odd_target_is_an_ordinary_error(address, target):
    answer = raw(address, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.partition(b" ")[2][:3] in (b"400", b"404", b"405")


def test_a_body_in_crumbs_is_refused(address, token):
    """Each chunk takes as long to read as hundreds of bytes."""
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nAuthorization: {token['Authorization']}\r\n\r\n"
    )
    few = raw(address, head.encode() + b"1\r\nx\r\n" * 200 + b"0\r\n\r\n")
    assert b"file" in few
    many = raw(address, head.encode() + b"1\r\nx\r\n" * 300 + b"0\r\n\r\n")
    assert b"clearly framed" in many


def test_a_connection_that_is_kept_answers_at_once(server, address):
    """An answer in several writes must not wait for the acknowledgement of the first."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    with contextlib.closing(connection):
        connection.connect()
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        (held,) = server._server.server_state.connections
        option = held.transport.get_extra_info("socket")
        assert option.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_body_that_cannot_be_stored_is_507(address, token, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Body, "_append_to_file", fail)
    content = form("key", b"1,2,3\n" * 30_000)
    status, problem, _ = request(address, "POST", UPLOAD, content, {**FORM, **token})
    assert status == 507
    assert "is full" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("_append_to_file", OSError(errno.EMFILE, "Too many open files")),
        ("_append", RuntimeError("can't start new thread")),
    ],
    ids=["no file descriptor", "no thread"],
)
def test_a_body_that_meets_a_shortage_is_503_with_retry_after(
    address, token, monkeypatch, method, error
):
    def fail(*_):
        raise error

    monkeypatch.setattr(Body, method, fail)
    content = form("key", b"1,2,3\n" * 30_000)
    status, problem, headers = request(address, "POST", UPLOAD, content, {**FORM, **token})
    assert status == 503
    assert "short of memory, threads or open files" in problem["detail"]
    assert int(headers["retry-after"]) > 0


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_server_on_every_address_is_reached_by_both_kinds():
    server = Server("::", 0)
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, server.port), timeout=20).close()
    server.stop()
