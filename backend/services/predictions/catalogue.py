"""Predicts a catalogue while its request waits: a table in, CSV with predictions out, in pieces.

The answer goes to a file first: after its first byte is sent, an error can no longer be reported.
"""

from collections import Counter
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from backend.database.connection import Record
from backend.services.context import Services
from backend.services.predictions.relations import relations_of_catalogue
from backend.services.predictions.rows import predict
from backend.services.predictions.table import BatchRead, PredictedTable
from backend.services.predictions.unlike_training import (
    count_known,
    learnt_from,
    missing_in_all,
    unlike_training,
)
from backend.storage.incoming import open_growing
from backend.transit.catalog.names.read_as import NOTHING_SAID, ReadAs
from backend.transit.catalog.reader import open_catalog
from backend.transit.related import relations_of
from backend.transit.rows import Rows


class Predicted(NamedTuple):
    """How a table was read, and in what its rows are unlike the model's training rows."""

    read: BatchRead
    unlike_training: list[Record]


def predict_catalogue(
    services: Services,
    model: Record,
    catalogue: Path,
    answer: Path,
    own_source: str,
    user_id: int,
    read_as: ReadAs = NOTHING_SAID,
) -> Predicted:
    """Write a catalogue's table with the prediction columns added.

    Args:
        services: the predictor.
        model: its row in the database.
        catalogue: a table in any format; labels are not needed.
        answer: a new file for the CSV.
        own_source: the survey of a table in exotrain format: "exotrain", "koi", "k2" or "toi".
        user_id: who asks; users take turns.
        read_as: what was said of the table.

    Returns:
        How the table was read, and what its rows are unlike. The answer has its separator and its
        decimal sign, and its cells as they are; the columns that an earlier prediction has added
        are replaced.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ReadAsError: what was said does not fit the header.
        ModelCorrupt: the model's file is damaged or missing.
        PredictionFailed: the predictor gave no answer.
        NoSpace: the disk is nearly full.
        TooMany: too many predictions wait already.
        Unavailable: too many tables are read at the same time.
    """
    with (
        open(catalogue, "rb") as source,
        services.converter.as_text(source, answer.parent, read_as.table) as (text, converted),
        TextIOWrapper(open_growing(answer), encoding="utf-8", newline="") as sink,
        relations_of_catalogue(services, model, text, read_as, own_source) as related,
    ):
        catalog = open_catalog(text, label_required=False, read_as=read_as)
        table = PredictedTable(catalog, own_source, read_as, converted)
        writer = table.writer(sink)
        writer.writerow(table.header())
        known: Counter[str] = Counter()

        def predict_rows(rows: Rows, *, is_continued: bool) -> list[dict[str, Any]]:
            of_these = relations_of(related, rows)
            known.update(count_known(rows, of_these))
            return predict(
                services,
                model,
                rows,
                table.read.source,
                user_id,
                is_continued=is_continued,
                related=of_these,
            )

        for chunk, added in table.predictions(catalog, predict_rows):
            writer.writerows(table.records(chunk, added))
    unlike = unlike_training(learnt_from(model), table.read.source, missing_in_all(known))
    return Predicted(table.read, unlike)
