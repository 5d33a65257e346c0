"""A folder on the server: opened once, read in place, links out of it not followed."""

import os

import pytest

from backend.light_curves import mirror as module
from backend.light_curves.mirror import MirrorFile, open_mirror, refresh
from backend.light_curves.walk import walk
from backend.storage.curve_sets.records import decode_segment
from tests.light_curves.files import csv, tar_of, tess

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "mirror"
    (folder / "s0002").mkdir(parents=True)
    (folder / "s0002" / "a.fits").write_bytes(tess(star=5))
    (folder / "s0002" / "b.fits").write_bytes(tess(star=5, sector=3, start=1400.0))
    (folder / "TIC 6.csv").write_text(csv())
    (folder / "readme.txt").write_text("Hello")
    (folder / ".hidden").write_text("x")
    return folder


def test_each_file_is_opened_once(root, tmp_path, reader):
    opened = []
    found = refresh(root, tmp_path / "index", reader, lambda *each: opened.append(each))
    assert opened[-1] == (4, 4)
    assert found.stars() == ["5", "6"]
    first = found.files["s0002/a.fits"]
    assert (first.stars, first.mission, first.part, first.why) == (("5",), "tess", "sector 2", "")
    assert [each.name for each in found.refused()] == ["readme.txt"]
    assert "no rows of numbers" in found.refused()[0].why
    opened.clear()
    again = refresh(root, tmp_path / "index", reader, lambda *each: opened.append(each))
    assert opened == []
    assert again.files == found.files


def test_what_is_new_changed_or_gone_is_noticed(root, tmp_path, reader):
    refresh(root, tmp_path / "index", reader)
    (root / "s0002" / "a.fits").write_bytes(tess(star=7, points=200))
    (root / "TIC 6.csv").unlink()
    (root / "c.fits").write_bytes(tess(star=8))
    opened = []
    found = refresh(root, tmp_path / "index", reader, lambda *each: opened.append(each))
    assert opened[-1] == (2, 2)
    assert found.stars() == ["5", "7", "8"]
    assert open_mirror(root, tmp_path / "index").files == found.files


def test_a_star_is_read_in_place(root, tmp_path, reader):
    found = refresh(root, tmp_path / "index", reader)
    sources = found.sources_of("5")
    assert [each.name for each in sources] == ["s0002/a.fits", "s0002/b.fits"]
    reports = []
    reader.read(sources, {}, list, reports.append)
    segments = [decode_segment(*each.records[0]) for each in reports]
    assert [each.name for each in segments] == ["sector 2", "sector 3"]
    assert found.sources_of("9") == []


def test_nothing_is_written_into_the_folder(root, tmp_path, reader):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    for path in before:
        path.chmod(0o500 if path.is_dir() else 0o400)
    refresh(root, tmp_path / "index", reader)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_links_out_of_the_folder_are_not_followed(root, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "TIC 9.csv").write_text(csv())
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "file.csv").symlink_to(tmp_path / "secret" / "TIC 9.csv")
    (root / "up").symlink_to("..")
    (root / "round").symlink_to(root)
    (root / "gone").symlink_to("nowhere")
    (root / "inside.fits").symlink_to("s0002/a.fits")
    os.mkfifo(root / "pipe")
    names = [name for name, _, _ in walk(root)]
    assert sorted(names) == [
        "TIC 6.csv", "inside.fits", "readme.txt", "s0002/a.fits", "s0002/b.fits",
    ]  # fmt: skip


def test_archives_are_named_and_not_opened(root, tmp_path, reader):
    tar_of({"TIC 1.csv": csv().encode()}, root / "x.tar")
    tar_of({"TIC 1.csv": csv().encode()}, root / "y.tar.gz", "w:gz")
    found = refresh(root, tmp_path / "index", reader)
    assert "1" not in found.stars()
    assert all("archive" in found.files[name].why for name in ("x.tar", "y.tar.gz"))


def test_a_kill_on_the_way_costs_no_more_than_the_last_files(root, tmp_path, reader, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 1)
    seen = []

    def check():
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(root, tmp_path / "index", reader, lambda *each: seen.append(each), check)
    assert len(open_mirror(root, tmp_path / "index").files) >= 1
    opened = []
    refresh(root, tmp_path / "index", reader, lambda *each: opened.append(each))
    assert len(opened) <= 3


def test_an_index_that_is_damaged_or_of_another_folder_is_made_again(root, tmp_path, reader):
    index = tmp_path / "index"
    refresh(root, index, reader)
    assert open_mirror(tmp_path, index).files == {}
    index.write_bytes(index.read_bytes()[:50])
    assert open_mirror(root, index).files == {}
    assert refresh(root, index, reader).stars() == ["5", "6"]


def test_an_index_of_a_hundred_thousand_files_is_opened(root, tmp_path, reader):
    files = [
        MirrorFile(f"s{i % 26:04d}/tess-{i:016d}_lc.fits", 2_004_480, 10**18 + i, (str(i),),
                   "tess", "sector 2", "")
        for i in range(100_000)
    ]  # fmt: skip
    module._write(tmp_path / "index", root, files, None)
    found = open_mirror(root, tmp_path / "index")
    assert len(found.files) == 100_000
    assert found.sources_of("77")[0].path == root / "s0025/tess-0000000000000077_lc.fits"


def test_a_folder_that_is_not_there_is_an_error(tmp_path, reader):
    with pytest.raises(FileNotFoundError):
        refresh(tmp_path / "none", tmp_path / "index", reader)
