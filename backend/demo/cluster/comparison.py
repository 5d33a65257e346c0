"""Whether two studies have found the same: weights array by array, and every figure."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

Weights = dict[str, np.ndarray]


def weights_of(model: bytes) -> Weights:
    """The arrays in a `.keras` file, by their paths. The file has a date besides."""
    found: Weights = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item)

    with (
        zipfile.ZipFile(io.BytesIO(model)) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file,
    ):
        file.visititems(note)
    return found


def differing_arrays(one: Weights, other: Weights) -> list[str]:
    """The paths of arrays that are not the same, bit for bit, or that one of them lacks."""
    return sorted(name for name in one.keys() | other.keys() if not _same(one, other, name))


def _same(one: Weights, other: Weights, name: str) -> bool:
    if name not in one or name not in other:
        return False
    first, second = one[name], other[name]
    alike = (first.dtype, first.shape) == (second.dtype, second.shape)
    return alike and first.tobytes() == second.tobytes()


def flattened(figures: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of nested JSON with its path, such as "figures.accuracy.interval.0"."""
    if isinstance(figures, dict):
        for name, value in figures.items():
            yield from flattened(value, f"{path}.{name}" if path else name)
    elif isinstance(figures, list):
        for position, value in enumerate(figures):
            yield from flattened(value, f"{path}.{position}" if path else str(position))
    else:
        yield path, figures


def differing_figures(one: Any, other: Any) -> list[str]:
    """The paths of values that are not equal, or that one of them lacks."""
    first, second = dict(flattened(one)), dict(flattened(other))
    missing = object()
    names = first.keys() | second.keys()
    return sorted(name for name in names if first.get(name, missing) != second.get(name, missing))
