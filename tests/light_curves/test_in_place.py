"""Files of the server's folder that others change meanwhile: whole, or refused in words."""

import errno
import os
import threading

import pytest

from backend.errors import Unavailable
from backend.light_curves import in_place, mirror
from backend.light_curves.child import __main__ as child
from backend.light_curves.child import archives, facts
from backend.light_curves.in_place import opened
from backend.light_curves.mirror import FolderMissing, open_mirror, refresh, source_of
from backend.light_curves.reader import Report
from backend.tables.child.limits import NotReadable
from tests.light_curves.files import csv, tar_of, tess

pytestmark = pytest.mark.filterwarnings("ignore")

NOT_UTF8 = os.fsdecode(b"TIC 6 caf\xe9.csv")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "TIC 5.csv").write_text(csv())
    return folder


def read(reader, root, *names):
    """What came of reading files of the folder."""
    reports = []
    reader.read([source_of(root, each) for each in names], {}, list, reports.append)
    return reports


def items(root, room, name):
    room.mkdir(exist_ok=True)
    source = {"path": str(root / name), "name": name, "root": str(root)}
    return list(archives.items([source], (0, 0), room, lambda *_: None))


def test_a_file_that_changed_since_is_taken_as_it_is(root, reader):
    (root / "TIC 5.csv").write_text(csv(seed=7))
    [report] = read(reader, root, "TIC 5.csv")
    assert (report.why, len(report.records), report.size) == (
        "",
        1,
        (root / "TIC 5.csv").stat().st_size,
    )


def test_a_file_that_changes_while_it_is_copied_is_refused(root, tmp_path, monkeypatch):
    copied = archives.copy

    def copy(source, target, allowed):
        copied(source, target, allowed)
        with open(root / "TIC 5.csv", "a") as file:
            file.write("1,2\n")

    monkeypatch.setattr(archives, "copy", copy)
    [item] = items(root, tmp_path / "room", "TIC 5.csv")
    assert (item.path, item.sha256) == (None, "")
    assert "changed while it was read" in item.why


