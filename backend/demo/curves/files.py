"""What an astronomer would have on disk: a table, and an archive of the stars' light curves."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from backend.demo.curves.photometry import observe
from backend.demo.curves.population import Candidate
from backend.storage.atomic import write_atomically
from backend.transit.photometry.segments import Segment
from backend.transit.simulation.catalogue import MARK

_COLUMNS = "period,duration,depth,snr,steff,srad,slogg,tmag,epoch,label,star"
_ROW = "%.7f,%.4f,%.2f,%.2f,%.0f,%.3f,%.3f,%.3f,%.6f,%d,%d"

# Of the files in the archive, so that the same seed gives the same bytes.
_DATE = (2026, 1, 1, 0, 0, 0)


def write_table(population: list[Candidate], path: Path) -> None:
    """Write the catalogue as CSV, one row a star; its first line says that it is simulated.

    Raises:
        OSError: for example, the disk is full.
    """
    text = "".join(f"{line}\n" for line in _table(population))
    write_atomically(path, lambda file: file.write(text.encode()))


def write_light_curves(population: list[Candidate], seed: int, path: Path) -> int:
    """Write a zip file with a CSV file of each observed star, named by the star.

    Args:
        population: the stars.
        seed: of their noise.
        path: of the zip file.

    Returns:
        How many stars have one.

    Raises:
        OSError: for example, the disk is full.
    """
    observed = [each for each in population if each.is_observed]

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for each in observed:
                member = zipfile.ZipInfo(f"{each.star}.csv", _DATE)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, _light_curve(light_curve_of(each, seed)))

    write_atomically(path, write)
    return len(observed)


def light_curve_of(candidate: Candidate, seed: int) -> Segment:
    """The light curve of a star."""
    random = np.random.default_rng([seed, candidate.star])
    return observe(candidate.dips, candidate.noise, random)


def _table(population: list[Candidate]) -> Iterator[str]:
    yield f"# {MARK} for `make demo-curves`: no real star, no real planet, no measurement."
    yield "# period [days], duration [hours], depth [ppm], epoch [BJD]; the impact is not known"
    yield _COLUMNS
    for each in population:
        signal = each.signal
        yield _ROW % (
            *(signal.period, signal.duration, signal.depth, each.snr),
            *(signal.steff, each.radius, signal.slogg, each.magnitude),
            *(signal.epoch, each.label, each.star),
        )


def _light_curve(segment: Segment) -> str:
    columns = (segment.time, segment.flux, segment.error, segment.quality)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    lines = [
        f"{time:.5f},{flux:.6f},{error:.6f},{quality}\n" for time, flux, error, quality in rows
    ]
    return "BJD,flux,error,quality\n" + "".join(lines)
