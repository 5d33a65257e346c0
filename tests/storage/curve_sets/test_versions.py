"""Packs are whole or not there; versions are lists of them."""

import numpy as np
import pytest

from backend.storage.curve_sets.packs import DamagedPack, PackWriter, open_pack
from backend.storage.curve_sets.records import encode_segment
from backend.storage.curve_sets.versions import (
    commit,
    open_version,
    pending_packs,
    remove_pending,
    versions,
)
from tests.storage.curve_sets.test_records import segment


def write(folder, stars, ingest="run"):
    writer = PackWriter(folder, ingest)
    for i, star in enumerate(stars):
        writer.add(*encode_segment(star, segment(np.linspace(1, 2 + i, 50))))
        writer.outcomes.append({"file": f"{star}.fits"})
    return writer.finish()


def test_a_pack_is_named_by_its_hash_and_gives_back_what_was_put_in(tmp_path):
    from backend.storage.atomic import sha256_of

    sha256 = write(tmp_path, ["b", "a", "b"])
    [path] = tmp_path.iterdir()
    assert path.name == f"{sha256}.curves"
    assert sha256_of(path) == sha256
    pack = open_pack(path)
    assert pack.ingest == "run"
    assert pack.index["star"].tolist() == [b"b", b"a", b"b"]
    assert [pack.outcomes[i]["file"] for i in pack.index["file"]] == ["b.fits", "a.fits", "b.fits"]
    version = commit(tmp_path, [sha256])
    found = open_version(tmp_path, version)
    assert found.stars() == ["a", "b"]
    assert [each.flux[-1] for each in found.segments_of("b")] == pytest.approx([2, 4])
    assert found.damaged() == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95, 0.999])
def test_a_pack_that_is_cut_off_is_no_pack(tmp_path, share):
    sha256 = write(tmp_path, ["a", "b"])
    path = tmp_path / f"{sha256}.curves"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedPack):
        open_pack(path)
    with pytest.raises(DamagedPack):
        commit(tmp_path, [sha256])
    assert pending_packs(tmp_path, "run") == []


def test_a_pack_with_more_in_it_than_it_says_is_no_pack(tmp_path):
    path = tmp_path / f"{write(tmp_path, ['a', 'b'])}.curves"
    content = path.read_bytes()
    path.write_bytes(content[:50] + bytes(200) + content[50:])
    with pytest.raises(DamagedPack, match="another length than it says"):
        open_pack(path)


def test_damage_within_a_record_is_found(tmp_path):
    sha256 = write(tmp_path, ["a", "b"])
    path = tmp_path / f"{sha256}.curves"
    version = commit(tmp_path, [sha256])
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert open_version(tmp_path, version).damaged() == ["a"]


def test_versions_are_counted_and_the_same_packs_are_the_same_version(tmp_path):
    assert versions(tmp_path / "none") == []
    first = write(tmp_path, ["a"])
    one = commit(tmp_path, [first])
    assert commit(tmp_path, [first]) == one
    second = write(tmp_path, ["b", "c"])
    two = commit(tmp_path, [first, second])
    assert [each.number for each in versions(tmp_path)] == [1, 2]
    assert versions(tmp_path) == [one, two]
    assert (two.stars, two.segments, two.points, two.views) == (3, 3, 150, 0)
    assert two.bytes == sum(path.stat().st_size for path in tmp_path.glob("*.curves"))


def test_packs_without_a_version_are_those_of_their_run_and_can_be_removed(tmp_path):
    kept = write(tmp_path, ["a"])
    commit(tmp_path, [kept])
    ours, other = write(tmp_path, ["b"], "ours"), write(tmp_path, ["c"], "other")
    (tmp_path / ".pack.curves.0123abcd.partial").write_bytes(b"x")
    assert [each.sha256 for each in pending_packs(tmp_path, "ours")] == [ours]
    remove_pending(tmp_path, keep="ours")
    assert {each.stem for each in tmp_path.glob("*.curves")} == {kept, ours}
    assert other not in {each.stem for each in tmp_path.iterdir()}
    remove_pending(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {f"{kept}.curves", "1.json"}


def test_a_pack_that_is_given_up_leaves_nothing(tmp_path):
    writer = PackWriter(tmp_path, "run")
    writer.add(*encode_segment("a", segment(np.linspace(1, 2, 50))))
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_set_is_a_version_too(tmp_path):
    version = commit(tmp_path, [write(tmp_path, [])])
    assert version.segments == version.stars == 0
    assert open_version(tmp_path, version).segments_of("a") == []
