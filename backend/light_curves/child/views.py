"""Reads folded views that others have prepared, from `.npz`.

Arrays of numbers and text alone: nothing that is pickled is ever opened.
"""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.light_curves.child import sizes
from backend.light_curves.child.columns import STARS
from backend.light_curves.child.stars import normalised
from backend.light_curves.child.words import as_words
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import shown
from backend.transit.catalog.names.plain_names import plain_name
from backend.transit.columns import RANGES
from backend.transit.photometry.prepared_views import VIEW_NAMES, dip_elsewhere, to_relative

MAX_SIGNALS = 500_000
SCALES = ("relative", "minmax")

_BINS = (8, 20_001)
_LONGEST_HEADER = 10_000
_LONGEST_NAME = 40
_ROWS_SHOWN = 5

# Of 6,517 real views of TESS, 5% have a deeper dip elsewhere, and none of the known planets among
# them; a fold that is not centred has one in nearly every view.
_MOST_ELSEWHERE = 1 / 3

# Relative flux is around 1.
_MEDIANS = (0.5, 1.5)


class Signal(NamedTuple):
    """The views of one signal of a star, in one sector or in all.

    Attributes:
        star: as the tables' star column has it.
        period: days.
        name: the sector; "" if unknown.
        views: by name, float32, (bins,), relative flux, NaN where a bin is empty.
    """

    star: str
    period: float
    name: str
    views: dict[str, NDArray[np.float32]]


@dataclass
class Signals:
    """What is in a file: signals, and what was odd."""

    views: list[Signal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path, said_star: str | None) -> Signals:
    """Read the views of a file.

    Args:
        path: the file.
        said_star: what the upload says; it comes first.

    Raises:
        NotReadable: there are none that can be used; the message says why.
    """
    arrays = _arrays(path)
    views = {name: _bins_of(name, arrays[name]) for name in VIEW_NAMES if name in arrays}
    if not {"global_view", "local_view"} & views.keys():
        raise NotReadable(
            "Expected an array `global_view` or `local_view`, (bins,) or (signals, bins); found "
            f"{_listed(arrays)}."
        )
    count = len(next(iter(views.values())))
    if count > MAX_SIGNALS:
        raise NotReadable(f"The file has {count:,} signals; at most {MAX_SIGNALS:,} are allowed.")
    if any(len(view) != count for view in views.values()):
        raise NotReadable("The views are not of the same number of signals.")
    scale = _scale(arrays)
    stars = [said_star] * count if said_star else _stars(arrays, count)
    periods = _numbers(arrays, "period", count)
    depths = _numbers(arrays, "depth", count) if scale == "minmax" else np.full(count, np.nan)
    parts = as_words(_of_each("sector", arrays["sector"], count)) if "sector" in arrays else None
    found = Signals()
    refused: dict[str, list[int]] = {}
    elsewhere: list[int] = []
    left_out = 0
    for i in range(count):
        of_signal = {name: view[i] for name, view in views.items() if np.isfinite(view[i]).any()}
        star = normalised(str(stars[i]))
        if why := _why_not(star, periods[i], scale, depths[i], of_signal):
            refused.setdefault(why, []).append(i)
            continue
        if any(dip_elsewhere(name, view) is not None for name, view in of_signal.items()):
            elsewhere.append(i)
        if scale == "minmax":
            relative = to_relative(of_signal, float(depths[i]))
            left_out += len(of_signal) - len(relative)
            of_signal = relative
        part = f"sector {parts[i]}"[:_LONGEST_NAME] if parts is not None and parts[i] else ""
        small = {name: view.astype(np.float32) for name, view in of_signal.items()}
        found.views.append(Signal(star, float(periods[i]), part, small))
    _tell(found, refused, elsewhere, left_out)
    return found


def _tell(
    found: Signals, refused: dict[str, list[int]], elsewhere: list[int], left_out: int
) -> None:
    for why, rows in refused.items():
        found.notes.append(f"{_counted(rows)} been left out: {why}")
    if not found.views:
        raise NotReadable("The views of no signal can be used. " + " ".join(found.notes))
    if len(elsewhere) > _MOST_ELSEWHERE * len(found.views):
        raise NotReadable(
            f"The transit is not in the middle of the views: {_counted(elsewhere)} a deeper dip "
            "elsewhere. Shift the phases so that the transit is in the middle bin."
        )
    if elsewhere:
        found.notes.append(f"{_counted(elsewhere)} a deeper dip elsewhere than in the middle.")
    if left_out:
        found.notes.append(
            f"{left_out:,} secondary views were left out: each was stretched by itself, so nothing "
            "says how deep it is. Give them in relative flux."
        )


