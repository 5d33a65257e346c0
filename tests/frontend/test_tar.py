"""The archive that the page makes of many files, read by Python's library and by `tar`."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from backend.config import REPOSITORY
from tests.frontend.test_units import node

# 1 second after the epoch, and a half.
MODIFIED = 1_500

LONG = "/".join(["a folder with a long name"] * 5)

PATHS = [
    "plain.fits",
    "folder/kplr011442793-2009350155506_llc.fits",
    "n" * 100,
    "n" * 101,  # fits no field
    f"{LONG}/{'n' * 90}.fits",  # fits the two fields
    f"{LONG}/{LONG}/{'n' * 90}.fits",  # does not
    "étoile/π Mensæ.csv",
    f"{'é' * 60}/λ.csv",
    "x" * 80 + "/ü",  # a record whose length has more digits with itself
    "quote'and\"space .csv",
    "new\nline.csv",
]


def archive_of(files: list[dict[str, Any]], folder: Path) -> Path:
    asked, path = folder / "asked.json", folder / "archive.tar"
    asked.write_text(json.dumps(files))
    script = REPOSITORY / "tests" / "frontend" / "tar.js"
    subprocess.run([node(), str(script), str(asked), str(path)], check=True, timeout=60)
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = [
        {"path": path, "text": f"{path}\n" * (300 * n), "modified": MODIFIED}
        for n, path in enumerate(PATHS)
    ]
    return archive_of(files, tmp_path_factory.mktemp("archive"))


def test_python_reads_every_file_with_its_name_and_its_time(archive: Path):
    with tarfile.open(archive, "r|") as opened:
        for n, member in enumerate(opened):
            assert member.name == PATHS[n]
            assert member.isreg()
            assert int(member.mtime) == 1
            content = opened.extractfile(member)
            assert content is not None
            assert content.read().decode() == f"{PATHS[n]}\n" * (300 * n)
        assert n == len(PATHS) - 1
    assert archive.stat().st_size % 512 == 0


@pytest.mark.skipif(shutil.which("tar") is None, reason="NO TAR: the program did not read it")
def test_the_program_lists_and_unpacks_every_file(archive: Path, tmp_path: Path):
    listed = subprocess.run(
        ["tar", "--quoting-style=literal", "-tf", archive],
        capture_output=True,
        check=True,
    )
    assert listed.stderr == b""
    assert listed.stdout.decode() == "".join(f"{path}\n" for path in PATHS)
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    for n, path in enumerate(PATHS):
        assert (tmp_path / path).read_text() == f"{path}\n" * (300 * n)


def test_names_of_every_length_around_the_limits_are_kept(tmp_path: Path):
    names = [
        name
        for length in range(70, 170)
        for name in ("é" + "n" * length, f"{'d' * length}/{'n' * 99}.", f"{'d' * (length + 50)}/n")
    ]
    files = [{"path": name, "text": name, "modified": 0} for name in names]
    with tarfile.open(archive_of(files, tmp_path)) as opened:
        assert opened.getnames() == names


def test_a_file_of_eight_gibibytes_and_more_says_its_size_beside_the_header(tmp_path: Path):
    size = 8**11
    file = {"path": "large.fits", "text": "", "modified": 0, "size": size}
    path = archive_of([file], tmp_path)
    with tarfile.open(path) as opened:
        member = opened.next()
    assert member is not None
    assert (member.name, member.size) == ("large.fits", size)


def test_an_archive_of_nothing_is_one(tmp_path: Path):
    with tarfile.open(archive_of([], tmp_path)) as opened:
        assert opened.getnames() == []
