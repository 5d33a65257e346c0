"""A model's bytes are used only if they are those that were saved."""

import errno
import hashlib
import os

import pytest

from backend.errors import ModelCorrupt
from backend.storage import verified
from backend.storage.verified import copy_verified, open_verified

CONTENT = b"0123456789" * 300_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path):
    """A good copy of an earlier model."""
    target = tmp_path / "1" / "exoplanet_model.keras"
    target.parent.mkdir()
    target.write_bytes(b"good")
    return target


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def shorten(path):
    os.truncate(path, len(CONTENT) - 1)


def lengthen(path):
    path.write_bytes(CONTENT + b"x")


def empty(path):
    os.truncate(path, 0)


def remove(path):
    path.unlink()


def make_folder(path):
    path.unlink()
    path.mkdir()


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [flip, shorten, lengthen, empty, remove, make_folder, make_pipe])
def test_a_file_that_is_not_the_one_that_was_saved_is_neither_opened_nor_copied(
    path, target, damage
):
    damage(path)
    with pytest.raises(ModelCorrupt, match=r"model\.keras .*backup, or train") as raised:
        open_verified(path, SHA256)
    assert (raised.value.status, raised.value.code) == (409, "model_corrupt")
    assert raised.value.headers == {}
    with pytest.raises(ModelCorrupt):
        copy_verified(path, SHA256, target)
    assert target.read_bytes() == b"good"
    assert list(target.parent.iterdir()) == [target]


def test_a_whole_file_is_opened_at_its_beginning_and_copied(path, target):
    with open_verified(path, SHA256) as file:
        assert file.read() == CONTENT
    copy_verified(path, SHA256, target)
    assert target.read_bytes() == CONTENT


def test_a_file_that_is_replaced_after_it_was_hashed_does_not_matter(path):
    with open_verified(path, SHA256) as file:
        other = path.with_name("other")
        other.write_bytes(b"other")
        other.replace(path)
        assert file.read() == CONTENT


def test_what_changes_after_it_was_hashed_is_not_copied(path, target, monkeypatch):
    """The bytes that are written are those that were hashed, not those of another look."""
    read = verified._read

    def read_then_damage(file, of):
        piece = read(file, of)
        if not piece:
            flip(path)
        return piece

    monkeypatch.setattr(verified, "_read", read_then_damage)
    copy_verified(path, SHA256, target)
    assert target.read_bytes() == CONTENT


def test_what_changes_while_it_is_copied_is_not_kept(path, target, monkeypatch):
    read = verified._read

    def read_then_damage(file, of):
        piece = read(file, of)
        if piece:
            os.truncate(path, len(CONTENT) - 1)
        return piece

    monkeypatch.setattr(verified, "_read", read_then_damage)
    with pytest.raises(ModelCorrupt):
        copy_verified(path, SHA256, target)
    assert target.read_bytes() == b"good"


class Unreadable:
    """A file on a bad sector."""

    def __init__(self, code):
        self._code = code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def close(self):
        return None

    def read(self, _size):
        raise OSError(self._code, os.strerror(self._code))


def test_a_file_that_the_disk_cannot_read_is_damaged(path, target, monkeypatch):
    monkeypatch.setattr(verified, "_open", lambda _path: Unreadable(errno.EIO))
    for use in (lambda: open_verified(path, SHA256), lambda: copy_verified(path, SHA256, target)):
        with pytest.raises(ModelCorrupt, match="cannot be read"):
            use()


def test_a_shortage_says_nothing_about_the_file(path, monkeypatch):
    monkeypatch.setattr(verified, "_open", lambda _path: Unreadable(errno.ENOMEM))
    with pytest.raises(OSError, match="memory"):
        open_verified(path, SHA256)


def test_a_full_disk_leaves_the_copy_and_blames_no_file(path, target, monkeypatch):
    def full(_target, _write):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(verified, "write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        copy_verified(path, SHA256, target)


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError])
def test_a_file_that_cannot_be_opened_is_named_with_the_reason(path, monkeypatch, error):
    def fail(*_):
        raise error(errno.EACCES, "that is why")

    monkeypatch.setattr("builtins.open", fail)
    with pytest.raises(ModelCorrupt) as refusal:
        open_verified(path, SHA256)
    assert f"{path.name} cannot be read on the server: that is why." in str(refusal.value)
