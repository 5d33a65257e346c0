"""Each call on the way of a light curve fails once: nothing is half, and the same again goes on."""

import json
import tempfile

import pytest

from backend.errors import DiskFull
from backend.light_curves.child import __main__ as child
from backend.light_curves.ingest import ingest
from backend.light_curves.mirror import open_mirror, refresh
from backend.light_curves.reader import CurveReader, Source, _Tail
from backend.services.curves.candidate import Asked, CandidateCurves
from backend.storage.curve_sets.versions import remove_pending, versions
from backend.transit.columns import COLUMNS
from backend.transit.rows import as_rows
from tests.light_curves.files import csv, zip_of
from tests.storage.curve_sets.test_versions import write

TEMPORARY = "*/curves-*"
PACK = "*/set/.pack.curves.*.partial"


@pytest.fixture
def reader():
    return CurveReader(2000, 60)


@pytest.fixture
def source(tmp_path):
    members = {f"TIC {i}.csv": csv(seed=i).encode() for i in (1, 2)}
    return Source(zip_of(members, tmp_path / "x"), "x")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        pytest.param("mkdir", TEMPORARY, id="make the folder of the child"),
        pytest.param("mkdir", f"{TEMPORARY}/spool", id="make the spool"),
        pytest.param("open", f"{TEMPORARY}/known", id="say what is known"),
        pytest.param("mkdir", "*/set", id="make the folder of the set"),
        pytest.param("open", PACK, id="begin a pack"),
        pytest.param("write", PACK, id="write a pack"),
        pytest.param("rename", "*/set/*.curves", id="put a pack in its place"),
        pytest.param("open", "*/set/.1.json.*.partial", id="write a version"),
    ],
)
def test_a_run_that_cannot_write_ends_and_the_same_again_goes_on(
    faults, tmp_path, reader, source, call, what
):
    fault = faults.add(call, what, "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        ingest(tmp_path / "set", [source], {}, reader, "run")
    assert fault.effects == 1
    assert versions(tmp_path / "set") == []
    done = ingest(tmp_path / "set", [source], {}, reader, "run")
    assert done.version is not None
    assert done.version.segments == 2
    assert not list((tmp_path / "set").glob(".*"))


@pytest.mark.parametrize(
    ("call", "what"),
    [
        pytest.param("mkdir", "*/candidate-*", id="make the folder of the candidate"),
        pytest.param("open", "*/candidate-*/table.npy", id="write its row"),
        pytest.param("open", "*/candidate-*/evidence.npy", id="write its epoch"),
    ],
)
def test_files_of_a_candidate_that_cannot_be_read_leave_nothing_and_the_same_again_works(
    faults, tmp_path, monkeypatch, call, what
):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path = tmp_path / "sent"
    path.write_text(csv())
    known = {"period": 2.0, "duration": 4.0, "depth": 1000.0}
    row = as_rows([{name: known.get(name) for name in COLUMNS}])
    asked = Asked(row, 2_457_000.7, None, is_same_star=False, time="BTJD", flux=None)
    curves = CandidateCurves(2000, 60)
    fault = faults.add(call, what, "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        curves.of([(path, "TIC 1.csv")], asked, user_id=1)
    assert fault.effects == 1
    assert list(folder.iterdir()) == []
    found = curves.of([(path, "TIC 1.csv")], asked, user_id=1)
    assert (found.star, found.outcomes[0].status) == ("1", "taken")
    assert list(folder.iterdir()) == []


def test_what_cannot_be_deleted_goes_with_the_next_run(faults, tmp_path, reader, source):
    faults.add("write", PACK, "ENOSPC")
    partial = faults.add("unlink", PACK, "EIO")
    with pytest.raises(OSError, match="Input/output"):
        ingest(tmp_path / "set", [source], {}, reader, "run")
    assert partial.effects == 1
    write(tmp_path / "set", ["a"], "another run")
    pack = faults.add("unlink", "*/set/*.curves", "EIO")
    with pytest.raises(OSError, match="Input/output"):
        remove_pending(tmp_path / "set")
    assert pack.effects == 1
    assert ingest(tmp_path / "set", [source], {}, reader, "run").version.segments == 2
    assert len(list((tmp_path / "set").iterdir())) == 2


def test_a_spool_that_cannot_be_deleted_is_an_error(faults, tmp_path):
    tail = _Tail(tmp_path, lambda _: None, lambda: None, 60)
    tail.prepare([])
    for name in ("0", "1"):
        (tmp_path / "spool" / name).touch()
    fault = faults.add("unlink", f"{tmp_path}/spool/0", "EIO")
    with pytest.raises(OSError, match="Input/output"):
        list(tail._records({"spool": 1, "at": 0, "records": 0}))
    assert fault.effects == 1


def test_an_index_of_a_folder_that_cannot_be_written_is_made_the_next_time(
    faults, tmp_path, reader
):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "TIC 5.csv").write_text(csv())
    fault = faults.add("open", "*/.index.*.partial", "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        refresh(tmp_path / "mirror", tmp_path / "index", reader)
    assert fault.effects == 1
    assert open_mirror(tmp_path / "mirror", tmp_path / "index").files == {}
    assert refresh(tmp_path / "mirror", tmp_path / "index", reader).stars() == ["5"]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("open", "*/spool/0"),
        ("write", "*/spool/0"),
        ("open", "*/journal"),
        ("write", "*/journal"),
        ("unlink", "*/room/packed"),
        ("unlink", "*/room/unpacked"),
        ("open", "*/room/packed"),
        ("write", "*/room/packed"),
    ],
)
def test_a_child_that_cannot_write_says_no_file_is_damaged(
    faults, tmp_path, source, monkeypatch, call, what
):
    monkeypatch.setattr(child.limits, "more_time", lambda _seconds: None)
    for name in ("spool", "room"):
        (tmp_path / name).mkdir()
    (tmp_path / "known").write_text("[]")
    job = {name: str(tmp_path / name) for name in ("journal", "known", "spool", "room")}
    job |= {"said": {}, "start": [0, 0], "facts": False, "memory_mb": 2000, "seconds": 60}
    job["sources"] = [{"path": str(source.path), "name": source.name}]
    fault = faults.add(call, what, "ENOSPC")
    with pytest.raises((OSError, DiskFull), match=r"[Nn]o space"):
        child.read_all(job)
    assert fault.effects == 1
    told = [json.loads(line) for line in _lines(tmp_path / "journal")]
    assert not [each for each in told if each.get("why")]


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []
