"""The child process: its limits, its end, and what the server makes of it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import Unavailable
from backend.tables import children as module
from backend.tables import converter as converter_module
from backend.tables.converter import TableConverter
from backend.transit.catalog.delimited.foreign import table_kind
from backend.transit.catalog.errors import CatalogError
from tests.tables import files
from tests.tables.files import KINDS

ELSEWHERE = """\
<VOTABLE version="1.4"><RESOURCE><TABLE><FIELD name="period" datatype="double"/>
<DATA><BINARY><STREAM href="file:///etc/hostname"/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>
"""
ENORMOUS = """\
<VOTABLE version="1.4"><RESOURCE><TABLE nrows="900000000"><FIELD name="period" datatype="double"/>
<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""

# Reads the job and does something else with it.
OTHER_CHILD = "import json, os, signal, sys, time\njob = json.loads(sys.stdin.readline())\n"


@pytest.fixture
def converter():
    return TableConverter(memory_mb=2000, seconds=60)


@pytest.fixture
def other_child(monkeypatch):
    """Puts a program in the place of the child."""

    def replace(code):
        command = [sys.executable, "-c", OTHER_CHILD + code]
        monkeypatch.setattr(module, "_command", lambda _: command)

    return replace


def convert(converter, tmp_path, content=None, wanted=None):
    """The text of a file, and what it was; nothing is left in the folder."""
    source, folder = tmp_path / "source", tmp_path / "incoming"
    folder.mkdir(exist_ok=True)
    if content is not None:
        source.write_text(content)
    try:
        with open(source, "rb") as file, converter.as_text(file, folder, wanted) as (text, what):
            return text.read().decode(), what
    finally:
        assert list(folder.iterdir()) == []


def test_a_table_comes_back_as_text_with_what_it_was(converter, tmp_path):
    files.write_xlsx(tmp_path / "source", {"S": [["a"], ["=1"]], "T": [["b"], [1]]})
    text, what = convert(converter, tmp_path, wanted="S")
    assert text == '"a"\n\n'
    assert what.described() == {"kind": "xlsx", "table": "S", "tables": ["S", "T"]}
    assert "Formulas without a value: 1." in what.notes[0]


def test_text_is_given_as_it_is_and_has_one_table(converter, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_command", lambda _: ["no such program"])
    assert convert(converter, tmp_path, files.CSV) == (files.CSV, None)
    with pytest.raises(CatalogError, match="one table"):
        convert(converter, tmp_path, wanted="S")


def test_what_a_file_points_at_is_not_opened(converter, tmp_path):
    with pytest.raises(CatalogError, match="refers to data elsewhere"):
        convert(converter, tmp_path, ELSEWHERE)


def test_more_memory_than_allowed_is_refused_in_words(converter, tmp_path):
    with pytest.raises(CatalogError, match=r"2,000 MB of memory \(EXOTRAIN_TABLE_MEMORY_MB\)"):
        convert(converter, tmp_path, ENORMOUS)


def test_more_text_than_allowed_is_refused_in_words(converter, tmp_path, monkeypatch):
    monkeypatch.setattr(converter_module, "_TEXT_PER_BYTE", 0)
    monkeypatch.setattr(converter_module, "_LEAST_TEXT_BYTES", 400)  # what its outcome takes too
    KINDS["ipac"](tmp_path / "source")
    content = (tmp_path / "source").read_text()
    rows = content.splitlines(keepends=True)
    with pytest.raises(CatalogError, match="more than 400 bytes as text"):
        convert(converter, tmp_path, content + "".join(rows[-4:] * 20))


def test_a_file_that_takes_too_long_is_refused_and_its_process_is_gone(tmp_path, other_child):
    pid = tmp_path / "pid"
    other_child(f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    with pytest.raises(CatalogError, match=r"more than 1 seconds \(EXOTRAIN_TABLE_SECONDS\)"):
        convert(TableConverter(memory_mb=2000, seconds=1), tmp_path, ELSEWHERE)
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", Unavailable),
        ("os.kill(os.getpid(), signal.SIGSEGV)", CatalogError),
        ("os.kill(os.getpid(), signal.SIGXCPU)", CatalogError),
        ("open(job['outcome'], 'wb').write(bytes(100))", Unavailable),
        ("open(job['outcome'], 'w').write('[1]')", Unavailable),
        ("print('x' * 1_000_000); sys.exit(3)", Unavailable),
        ("open(job['target'], 'w').write('x'); sys.exit(3)", Unavailable),
        ("open(job['outcome'], 'w').write('{\"no_space\": \"full\"}')", module.DiskFull),
    ],
)
def test_a_child_that_does_not_answer_is_an_error_in_words(
    converter, tmp_path, other_child, code, error
):
    other_child(code)
    with pytest.raises(error):
        convert(converter, tmp_path, ELSEWHERE)


def test_two_are_read_at_a_time_and_another_one_is_asked_to_come_again(
    converter, tmp_path, other_child, monkeypatch
):
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0)
    assert all(
        converter._children._room.acquire(blocking=False) for _ in range(module._MOST_AT_ONCE)
    )
    with pytest.raises(Unavailable, match="try again"):
        convert(converter, tmp_path, ELSEWHERE)