def test_what_is_read_is_a_copy_that_nobody_changes(root, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    source = {"path": str(root / "TIC 5.csv"), "name": "x", "root": str(root)}
    for item in archives.items([source], (0, 0), room, lambda *_: None):
        before = item.path.read_bytes()
        (root / "TIC 5.csv").write_text("other")
        assert item.path.is_relative_to(room)
        assert item.path.read_bytes() == before
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("what", ["gone", "pipe", "folder", "link out", "parent", "archive"])
def test_what_has_become_no_file_is_refused_in_words(root, tmp_path, reader, what):
    path = root / "TIC 5.csv"
    path.unlink()
    (tmp_path / "secret.csv").write_text(csv())
    name = path.name
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "link out":
        path.symlink_to(tmp_path / "secret.csv")
    elif what == "parent":
        (root / "up").symlink_to(tmp_path)
        name = "up/secret.csv"
    elif what == "archive":
        tar_of({"TIC 1.csv": csv().encode()}, path)
    (root / "TIC 6.csv").write_text(csv(seed=6))
    refused, taken = read(reader, root, name, "TIC 6.csv")
    said = {
        "gone": "no longer there",
        "pipe": "pipe",
        "folder": "folder",
        "link out": "out of the folder",
        "parent": "out of the folder",
        "archive": "archive",
    }
    assert said[what] in refused.why
    assert (refused.records, taken.why) == ([], "")


def test_a_pipe_is_not_waited_for(root):
    os.mkfifo(root / "pipe")
    ended = threading.Event()

    def look():
        with pytest.raises(NotReadable, match="pipe"), opened(root / "pipe", root):
            pass
        ended.set()

    threading.Thread(target=look, daemon=True).start()
    assert ended.wait(10)


@pytest.mark.parametrize(("number", "said"), [(errno.EACCES, "Permission"), (errno.EIO, "error")])
def test_a_file_that_may_not_be_read_is_told_and_tried_again(
    root, tmp_path, monkeypatch, number, said
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    source = {"path": str(root / "TIC 5.csv"), "name": "TIC 5.csv", "root": str(root)}
    assert child._facts(0, source, tmp_path, 500)["facts"]["stars"] == ["5"]
    monkeypatch.setattr(in_place.os, "open", refuse)
    told = child._facts(0, source, tmp_path, 500)
    assert said in told["why"]
    assert told["facts"] == {"is_passing": True}
    [item] = items(root, tmp_path / "room", "TIC 5.csv")
    assert said in item.why


def test_a_folder_that_becomes_a_link_out_after_the_check_tells_nothing_of_what_it_leads_to(
    root, tmp_path, monkeypatch
):
    lines = csv().splitlines()
    of_nine = [f"ticid,{lines[0]}", *(f"9,{line}" for line in lines[1:])]
    for folder, content in ((root / "in", csv()), (tmp_path / "secret", "\n".join(of_nine))):
        folder.mkdir()
        (folder / "TIC 5.csv").write_text(content)
    path = str(tmp_path / "secret" / "TIC 5.csv")
    secret = {"path": path, "name": "x", "root": str(tmp_path)}
    assert child._facts(0, secret, tmp_path, 500)["facts"]["stars"] == ["9"]
    is_archive = facts.is_archive

    def exchange(path):
        (root / "in").rename(root / "kept")
        (root / "in").symlink_to(tmp_path / "secret")
        return is_archive(path)

    monkeypatch.setattr(facts, "is_archive", exchange)
    source = {"path": str(root / "in" / "TIC 5.csv"), "name": "TIC 5.csv", "root": str(root)}
    assert child._facts(0, source, tmp_path, 500)["facts"].get("stars", []) == ["5"]


def test_a_file_that_could_not_be_read_is_opened_again(root, tmp_path, reader, monkeypatch):
    walked = [(name, 5, 5) for name in ("TIC 6.csv", "readme.txt")]
    (root / "readme.txt").write_text("Hello")
    monkeypatch.setattr(mirror, "walk", lambda *_: walked)
    found = refresh(root, tmp_path / "index", reader).files
    assert "no longer there" in found["TIC 6.csv"].why
    (root / "TIC 6.csv").write_text(csv())
    names = []
    found = refresh(root, tmp_path / "index", reader, lambda *each: names.append(each)).files
    assert (found["TIC 6.csv"].why, names) == ("", [(1, 1)])


def test_a_name_that_is_no_utf8_is_indexed_and_read(root, tmp_path, reader):
    (root / NOT_UTF8).write_text(csv(seed=2))
    found = refresh(root, tmp_path / "index", reader)
    assert found.files[NOT_UTF8].why == ""
    assert open_mirror(root, tmp_path / "index").files == found.files
    [source] = [
        each for star in found.stars() for each in found.sources_of(star) if "caf" in each.name
    ]
    assert source.name == "TIC 6 caf\\xe9.csv"
    [report] = read(reader, root, NOT_UTF8)
    assert (report.name, report.why, len(report.records)) == (source.name, "", 1)


def test_links_round_in_the_folder_end(root, tmp_path, reader):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    (root / "deep").mkdir()
    (root / "deep" / "up").symlink_to("..")
    assert list(refresh(root, tmp_path / "index", reader).files) == ["TIC 5.csv"]


def test_a_folder_that_was_emptied_is_an_unmounted_disk(root, tmp_path, reader):
    index = tmp_path / "index"
    refresh(root, index, reader)
    (root / "TIC 5.csv").rename(tmp_path / "kept")
    with pytest.raises(FolderMissing, match="had files before"):
        refresh(root, index, reader)
    assert open_mirror(root, index).stars() == ["5"]
    (tmp_path / "kept").rename(root / "TIC 5.csv")
    assert refresh(root, index, reader).stars() == ["5"]


@pytest.mark.parametrize("is_exchanged", [False, True])
def test_a_folder_that_goes_while_it_is_indexed_costs_nothing_that_is_known(
    root, tmp_path, reader, is_exchanged
):
    index = tmp_path / "index"
    before = refresh(root, index, reader).files
    (root / "TIC 6.csv").write_text(csv(seed=6))

    def go(*_):
        if root.exists() and not (tmp_path / "away").exists():
            root.rename(tmp_path / "away")
            if is_exchanged:
                root.mkdir()

    with pytest.raises(FolderMissing, match="unmounted"):
        refresh(root, index, reader, go)
    assert open_mirror(root, index).files == before


def test_a_folder_in_it_that_cannot_be_listed_is_named(root, tmp_path, reader, monkeypatch):
    (root / "s0002").mkdir()
    (root / "s0002" / "a.fits").write_bytes(tess(star=8))
    listed = os.scandir

    def scandir(folder):
        if getattr(folder, "name", "") == "s0002":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        found = refresh(root, tmp_path / "index", reader)
    assert [each.name for each in found.refused()] == ["s0002/"]
    assert "Permission denied" in found.refused()[0].why
    assert refresh(root, tmp_path / "index", reader).stars() == ["5", "8"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        found = refresh(root, tmp_path / "index", reader)
    assert found.stars() == ["5", "8"]  # what was known of it stays
    assert [each.name for each in found.refused()] == ["s0002/"]
    opened_files = []
    again = refresh(root, tmp_path / "index", reader, lambda *each: opened_files.append(each))
    assert (opened_files, again.refused()) == ([], [])


class Tired:
    """In place of a reader that files end again and again: so many reports, then no more."""

    def __init__(self, reports: int) -> None:
        self.reports, self.calls = reports, 0

    def read(self, sources, _said, _known, take, _check, *, only_facts):
        assert only_facts
        self.calls += 1
        for number, each in enumerate(sources[: self.reports]):
            facts = {"stars": [each.name], "mission": "", "name": ""}
            take(Report((number, 0), each.name, "", 0, "", False, False, [], [], facts))


def test_files_behind_those_that_end_their_reader_are_opened_too(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.csv").write_text("x")
    tired, progress = Tired(2), []
    found = refresh(folder, tmp_path / "index", tired, lambda *each: progress.append(each))
    assert sorted(found.files) == [f"{number}.csv" for number in range(5)]
    assert (tired.calls, progress[-1]) == (3, (5, 5))
    with pytest.raises(Unavailable):
        refresh(folder, tmp_path / "another", Tired(0))


def test_refused_files_are_opened_again_when_that_is_asked(root, tmp_path, reader):
    (root / "readme.txt").write_text("Hello")
    index = tmp_path / "index"
    refresh(root, index, reader)
    opened_files = []
    refresh(root, index, reader, lambda *each: opened_files.append(each))
    assert opened_files == []
    refresh(root, index, reader, lambda *each: opened_files.append(each), is_thorough=True)
    assert opened_files == [(1, 1)]
