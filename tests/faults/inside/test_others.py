"""Faults of what is not a request and not a session: lanes, lock, commands, demo, log, start."""

import asyncio
import io
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from backend import launcher
from backend.background.worker_log import pass_on
from backend.backup.restore import PARTIAL_FOLDER
from backend.config import Settings
from backend.demo import __main__ as demo
from backend.demo import server_process
from backend.demo.cluster import __main__ as cluster_demo
from backend.demo.cluster.machines import Machines
from backend.demo.curves import files as demo_files
from backend.demo.curves.population import draw_population
from backend.errors import UserError
from backend.storage.dataset_table import TableWriter, read_rows
from backend.storage.incoming import open_growing
from backend.storage.lock import CannotStart, data_folder_lock
from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import ROW_DTYPE
from backend.web.http_server.body import Body
from backend.web.http_server.gateway import Gateway
from backend.web.http_server.lanes import Lane
from tests.api import HEADER
from tests.faults.state import files_in


def run(scenario):
    """In a thread of its own: a browser test before may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asyncio.wait_for(scenario(), 30)).result()


def test_a_lane_needs_no_thread_that_it_may_not_get_later(faults):
    done = []

    async def scenario():
        faults.add("thread", "refused_0", "none")
        with pytest.raises(RuntimeError, match="new thread"):
            Lane("refused", 2, 2, when_full="full")
        lane = Lane("lane", 2, 2, when_full="full")
        fault = faults.add("thread", "lane_*", "none", times=None)
        for number in range(4):
            await lane.run("a", lambda number=number: done.append(number))
        assert fault.calls == 0
        lane.close()

    run(scenario)
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("call", "first", "effect", "status"),
    [
        ("open", 1, "EMFILE", 503),
        ("open", 1, "ENOSPC", 507),
        ("write", 1, "ENOSPC", 507),
        ("write", 2, "ENOSPC", 507),  # with something in the buffer that is never taken
    ],
)
def test_a_body_for_which_there_is_no_room_is_refused_to_whoever_reads_it(
    faults, tmp_path, call, first, effect, status
):
    folder = tmp_path / "incoming"
    folder.mkdir()
    fault = faults.add(call, "*/incoming", effect, first=first, times=None)

    async def receive():
        return {"type": "http.request", "body": b"x" * 5_000, "more_body": True}

    async def scenario():
        body = Body(receive, {b"content-length": b"1000000"}, folder)
        await body.collect(1_000_000)
        with pytest.raises(UserError) as refused:
            body.stream.read()
        assert refused.value.status == status
        assert (status == 503) == ("Retry-After" in refused.value.headers)
        body.close()

    run(scenario)
    assert fault.effects > 0
    assert files_in(folder) == {}


@pytest.mark.parametrize("effect", ["EACCES", "ENOSPC"])
def test_a_lock_that_cannot_be_made_is_said_in_words(faults, tmp_path, effect):
    fault = faults.add("open", "*/exotrain.lock", effect)
    with pytest.raises(CannotStart, match=str(tmp_path)), data_folder_lock(tmp_path):
        pass
    assert fault.effects == 1
    with data_folder_lock(tmp_path):
        assert (tmp_path / "exotrain.lock").read_text().strip() == str(os.getpid())


def test_a_data_folder_that_cannot_be_made_is_said_in_words(faults, tmp_path):
    faults.add("mkdir", "*/data", "ENOSPC")
    with pytest.raises(CannotStart, match="data"), data_folder_lock(tmp_path / "data"):
        pass


@pytest.mark.parametrize("call", ["open", "write"])
def test_a_simulation_that_cannot_be_written_says_so(faults, app, tmp_path, call):
    output = tmp_path / "simulated.csv"
    fault = faults.add(call, str(output), "ENOSPC", times=None)
    arguments = ["simulate", "--rows", "50", "--seed", "1", "--output", str(output)]
    result = app.test_cli_runner().invoke(args=arguments)
    assert fault.effects > 0
    assert result.exit_code == 1
    assert "could not be written" in result.output
    faults.clear()
    assert app.test_cli_runner().invoke(args=arguments).exit_code == 0


@pytest.mark.parametrize("statement", ["INSERT INTO tokens*", "COMMIT"])
def test_a_token_that_cannot_be_stored_is_not_printed(faults, app, statement):
    fault = faults.add("sql", statement, "database or disk is full")
    result = app.test_cli_runner().invoke(args=["token"])
    assert fault.effects == 1
    assert result.exit_code == 1
    assert result.output.strip() == ""
    assert app.test_cli_runner().invoke(args=["token"]).exit_code == 0


def test_a_token_of_the_demo_that_could_not_be_written_is_made_anew(faults, tmp_path):
    settings = Settings(data_dir=tmp_path)
    faults.add("write", "*/demo.token", "ENOSPC", times=None)
    with pytest.raises(OSError, match="No space"):
        server_process.demo_token(settings)
    faults.clear()
    token = server_process.demo_token(settings)
    assert len(token) > 24
    assert server_process.demo_token(settings) == token


def test_files_of_a_demo_that_could_not_be_written_leave_nothing(faults, tmp_path):
    folder = tmp_path / "demo-curves"
    folder.mkdir()
    stars = draw_population(20, 1)
    table, curves = folder / "stars.csv", folder / "curves.zip"
    faults.add("write", "*/demo-curves/*", "ENOSPC", times=None)
    with pytest.raises(OSError, match="No space"):
        demo_files.write_table(stars, table)
    with pytest.raises(OSError, match="No space"):
        demo_files.write_light_curves(stars, 1, curves)
    assert files_in(folder) == {}
    faults.clear()
    demo_files.write_table(stars, table)
    assert demo_files.write_light_curves(stars, 1, curves) > 0
    assert len(files_in(folder)) == 2


@pytest.mark.parametrize(
    ("call", "what"), [("fork", "*app.py"), ("open", "*/exotrain.log"), ("mkdir", "*/data")]
)
def test_a_demo_that_cannot_start_its_server_says_so(faults, tmp_path, monkeypatch, call, what):
    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EXOTRAIN_TOKEN", "t" * 24)
    monkeypatch.setenv("EXOTRAIN_PORT", "1")  # where nobody listens
    monkeypatch.setattr("sys.argv", ["demo"])
    fault = faults.add(call, what, "EAGAIN")
    with pytest.raises(SystemExit, match="temporarily unavailable"):
        demo.main()
    assert fault.effects == 1


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("mkdir", "*/exotrain-*"),
        ("fork", "*ray start*"),
        ("open", "*/head.log"),
        ("mkdir", "*/head*"),
    ],
)
def test_a_demo_of_a_cluster_that_cannot_start_it_says_so(faults, monkeypatch, call, what):
    monkeypatch.setattr("signal.signal", lambda *_: None)  # pytest's own stay
    fault = faults.add(call, what, "EAGAIN", times=None)
    with pytest.raises(SystemExit, match="temporarily unavailable") as ended:
        cluster_demo.main()
    assert fault.effects == 1
    for logs in re.findall(r"The logs are in (\S+)", str(ended.value)):
        shutil.rmtree(logs)


def test_a_folder_of_a_demo_that_cannot_be_deleted_does_not_fail_it(faults):
    machines = Machines()
    (machines.folder / "head.log").touch()
    fault = faults.add("unlink", "*head.log", "EACCES")
    machines.remove_folder()
    assert fault.effects == 1
    machines.remove_folder()
    assert not machines.folder.exists()


def test_a_log_that_cannot_be_written_does_not_stop_a_worker(faults):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as sink:
        sink.write(b"one\ntwo\n")
    fault = faults.add("write", "*", "ENOSPC", caller="*worker_log.print_line", times=None)
    pass_on(os.fdopen(reading, "rb"), "log").join(10)
    assert fault.effects == 2


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_table_that_cannot_be_written_whole_is_no_table(faults, tmp_path, first):
    path = tmp_path / "table.npy"
    fault = faults.add("write", str(path), "ENOSPC", first=first)
    with pytest.raises(OSError, match="No space"):
        write_table(path)
    assert fault.effects == 1
    path.unlink()
    write_table(path)
    assert len(read_rows(path, 0, 20_000)[1]) == 15_000


def write_table(path):
    """Three pieces, and the header at the end."""
    with open_growing(path) as file:
        writer = TableWriter(file)
        for _ in range(3):
            writer.append(np.zeros(5000, ROW_DTYPE))
            file.flush()
        writer.finish()


def test_rejections_that_cannot_be_written_end_the_reading(faults, tmp_path):
    path = tmp_path / "rejected.jsonl"
    faults.add("write", str(path), "ENOSPC")
    content = io.BytesIO(f"{HEADER}\n1,2\n".encode())
    with (
        pytest.raises(OSError, match="No space"),
        io.TextIOWrapper(open_growing(path), encoding="utf-8") as sink,
    ):
        list(open_catalog(content, label_required=True, rejection_sink=sink))


def test_an_answer_in_pieces_for_which_there_is_no_thread_ends_and_the_next_is_whole(
    faults, tmp_path
):
    file = tmp_path / "large"
    file.write_bytes(b"x" * 300_000)
    closed = []

    def application(environment, start):
        start("200 OK", [("Content-Length", "300000")])
        opened = open(file, "rb")  # noqa: SIM115 - the answer closes it
        wrapped = environment["wsgi.file_wrapper"](opened)
        close = wrapped.close
        wrapped.close = lambda: (closed.append(1), close())
        return wrapped

    async def answered(gateway):
        sent = []

        async def send(message):
            sent.append(len(message.get("body", b"")))

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "scheme": "http",
            "http_version": "1.1",
            "headers": [(b"host", b"localhost")],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await gateway(scope, receive, send)
        return sum(sent)

    async def scenario():
        gateway = Gateway(application, ("localhost",), tmp_path)
        fault = faults.add("thread", "asyncio_*", "none", times=2)
        assert await answered(gateway) < 300_000  # whoever reads it sees that it is not whole
        assert fault.effects > 0
        faults.clear()
        assert await answered(gateway) == 300_000
        assert closed == [1, 1]
        gateway.close()

    run(scenario)


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Starts a server that is asked to stop as soon as its data folder is in order."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())  # set back afterwards
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    monkeypatch.setattr(launcher, "MOST_STOPPING_SECONDS", 1e6)  # it would end this process

    def create_app(_settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "create_app", create_app)

    def serve():
        with pytest.raises(KeyboardInterrupt):
            launcher.serve(Settings(data_dir=tmp_path / "data"))

    return serve


def test_what_is_left_of_a_restore_and_cannot_be_deleted_stops_no_start(
    faults, serve, tmp_path, caplog
):
    left = tmp_path / "data" / PARTIAL_FOLDER / "exotrain.db"
    left.parent.mkdir()
    left.write_bytes(b"half of it")
    fault = faults.add("unlink", "exotrain.db", "EIO", caller="*launcher._remove_partial_restore")
    serve()
    assert fault.effects == 1
    assert str(left.parent) in caplog.text
    caplog.clear()
    serve()
    assert not left.parent.exists()
    assert caplog.text == ""


def test_an_end_for_which_no_thread_is_left_to_watch_it_closes_everything(
    faults, serve, tmp_path, monkeypatch
):
    closed = []
    server = SimpleNamespace(wait=lambda **_seconds: True)

    def start(_settings, closing):
        closing.callback(closed.append, "closed")
        return server, ()

    monkeypatch.setattr(launcher, "_start", start)
    fault = faults.add("thread", "*", "none", caller="backend.launcher._end_within")
    launcher.serve(Settings(data_dir=tmp_path / "data"))
    assert fault.effects == 1
    assert closed == ["closed"]
    launcher.serve(Settings(data_dir=tmp_path / "data"))  # the lock is free
