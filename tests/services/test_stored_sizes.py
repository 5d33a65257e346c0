"""What an earlier release stored gets its size at the start."""

from backend.services.quota import usage
from backend.services.stored_sizes import measure_stored
from tests.api import complete


def used(services):
    with services.database.read() as connection:
        return usage(services, connection, 1)["stored_bytes"]["used"]


def test_everything_is_measured_from_its_files(api, key, services):
    dataset_id = api.dataset(key, rows=3000)
    complete(services, api.start(key, dataset_id)["session"]["id"])
    api.post(
        "/api/analyses",
        201,
        json={
            "workspace_key": key,
            "title": "t",
            "candidates": [{"period": 3.0, "duration": 2.0, "depth": 500.0}],
            "predictions": [{"label": 1}],
        },
    )
    measure_stored(services.database, services.storage)
    expected = used(services)
    with services.database.write() as connection:
        for table in ("datasets", "models", "analyses"):
            connection.exec_driver_sql(f"UPDATE {table} SET stored_bytes = NULL")
    assert used(services) < expected / 2
    measure_stored(services.database, services.storage)
    assert used(services) == expected
    folders = (services.storage.uploads, services.storage.models)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    with services.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT stored_bytes FROM analyses").scalar_one()
    assert rows > 50
    assert expected == rows + sum(path.stat().st_size for path in files)
