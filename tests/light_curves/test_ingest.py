"""From the files of an upload to a version: outcomes, what counts once, ends on the way."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.errors import DiskFull
from backend.light_curves import ingest as module
from backend.light_curves.ingest import ingest
from backend.light_curves.reader import Source
from backend.storage.curve_sets.versions import open_version, remove_pending, versions
from tests.light_curves.files import (
    REAL,
    csv,
    flux_of,
    needs_real_curves,
    tess,
    times,
    zip_of,
)

pytestmark = pytest.mark.filterwarnings("ignore")


def test_what_is_stored_is_what_was_in_the_file(send, tmp_path):
    done = send({"a.fits": tess(star=5)})
    [outcome] = done.outcomes
    assert (outcome.status, outcome.stars, outcome.segments) == ("taken", ["5"], 1)
    assert outcome.points == done.version.points == 100
    [segment] = open_version(tmp_path / "set", done.version).segments_of("5")
    np.testing.assert_array_equal(segment.time, times() + 2457000)
    np.testing.assert_allclose(segment.flux, flux_of().astype(np.float32), rtol=1e-9)
    assert (segment.mission, segment.name) == ("tess", "sector 2")


def test_several_segments_of_a_star_come_in_order_of_time(send, tmp_path):
    later = tess(star=5, sector=9, start=1600.0, seed=2)
    done = send({"b.fits": later, "a.fits": tess(star=5), "c.fits": tess(star=6)})
    found = open_version(tmp_path / "set", done.version)
    assert found.stars() == ["5", "6"]
    assert [each.name for each in found.segments_of("5")] == ["sector 2", "sector 9"]
    assert found.segments_of("7") == []


def test_files_that_are_added_make_a_version_and_copy_nothing(send, tmp_path):
    first = send({"a.fits": tess(star=5)}).version
    before = {path: path.stat() for path in (tmp_path / "set").glob("*.curves")}
    second = send({"b.fits": tess(star=6)}).version
    assert (first.number, second.number) == (1, 2)
    assert second.packs[: len(first.packs)] == first.packs
    for path, stat in before.items():
        assert path.stat().st_mtime_ns == stat.st_mtime_ns
    assert open_version(tmp_path / "set", first).stars() == ["5"]
    assert open_version(tmp_path / "set", second).stars() == ["5", "6"]


def test_the_hash_is_that_of_the_light_curves_whatever_way_they_came(send, tmp_path, reader):
    both = send({"a.fits": tess(star=5), "b.fits": tess(star=6)}).version
    sources = []
    for name, star in (("b", 6), ("a", 5)):
        (tmp_path / name).write_bytes(tess(star=star))
        sources.append(Source(tmp_path / name, name))
    for number, source in enumerate(sources):
        other = ingest(tmp_path / "other", [source], {}, reader, str(number)).version
    assert other.sha256 == both.sha256
    third = send({"c.fits": tess(star=7)}).version
    assert third.sha256 != both.sha256


def test_the_same_file_twice_counts_once(send):
    content = tess(star=5)
    done = send({"a.fits": content, "b.fits": content})
    assert [each.status for each in done.outcomes] == ["taken", "repeated"]
    assert done.outcomes[1].why == "The same file came as a.fits."
    again = send({"c.fits": content})
    assert again.outcomes[0].why == "The same file came as a.fits."
    assert again.version.segments == 1
    assert again.version.sha256 == done.version.sha256


def test_the_same_light_curve_in_another_file_counts_once(send):
    text = csv("BTJD,flux,error,quality", start=1355.0)
    done = send({"TIC 5.csv": text, "copy/TIC 5.csv": "# again\n" + text})
    assert [each.status for each in done.outcomes] == ["taken", "repeated"]
    assert "came with TIC 5.csv: it counts once" in done.outcomes[1].why


def test_the_same_segment_in_other_numbers_is_told_and_the_first_one_counts(send, tmp_path):
    done = send({"spoc.fits": tess(star=5, seed=1), "other.fits": tess(star=5, seed=2)})
    assert [each.status for each in done.outcomes] == ["taken", "repeated"]
    assert "Sector 2 of star 5 came with spoc.fits in other numbers" in done.outcomes[1].why
    [segment] = open_version(tmp_path / "set", done.version).segments_of("5")
    np.testing.assert_allclose(segment.flux, flux_of(1).astype(np.float32), rtol=1e-6)


def test_two_telescopes_in_one_night_are_two_segments(send):
    done = send({"TIC 5.csv": csv(seed=1), "TIC 5 (b).csv": csv(seed=2)})
    assert done.version.segments == 2


def test_progress_comes_with_each_file(tmp_path, reader):
    path = zip_of({"TIC 1.csv": csv().encode(), "no.csv": b"x"}, tmp_path / "x")
    (tmp_path / "y").write_bytes(tess(star=5))
    seen = []
    sources = [Source(path, "x"), Source(tmp_path / "y", "y")]
    ingest(tmp_path / "set", sources, {}, reader, "run", seen.append)
    assert [tuple(each)[:4] for each in seen] == [(1, 0, 0, 2), (2, 1, 0, 2), (3, 1, 1, 2)]
    first, second, third = (each.bytes for each in seen)
    assert 0 < first == second < third


class Cancelled(Exception):
    pass


def test_a_cancelled_run_ends_and_can_be_removed_or_gone_on_with(tmp_path, reader):
    members = {f"TIC {i}.csv": csv(seed=i).encode() for i in range(1, 8)}
    source = Source(zip_of(members, tmp_path / "x"), "x")
    seen = []

    def check():
        if len(seen) >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        ingest(tmp_path / "set", [source], {}, reader, "run", seen.append, check)
    assert versions(tmp_path / "set") == []
    assert len(list((tmp_path / "set").iterdir())) == 1
    done = ingest(tmp_path / "set", [source], {}, reader, "run")
    assert [each.stars[0] for each in done.outcomes] == list("1234567")
    assert done.version.segments == 7
    seen.clear()
    with pytest.raises(Cancelled):
        ingest(tmp_path / "other", [source], {}, reader, "run", seen.append, check)
    remove_pending(tmp_path / "other")
    assert list((tmp_path / "other").iterdir()) == []


def test_what_another_run_has_left_is_removed_by_the_next(tmp_path, reader, send):
    members = {f"TIC {i}.csv": csv(seed=i).encode() for i in range(1, 4)}
    source = Source(zip_of(members, tmp_path / "x"), "x")

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        ingest(tmp_path / "set", [source], {}, reader, "given up", check=check)
    done = send({"a.fits": tess(star=9)})
    assert done.version.stars == 1
    assert len(list((tmp_path / "set").glob("*.curves"))) == 1


KILLED = """\
import os, signal, sys
from pathlib import Path
from backend.light_curves import ingest as module
from backend.light_curves.reader import CurveReader, Source
module._PACK_BYTES = 2_000
def stop(progress):
    if progress.files == {files}:
        os.kill(os.getpid(), signal.SIGKILL)
