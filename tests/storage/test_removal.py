"""Files that go with the rows of a transaction, or are back if it fails."""

import logging
from pathlib import Path

import pytest

from backend.storage.atomic import PARTIAL
from backend.storage.removal import Removal


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "7.2.kept.ckpt", tmp_path / "8.1.kept.ckpt"]
    for path in paths:
        path.write_text(path.name)
    return paths


def remove_in_vain(files: list[Path]) -> None:
    with Removal() as removal:
        for path in files:
            removal.add(path)
        raise LookupError


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_are_aside_before_the_commit_and_gone_after_it(files, tmp_path):
    missing = tmp_path / "9.1.kept.ckpt"
    with Removal() as removal:
        for path in (files[0], missing, files[1]):
            removal.add(path)
        aside = names_in(tmp_path)
        assert len(aside) == 2  # a start after a kill deletes them, since they are partial files
        assert all(PARTIAL.fullmatch(name) for name in aside)
    assert names_in(tmp_path) == set()


def test_files_are_in_their_place_again_if_the_transaction_fails(files, tmp_path):
    with pytest.raises(LookupError):
        remove_in_vain(files)
    assert names_in(tmp_path) == {path.name for path in files}
    assert [path.read_text() for path in files] == [path.name for path in files]


def gone(files: list[Path], *, fails: bool) -> None:
    """Remove them, while the first that was taken aside has been lost in the meantime."""
    with Removal() as removal:
        for path in files:
            removal.add(path)
        (aside,) = files[0].parent.glob(f".{files[0].name}.*")
        aside.unlink()
        if fails:
            raise LookupError


def test_a_file_that_cannot_be_deleted_is_named_and_keeps_no_other(files, tmp_path, caplog):
    gone(files, fails=False)
    assert names_in(tmp_path) == set()
    assert str(files[0]) in caplog.text
    assert "cannot be deleted" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_file_that_cannot_be_put_back_is_named_and_keeps_no_other(files, tmp_path, caplog):
    with pytest.raises(LookupError):
        gone(files, fails=True)
    assert names_in(tmp_path) == {files[1].name}
    assert f"{files[0]}, now .{files[0].name}." in caplog.text
    assert "cannot be put back" in caplog.text