def test_a_failure_gives_its_place_back(converter, tmp_path, other_child):
    other_child("sys.exit(1)")
    for _ in range(module._MOST_AT_ONCE + 1):
        with pytest.raises(Unavailable, match="was killed or could not work"):
            convert(converter, tmp_path, ELSEWHERE)


def test_the_child_has_no_secret_no_socket_and_no_lock(
    converter, tmp_path, other_child, monkeypatch
):
    monkeypatch.setenv("EXOTRAIN_TOKEN", "secret")
    found = tmp_path / "found"
    other_child(
        "names = [os.readlink(f'/proc/self/fd/{each}') for each in range(3, 256)"
        " if os.path.exists(f'/proc/self/fd/{each}')]\n"
        f"json.dump([names, dict(os.environ)], open({str(found)!r}, 'w'))\nsys.exit(1)"
    )
    held = open(tmp_path / "lock", "wb")  # noqa: SIM115 - open while the child runs
    with held, pytest.raises(Unavailable):
        convert(converter, tmp_path, ELSEWHERE)
    names, environment = json.loads(found.read_text())
    assert names == []
    assert not [name for name in environment if name.startswith("EXOTRAIN")]
    assert "secret" not in environment.values()


def test_a_child_ends_with_its_server(tmp_path):
    os.mkfifo(tmp_path / "source")
    job = {
        "do": "read", "kind": "ecsv", "source": str(tmp_path / "source"), "table": None,
        "target": str(tmp_path / "text"), "outcome": str(tmp_path / "outcome"),
        "parent": os.getpid(), "memory_mb": 2000, "seconds": 60, "output_bytes": 1000,
    }  # fmt: skip
    child = subprocess.Popen(
        module._command("backend.tables.child"), stdin=subprocess.PIPE, cwd=module.REPOSITORY
    )
    with child:
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.flush()
        child.stdin.close()  # as the end of the server does
        try:
            assert child.wait(60) == 1
        finally:
            child.kill()
    assert not (tmp_path / "outcome").exists()


def test_a_table_of_ours_is_written_as_votable_or_not_at_all(converter, tmp_path):
    source, out = tmp_path / "rows.csv", tmp_path / "rows.xml"
    source.write_text("period,label\n3.5,FP\n")
    columns = [
        {"name": "period", "unit": "d", "description": None, "type": "float"},
        {"name": "label", "unit": None, "description": None, "type": "text"},
    ]
    converter.write_table(source, columns, {"model": 1}, "votable", out)
    assert Table.read(out, format="votable")["period"].tolist() == [3.5]
    with pytest.raises(CatalogError, match="Expected 1 cells, received 2"):
        converter.write_table(source, columns[:1], {}, "ecsv", tmp_path / "other")
    assert not (tmp_path / "other").exists()


# In the folder of its arguments every file, with the limits of a child.
MANY = """\
import json, os, sys, warnings
from pathlib import Path
from backend.tables.child.__main__ import outcome_of
from backend.tables.child.limits import forbid_connections, set_limits
from backend.transit.catalog.delimited.foreign import table_kind
set_limits(2000, 60, 1 << 26)
forbid_connections()
warnings.simplefilter("ignore")
for path in sorted(Path(sys.argv[1]).iterdir()):
    kind = table_kind(path.read_bytes()[:4096])
    if kind:
        job = {"do": "read", "kind": kind, "source": str(path), "table": None}
        outcome = outcome_of(job | {"target": str(path) + ".text"})
        Path(str(path) + ".outcome").write_text(json.dumps(outcome))
os._exit(0)
"""

CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 40)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """The folder of one good file of each kind."""
    folder = tmp_path_factory.mktemp("originals")
    for kind, write in KINDS.items():
        write(folder / kind)
    return folder


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries(dict.fromkeys(KINDS, CHANGES)))
def test_whatever_is_changed_in_a_file_its_child_says_what_came_of_it(
    tmp_path_factory, originals, changes
):
    folder = tmp_path_factory.mktemp("changed")
    for kind in KINDS:
        content = (originals / kind).read_bytes()
        for where, put, taken in changes[kind]:
            place = int(where * len(content))
            content = content[:place] + put + content[place + taken :]
        (folder / kind).write_bytes(content)
    command = [sys.executable, "-c", MANY, str(folder)]
    done = subprocess.run(command, cwd=module.REPOSITORY, timeout=120, capture_output=True)
    assert done.returncode == 0, done.stderr
    for kind in KINDS:
        if table_kind((folder / kind).read_bytes()[:4096]) is None:
            continue
        outcome = json.loads((folder / f"{kind}.outcome").read_text())
        if "name" in outcome:
            with contextlib.suppress(CatalogError):
                files.rows_of((folder / f"{kind}.text").read_text())
        else:
            assert set(outcome) in ({"error"}, {"error", "limit"}, {"error", "tables"}), outcome


def test_nothing_of_the_child_is_left_in_the_temporary_folder(converter, tmp_path, monkeypatch):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path / "temporary"))
    KINDS["ecsv"](tmp_path / "source")
    before = threading.active_count()
    convert(converter, tmp_path)
    assert list(Path(tmp_path / "temporary").iterdir()) == []
    assert threading.active_count() == before


def test_the_child_writes_no_compiled_modules_that_its_limits_could_cut_off():
    *python, _, _ = module._command("backend.tables.child")
    code = "import sys; print(sys.dont_write_bytecode)"
    said = subprocess.run([*python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "True\n"
