"""Predicts one batch: chunk by chunk into its files, from where an earlier server was ended.

Each chunk is written and synced before the database counts its rows, so what lies behind the
counted ones in the files is cut off when it goes on. The catalogue is read again from its start;
its chunks are the same each time, and so is every byte of the result.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from backend.background.predictor import PredictionFailed
from backend.database import batches, models, workspaces
from backend.database.connection import Record
from backend.errors import TooMany, Unavailable
from backend.light_curves.preparing.run import ViewMaker
from backend.services.batch_jobs.growing import (
    Lines,
    StartAgain,
    append_synced,
    chunks_after,
    open_after,
)
from backend.services.batch_jobs.index import (
    INDEX_DTYPE,
    OwnColumns,
    add_counts,
    count,
    index_of,
)
from backend.services.batch_jobs.light_curves import RowViews, views_of, views_of_batch
from backend.services.batch_jobs.posting import result_bytes, stored_bytes
from backend.services.context import Services
from backend.services.job_thread import Cancelled, Forgotten
from backend.services.predictions.cells import ADDED_COLUMNS
from backend.services.predictions.relations import relations_of_catalogue
from backend.services.predictions.rows import predict, predicted_at_once
from backend.services.predictions.table import PredictedTable
from backend.services.quota import require_bytes
from backend.storage.atomic import sha256_of
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import open_catalog
from backend.transit.related import RelatedRows, relations_of

# Between attempts to have rows predicted: the predictor is starting, busy or full. After as many
# failures of the same rows as there are here, the batch fails.
_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 60.0, 60.0)

# Chunks whose views are in memory at the same time, some 170 MB each.
_MOST_WITH_VIEWS = 2


class Unusable(Exception):
    """Something that the batch needs is gone; the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Work:
    """The prediction of one batch."""

    def __init__(
        self,
        services: Services,
        batch: Record,
        maker: ViewMaker,
        commit: Callable[[Callable[[], None]], None],
        pause: Callable[[float], None],
    ) -> None:
        """Prepare only.

        Args:
            services: predictor, database and files.
            batch: its row; it is running.
            maker: prepares light curves.
            commit: does a step that writes the database, again until it can.
            pause: waits so many seconds; raises what ends the work meanwhile.
        """
        self._services = services
        self._batch = batch
        self._maker = maker
        self._commit = commit
        self._pause = pause
        self._is_over = False
        place = batch["workspace_id"], batch["id"]
        self._upload = services.storage.batch_upload(*place)
        self._result = services.storage.batch_result(*place)
        self._index = services.storage.batch_index(*place)

    def run(self) -> None:
        """Predict what is left, and record that the batch is completed.

        Raises:
            Cancelled, Forgotten, Unusable: it has to end.
            CatalogError: the file is not a catalogue, or has no usable row.
            ModelCorrupt: the model's file is damaged or missing.
            NoSpace: the quota of the workspace's owner or the disk is full.
            PredictionFailed: the predictor fails on the same rows again and again.
            Conflict, DamagedPack, DamagedPart, TooManyDeaths: its light curves cannot be prepared.
        """
        with self._services.database.read() as connection:
            model = models.find(connection, self._batch["model_id"] or 0)
        if model is None:
            raise Unusable("model_deleted", "The model of this batch was deleted: choose another.")
        if not self._upload.exists():
            raise Unusable("bad_file", "The uploaded file is missing on the server: post it again.")
        try:
            self._predict(model)
        except StartAgain:
            # Stored at once: whoever goes on after a kill must not append to the rows before.
            self._change(rows_done=0, result_bytes=0, counts=None)
            self._predict(model)
        self._complete()

    def _predict(self, model: Record) -> None:
        done, read_as = self._batch["rows_done"], ReadAs(**self._batch["asked"]["read_as"])
        own_source = self._batch["source"]
        with (
            open(self._upload, "rb") as source,
            self._services.converter.as_text(
                source, self._services.storage.incoming, read_as.table
            ) as (text, converted),
            relations_of_catalogue(
                self._services, model, text, read_as, own_source, lambda: self._pause(0.0)
            ) as related,
            views_of_batch(
                self._services,
                self._maker,
                self._batch,
                text,
                read_as,
                self._record_curves,
                lambda: self._pause(0.0),
            ) as views,
            open_after(self._result, self._batch["result_bytes"] if done else 0) as result,
            open_after(self._index, done * INDEX_DTYPE.itemsize) as index,
        ):
            catalog = open_catalog(text, label_required=False, read_as=read_as)
            table = PredictedTable(catalog, own_source, read_as, converted)
            share = self._batch["file_size"] / max(os.fstat(text.fileno()).st_size, 1)
            own = OwnColumns(table.read, table.names)
            lines = Lines()
            writer = table.writer(lines)
            if not done:
                self._batch["result_bytes"] = 0
                writer.writerow(table.header())
            elif not _goes_on(self._batch["reading"], related):
                raise StartAgain
            reading = {**own.as_json(), "is_related": related is not None}
            chunks = table.predictions(
                chunks_after(catalog, done),
                self._predict_rows(model, table, related, views),
                min(predicted_at_once(self._services), _MOST_WITH_VIEWS)
                if views is not None
                else predicted_at_once(self._services),
            )
            try:
                for chunk, added in chunks:
                    records = list(table.records(chunk, added))
                    writer.writerows(records)
                    written = lines.take()
                    ends = self._batch["result_bytes"] + np.cumsum([len(each) for each in written])
                    starts = ends[-len(records) :] - [
                        len(each) for each in written[-len(records) :]
                    ]
                    found = index_of(chunk, records, starts, own)
                    append_synced(result, b"".join(written))
                    append_synced(index, found.tobytes())
                    counts = count(
                        found,
                        chunk.rows,
                        relations_of(related, chunk.rows),
                        views_of(views, chunk.rows),
                    )
                    self._count(counts, int(ends[-1]), int(text.tell() * share), reading)
            finally:
                self._is_over = True  # else the rows ahead might be waited for
                chunks.close()  # type: ignore[attr-defined]
                self._is_over = False

    def _predict_rows(
        self,
        model: Record,
        table: PredictedTable,
        related: RelatedRows | None,
        views: RowViews | None,
    ) -> Callable[..., list[dict[str, Any]]]:
        """Predicts the rows of a chunk, as soon as the predictor can."""
        user_id = self._batch["user_id"] or 0

        def predict_rows(rows: np.ndarray, *, is_continued: bool) -> list[dict[str, Any]]:
            del is_continued  # never refused: it waits
            failures = 0
            of_these, views_of_these = relations_of(related, rows), views_of(views, rows)
            while not self._is_over:
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                try:
                    return predict(
                        self._services,
                        model,
                        rows,
                        table.read.source,
                        user_id,
                        is_continued=True,
                        related=of_these,
                        views=views_of_these,
                    )
                except (TooMany, Unavailable):
                    pass
                except PredictionFailed:
                    failures += 1
                    if failures > len(_PAUSES):
                        raise
                self._pause(pause)
            return []

        return predict_rows

    def _count(self, more: Record, result_end: int, bytes_read: int, reading: Record) -> None:
        """Record that rows are done: their bytes are on the disk."""
        self._change(
            rows_done=self._batch["rows_done"] + more["all"],
            result_bytes=result_end,
            bytes_done=min(max(bytes_read, self._batch["bytes_done"]), self._batch["file_size"]),
            counts=add_counts(self._batch["counts"], more),
            reading=reading,
            restarts=0,
        )

    def _record_curves(self, curves: Record) -> None:
        """Record how far its light curves are prepared; a part more is progress."""
        has_more = curves["rows_done"] > self._batch["light_curves"]["rows_done"]
        self._change(light_curves=curves, **({"restarts": 0} if has_more else {}))

    def _change(self, **values: Any) -> None:
        new = {**self._batch, **values}
        size = stored_bytes(new)

        def change() -> None:
            with self._services.database.write() as connection:
                batch = batches.find(connection, self._batch["id"])
                if batch is None:
                    raise Forgotten
                if batch["request"] == "cancel":
                    raise Cancelled
                owner_id = workspaces.owner_of(connection, batch["workspace_id"])
                more = max(0, size - batch["stored_bytes"])
                require_bytes(self._services, connection, owner_id, more)
                batches.change(connection, batch["id"], stored_bytes=size, **values)

        self._commit(change)
        self._batch = new

    def _complete(self) -> None:
        sha256 = sha256_of(self._result)

        def complete() -> None:
            with self._services.database.write() as connection:
                batch = batches.find(connection, self._batch["id"])
                if batch is None:
                    raise Forgotten
                if batch["request"] == "cancel":
                    raise Cancelled
                batches.end(
                    connection,
                    batch["id"],
                    "completed",
                    stored_bytes=result_bytes(batch),
                    result_sha256=sha256,
                    bytes_done=batch["file_size"],
                )

        self._commit(complete)


def _goes_on(reading: Record, related: RelatedRows | None) -> bool:
    """Whether further rows get what those before have: no other columns, relations or none."""
    has_columns = OwnColumns.from_json(reading).added == list(ADDED_COLUMNS)
    return has_columns and reading.get("is_related") == (related is not None)