def _why_not(
    star: str, period: float, scale: str, depth: float, views: dict[str, NDArray[np.float64]]
) -> str:
    """Why the views of a signal cannot be used; "" if they can."""
    if not star:
        return "no star is named."
    if not RANGES["period"][0] <= period <= RANGES["period"][1]:
        return "the period is no number of days."
    if not {"global_view", "local_view"} & views.keys():
        return "its views are empty."
    if scale == "minmax" and not RANGES["depth"][0] <= depth <= RANGES["depth"][1]:
        return "the depth is no number of ppm; (1 - flux at mid-transit) times 1,000,000."
    medians = [float(np.nanmedian(view)) for view in views.values()]
    if scale == "relative" and not all(_MEDIANS[0] < each < _MEDIANS[1] for each in medians):
        return "the flux is not around 1. If the views were stretched, say `scale` minmax."
    if any(np.nanmax(view) == np.nanmin(view) for view in views.values()):
        return "a view is the same in all bins."
    return ""


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, each no larger than it says."""
    found: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(each.file_size for each in members) > sizes.MAX_FILE_BYTES:
                raise NotReadable(
                    f"The file unpacks to more than {sizes.MAX_FILE_BYTES:,} bytes, which is not "
                    "allowed."
                )
            for info in members:
                name = info.filename.removesuffix(".npy").rpartition("/")[2]
                if not _is_used(name):
                    continue
                with archive.open(info) as file:
                    found[name] = _array(name, file, info.file_size)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise NotReadable(f"The .npz file is damaged ({shown(str(error))}).") from error
    return found


def _array(name: str, file: Any, size: int) -> NDArray[Any]:
    version = np.lib.format.read_magic(file)
    reader = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if reader is None:
        raise NotReadable(f"The array `{name}` is of an unknown version of the format.")
    shape, is_fortran, dtype = reader(file, max_header_size=_LONGEST_HEADER)
    if dtype.kind not in "fiubUS":
        raise NotReadable(
            f"The array `{name}` holds neither numbers nor text ({dtype}): Python objects are not "
            "read."
        )
    count = 1
    for length in shape:
        count *= int(length)
    if len(shape) > 2 or count * dtype.itemsize > size:
        raise NotReadable(f"The array `{name}` has another size than its header says.")
    content = file.read(count * dtype.itemsize)
    if len(content) != count * dtype.itemsize:
        raise NotReadable(f"The array `{name}` is cut off.")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


def _is_used(name: str) -> bool:
    known = (*VIEW_NAMES, "period", "depth", "scale", "sector")
    return name in known or plain_name(name).text in STARS


def _bins_of(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind not in "fiu" or values.ndim not in (1, 2):
        raise NotReadable(f"The array `{name}` is no view: expected numbers, (signals, bins).")
    view = np.atleast_2d(values)
    if not _BINS[0] <= view.shape[1] <= _BINS[1]:
        raise NotReadable(
            f"The views in `{name}` have {view.shape[1]:,} bins; expected {_BINS[0]} to "
            f"{_BINS[1]:,}."
        )
    numbers = view.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _scale(arrays: dict[str, NDArray[Any]]) -> str:
    words = set(as_words(np.atleast_1d(arrays["scale"])).tolist()) if "scale" in arrays else set()
    if len(words) == 1 and (word := words.pop()) in SCALES:
        return str(word)
    raise NotReadable(
        "Expected an array `scale` that says `relative` (flux around 1) or `minmax` (stretched "
        "between the median and the lowest point, with `depth` in ppm)."
    )


def _stars(arrays: dict[str, NDArray[Any]], count: int) -> list[str]:
    for known in STARS:
        for name, values in arrays.items():
            if plain_name(name).text == known:
                return list(as_words(_of_each(name, values, count)))
    raise NotReadable(f"Expected an array `star` with identifiers; found {_listed(arrays)}.")


def _numbers(arrays: dict[str, NDArray[Any]], name: str, count: int) -> NDArray[np.float64]:
    if name not in arrays or arrays[name].dtype.kind not in "fiu":
        raise NotReadable(f"Expected an array `{name}` of numbers; found {_listed(arrays)}.")
    return _of_each(name, arrays[name], count).astype(np.float64)


def _of_each(name: str, values: NDArray[Any], count: int) -> NDArray[Any]:
    flat = np.atleast_1d(values)
    if flat.shape != (count,):
        raise NotReadable(f"The array `{name}` has {flat.size:,} values for {count:,} signals.")
    return flat


def _counted(rows: list[int]) -> str:
    some = ", ".join(str(row + 1) for row in rows[:_ROWS_SHOWN])
    more = ", …" if len(rows) > _ROWS_SHOWN else ""
    return f"{len(rows):,} signals (row {some}{more}) have" if len(rows) > 1 else f"Row {some} has"


def _listed(arrays: dict[str, NDArray[Any]]) -> str:
    return ", ".join(f"`{name}`" for name in arrays) or "none of those that are read"
