"""The temporary files of writes that a kill ended: those of some files alone are removed."""

from backend.storage.atomic import remove_partials_of


def test_only_the_partials_of_the_files_named_are_removed(tmp_path):
    mine, other = tmp_path / "mine_s0.keras", tmp_path / "mine_s0.keras.json"
    names = (
        f".{mine.name}.0123abcd.partial",
        f".{other.name}.0123abcd.partial",
        f".{mine.name}.no-such-end.partial",
        mine.name,
    )
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    remove_partials_of([mine, tmp_path / "absent" / "a.keras"])
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names[1:])
