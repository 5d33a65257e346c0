"""What the votes on a dataset decide: its layer of labels. The file stays as it is."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.labels import votes
from backend.services.context import Services
from backend.storage.dataset_table import read_rows_at
from backend.transit.columns import LABELS, NO_LABEL

EXCLUDE = "exclude"

# By row: the code of its label, NO_LABEL where it is left out.
Layer = dict[int, int]


# A label that somebody gives a row: (row, user_id, label); None as user: one who is gone.
Said = tuple[int, int | None, int]


class Decided(NamedTuple):
    """What counts for a row.

    Attributes:
        label: its code; NO_LABEL: the row is left out.
        by: "file", "owner" or "majority".
    """

    label: int
    by: str


def label_name(code: int) -> str:
    """The label of a row as it is written: that of its class, or `exclude`."""
    return EXCLUDE if code == NO_LABEL else LABELS[code]


def decide(rule: str, owner_id: int, said: Sequence[Said], in_file: int) -> Decided:
    """What counts for one row.

    Args:
        rule: "owner": what the workspace's owner says; "majority": what more than half of those
            say who say a label, the file's own among them.
        owner_id: of the workspace's owner.
        said: the labels that count, at most one a person.
        in_file: the label in the file.
    """
    if rule == "owner":
        own = [label for _, user_id, label in said if user_id == owner_id]
        return Decided(own[0], "owner") if own else Decided(in_file, "file")
    if said:
        (label, count), *_ = Counter(label for *_, label in said).most_common(1)
        if 2 * count > len(said):
            return Decided(label, "majority")
    return Decided(in_file, "file")


def decided(
    rule: str, owner_id: int, said: Iterable[Said], in_file: Mapping[int, int]
) -> dict[int, Decided]:
    """What counts for each row that somebody labels; `said` is in the order of the rows."""
    by_row = groupby(said, key=itemgetter(0))
    return {row: decide(rule, owner_id, list(of_row), in_file[row]) for row, of_row in by_row}


def labels_of(said: Iterable[Record]) -> list[Said]:
    """What votes say of labels, without those that are only comments."""
    return [
        (each["row"], each["user_id"], each["label"]) for each in said if each["label"] is not None
    ]


def labels_in_file(services: Services, dataset: Record, rows: Iterable[int]) -> dict[int, int]:
    """The labels that the file gives some rows; raises like `DatasetTables.table`."""
    places = np.array(sorted(set(rows)), np.intp)
    if not len(places):
        return {}
    found = read_rows_at(services.tables.table(dataset), places)["label"]
    return dict(zip(places.tolist(), found.tolist(), strict=True))


def current_layer(services: Services, connection: Connection, dataset: Record) -> Layer:
    """Where the labels that count now differ from the file's; raises like `DatasetTables.table`."""
    said = votes.labels_said(connection, dataset["id"])
    rule = votes.layer_of(connection, dataset["id"])["rule"]
    owner_id = workspaces.owner_of(connection, dataset["workspace_id"])
    in_file = labels_in_file(services, dataset, (row for row, *_ in said))
    found = decided(rule, owner_id, said, in_file)
    return {row: each.label for row, each in found.items() if each.label != in_file[row]}


def hash_of(dataset: Record, layer: Layer) -> str:
    """SHA-256 of a dataset's file, how it is read, and a layer: hexadecimal."""
    changes = json.dumps(changes_of(layer), separators=(",", ":"))
    return hashlib.sha256(f"{dataset['identity']}{changes}".encode()).hexdigest()


def changes_of(layer: Layer) -> list[list[int]]:
    """A layer as it is stored: [row, label] by row."""
    return [[row, layer[row]] for row in sorted(layer)]


def counts_with(dataset: Record, layer: Layer, in_file: Mapping[int, int]) -> dict[str, int]:
    """How many rows of each class there are with a layer."""
    counts = dict(dataset["class_counts"])
    for row, label in layer.items():
        for code, more in ((in_file[row], -1), (label, 1)):
            if code != NO_LABEL:
                counts[LABELS[code]] += more
    return counts


def applied(labels: NDArray[np.int8], layer: Layer) -> NDArray[np.int8]:
    """A copy of the labels of all rows, int8 (n,), with a layer over them."""
    found = labels.copy()
    found[list(layer)] = list(layer.values())
    return found
