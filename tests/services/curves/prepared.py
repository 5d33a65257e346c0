"""A dataset and a curve set of the same stars, by way of the API."""

import io
import zipfile
from collections.abc import Sequence

from backend.services.context import Services
from backend.services.curves.runner import CurveRunner
from tests.api import HEADER, Api, form
from tests.light_curves.preparing.made import segment, signal

CURVES = "/api/light-curves"


def catalogue(stars: Sequence[int], *, without_epoch: Sequence[int] = ()) -> str:
    """A row for each star; the last has no light curve."""
    lines = [f"{HEADER},epoch"]
    for place, star in enumerate([*stars, 10_000]):
        own = signal(star)
        epoch = "" if star in without_epoch else f"{own.epoch:.6f}"
        numbers = f"{own.period},{own.duration},{own.depth},0.2,30,5700,1.0,4.4,14.2"
        lines.append(f"{numbers},{place % 3},TIC {star},{epoch}")
    return "\n".join([*lines, ""])


def curves(stars: Sequence[int]) -> str:
    """Light curves of these stars in one table."""
    lines = ["bjd,flux,star"]
    for star in stars:
        made = segment(star, signal(star), days=12.0)
        points = zip(made.time, made.flux / 100, strict=True)
        lines += [f"{time:.5f},{flux:.7f},{star}" for time, flux in points]
    return "\n".join([*lines, ""])


def dataset_of(api: Api, key: str, stars: Sequence[int], **options: Sequence[int]) -> int:
    """The id of a dataset with a row for each star, and one that has no light curve."""
    return int(api.upload(key, catalogue(stars, **options))["dataset"]["id"])


def curve_set_of(api: Api, services: Services, key: str, stars: Sequence[int]) -> int:
    """The id of a curve set of these stars, which is there."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for star in stars:
            archive.writestr(f"{star}.csv", curves([star]))
    data = form(packed.getvalue(), "stars.zip", workspace_key=key)
    posted = api.post(CURVES, 202, data=data)["curve_set"]["id"]
    CurveRunner(services).work()
    found = api.get(f"{CURVES}/{posted}")["curve_set"]
    assert found["stars"] == len(stars), found
    return int(found["id"])
