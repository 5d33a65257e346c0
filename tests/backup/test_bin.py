"""The bin in a backup: what was deleted can be restored from it."""

from backend.backup.restore import restore
from backend.backup.save import save
from backend.config import Settings
from tests.api import Api


def test_what_was_in_the_bin_is_in_the_backup(api, key, settings, make_client, tmp_path):
    dataset = api.dataset(key)
    api.delete(f"/api/training/dataset/{dataset}")
    saved = save(settings.data_dir, tmp_path / "backups", lambda _: None)
    restored = tmp_path / "restored"
    restored.mkdir()
    restore(restored, saved, lambda _: None)
    there = Api(make_client(Settings(data_dir=restored, token=settings.token)), settings.token)
    (entry,) = there.get("/api/bin", query_string={"workspace_key": key})["entries"]
    there.post(f"/api/bin/{entry['id']}/restore")
    assert there.get(f"/api/training/dataset/{dataset}/rows")["total"] == 90