folder = Path({folder!r})
module.ingest(folder / "set", [Source(folder / "x", "x")], {{}}, CurveReader(2000, 60), "run", stop)
"""


@pytest.mark.parametrize("files", [1, 4, 7])
def test_a_kill_loses_nothing_that_was_accepted_and_leaves_nothing_half(
    tmp_path, reader, files, monkeypatch
):
    members = {f"TIC {i}.csv": csv(seed=i).encode() for i in range(1, 9)}
    source = Source(zip_of(members, tmp_path / "x"), "x")
    code = KILLED.format(files=files, folder=str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    assert versions(tmp_path / "set") == []
    packs = set((tmp_path / "set").glob("*.curves"))
    done = ingest(tmp_path / "set", [source], {}, reader, "run")
    assert packs <= set((tmp_path / "set").glob("*.curves"))
    assert [each.stars[0] for each in done.outcomes] == list("12345678")
    assert done.version.segments == 8
    assert not list((tmp_path / "set").glob(".*"))
    whole = ingest(tmp_path / "whole", [source], {}, reader, "run").version
    assert whole.sha256 == done.version.sha256


def test_a_full_disk_ends_the_run_and_the_same_again_goes_on(tmp_path, reader, monkeypatch):
    members = {f"TIC {i}.csv": csv(seed=i).encode() for i in range(1, 6)}
    source = Source(zip_of(members, tmp_path / "x"), "x")
    monkeypatch.setattr(module, "_PACK_BYTES", 2_000)
    add, added = module.PackWriter.add, []

    def full(self, entry, record):
        added.append(entry)
        if len(added) == 4:
            raise DiskFull("full", 1)
        add(self, entry, record)

    monkeypatch.setattr(module.PackWriter, "add", full)
    with pytest.raises(DiskFull):
        ingest(tmp_path / "set", [source], {}, reader, "run")
    assert not list((tmp_path / "set").glob(".*"))
    assert ingest(tmp_path / "set", [source], {}, reader, "run").version.segments == 5


def test_the_server_imports_nothing_that_reads_such_files():
    code = (
        "import sys\nimport backend.light_curves.ingest, backend.light_curves.reader\n"
        "print(*[n for n in ('astropy', 'pandas', 'scipy') if n in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout == "\n"


@needs_real_curves
@pytest.mark.archive
def test_the_files_of_the_missions_go_in_as_downloaded(send, tmp_path):
    done = send({path.name: path for path in sorted(REAL.glob("*.fits"))})
    assert [each.status for each in done.outcomes] == ["taken"] * 4
    found = open_version(tmp_path / "set", done.version)
    assert found.stars() == ["11442793", "402026209"]
    assert [each.name for each in found.segments_of("11442793")] == [
        "quarter 3", "quarter 4", "quarter 5",
    ]  # fmt: skip
    assert done.version.bytes < sum(os.path.getsize(each) for each in REAL.glob("*.fits")) / 10
