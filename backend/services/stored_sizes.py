"""Measures on disk what an earlier release stored without its size; for the launcher."""

from backend.database import Database, analyses, datasets, models
from backend.storage.layout import Storage


def measure_stored(database: Database, storage: Storage) -> None:
    """Record the size of every dataset, model and analysis that has none."""
    with database.write() as connection:
        for dataset in datasets.unmeasured(connection):
            size = storage.dataset_bytes(dataset)
            datasets.set_stored_bytes(connection, dataset["id"], size)
        for model in models.unmeasured(connection):
            models.set_stored_bytes(connection, model["id"], storage.model_bytes(model["file"]))
        analyses.measure(connection)
