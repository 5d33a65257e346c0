"""Small light curves in every kind of file, and the real ones."""

import io
import os
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from backend.config import REPOSITORY

ARCHIVE = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", REPOSITORY.parent / "shared" / "data"))
REAL = ARCHIVE / "lightcurves" / "fits"

needs_real_curves = pytest.mark.skipif(
    not REAL.is_dir(),
    reason=f"NO ARCHIVE TABLES, so no light curves, in {REAL}: set EXOTRAIN_ARCHIVE_DATA",
)

POINTS = 100


def flux_of(seed: int = 1, points: int = POINTS, level: float = 1000.0) -> NDArray[np.float64]:
    """Noise around a level."""
    return level * (1 + 1e-3 * np.random.default_rng(seed).normal(size=points))


def times(
    points: int = POINTS, start: float = 1355.0, cadence: float = 0.02
) -> NDArray[np.float64]:
    return start + cadence * np.arange(points, dtype=np.float64)


def tess(
    star: int = 402026209,
    sector: int = 2,
    seed: int = 1,
    points: int = POINTS,
    changes: Mapping[str, Any] | None = None,
    start: float = 1355.0,
) -> bytes:
    """A FITS file as the pipeline of TESS writes it; `changes` replace keywords or columns."""
    given = dict(changes or {})
    flux = flux_of(seed, points).astype(np.float32)
    columns = {
        "TIME": times(points, start),
        "SAP_FLUX": flux * np.float32(1.1),
        "PDCSAP_FLUX": flux,
        "PDCSAP_FLUX_ERR": np.full(points, 2.0, np.float32),
        "QUALITY": np.arange(points, dtype=np.int32) % 3,
    }
    columns |= {name: given.pop(name) for name in list(given) if name in columns}
    formats = {"f8": "D", "f4": "E", "i4": "J"}
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(name, formats[values.dtype.str[1:]], array=values)
            for name, values in columns.items()
            if values is not None
        ],
        name="LIGHTCURVE",
    )
    header = {
        "TELESCOP": "TESS", "OBJECT": f"TIC {star}", "TICID": star, "SECTOR": sector,
        "BJDREFI": 2457000, "BJDREFF": 0.0, "TIMEUNIT": "d", "FRAMETIM": 2.0, "INT_TIME": 1.98,
        "NUM_FRM": 600, "EXPOSURE": 20.5, "TIMEDEL": 1200 / 86400,
    }  # fmt: skip
    primary = fits.PrimaryHDU()
    for key, value in (header | given).items():
        if value is not None:
            (primary if key in ("TELESCOP", "SECTOR") else table).header[key] = value
    return bytes_of([primary, table])


def bytes_of(hdus: list[Any]) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits.HDUList(hdus).writeto(made)
    return made.getvalue()


def table_of(columns: Mapping[str, NDArray[Any]], **header: Any) -> Any:
    """A FITS table of any columns."""
    formats = {"f": "D", "i": "K", "S": "20A"}
    hdu = fits.BinTableHDU.from_columns(
        [
            fits.Column(name, formats[values.dtype.kind], array=values)
            for name, values in columns.items()
        ]
    )
    for key, value in header.items():
        hdu.header[key] = value
    return hdu


def csv(
    header: str = "BTJD,flux,error,quality",
    seed: int = 1,
    points: int = POINTS,
    separator: str = ",",
    start: float = 1355.0,
) -> str:
    """A light curve as text; without a header if that is empty."""
    rows = zip(times(points, start), flux_of(seed, points), strict=True)
    lines = [separator.join([f"{t:.6f}", f"{f:.4f}", "2.0", "0"]) for t, f in rows]
    return "\n".join([header] * bool(header) + lines) + "\n"


def zip_of(members: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_of(members: Mapping[str, bytes], path: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
