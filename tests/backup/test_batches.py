"""Batches in a backup: results are kept, an unfinished one begins again from its file."""

import pytest

from backend.backup.restore import restore
from backend.backup.save import save
from backend.config import Settings
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.batch_jobs.work import Work
from backend.transit.catalog.delimited import records
from backend.web.current import services_of
from tests.api import Api, catalogue, complete, form, use_depth_predictor

BATCHES = "/api/predict/batches"


class Killed(BaseException):
    """As if the process had ended."""


def test_a_restored_result_reads_as_before_and_an_unfinished_batch_ends_with_the_same(
    api, key, services, settings, make_client, tmp_path, monkeypatch
):
    use_depth_predictor(api.client)
    complete(services, api.session(key))
    monkeypatch.setattr(records, "BATCH_RECORDS", 10)
    done, running = (
        api.post(BATCHES, 202, data=form(catalogue(25), workspace_key=key))["batch"]["id"]
        for _ in range(2)
    )
    count = Work._count

    def count_twice(work, *arguments):
        if work._batch["id"] == running and work._batch["rows_done"]:
            raise Killed
        count(work, *arguments)

    monkeypatch.setattr(Work, "_count", count_twice)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    monkeypatch.undo()
    assert api.get(f"{BATCHES}/{running}")["batch"]["rows_done"] == 10
    saved = save(settings.data_dir, tmp_path / "backups", lambda _: None)
    names = {path.name for path in saved.glob("uploads/1/batch-*")}
    assert names == {f"batch-{done}.csv", f"batch-{done}.rows", f"batch-{running}.upload"}
    restored = tmp_path / "restored"
    restored.mkdir()
    restore(restored, saved, lambda _: None)

    there = Api(make_client(Settings(data_dir=restored, token=settings.token)), settings.token)
    use_depth_predictor(there.client)
    BatchRunner(services_of(there.client.application)).work()
    before = api.get(f"{BATCHES}/{done}/result", None).data
    for batch_id in (done, running):
        assert there.get(f"{BATCHES}/{batch_id}/result", None).data == before
        assert there.get(f"{BATCHES}/{batch_id}/rows")["total"] == 25
