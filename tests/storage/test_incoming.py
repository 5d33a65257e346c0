"""Files that grow: the room on their disk is asked for before it is gone."""

from backend.storage import incoming


def test_each_piece_of_a_megabyte_asks_for_room_on_the_disk_of_its_file(tmp_path, monkeypatch):
    asked = []
    usage = incoming.shutil.disk_usage(tmp_path)._replace(free=10**9)
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda path: asked.append(path) or usage)
    with incoming.open_growing(tmp_path / "table.npy") as file:
        for _ in range(10):
            file.write(bytes(100_000))
    assert asked == [tmp_path]
    assert (tmp_path / "table.npy").stat().st_size == 1_000_000
