"""A seeded catalogue of simulated candidates, in exotrain's own format.

Stars (`stars`), then the events that dim them (`events`), then a survey that detects some of them:
noise by magnitude, a detection limit, errors on every number, and a disposition that is more
reliable the stronger the signal. A CANDIDATE is the faint part of the planets and of the false
positives alike.
"""

from itertools import count
from typing import BinaryIO, TextIO

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, LABELS, RANGES, ROW_DTYPE
from backend.transit.simulation.events import (
    ARTEFACT,
    DAYS_TO_HOURS,
    ECLIPSING_BINARY,
    PLANET,
    Events,
    draw_events,
    take,
)
from backend.transit.simulation.stars import Floats, Stars, draw_stars

# Raised whenever the same seed gives another table.
SIMULATOR_VERSION = 1

# Begins the comment that says what a table is; also tables of earlier versions are known by it.
MARK = "Simulated by exotrain's simulator"

# The comments are shorter; others may stand before them.
_MARKED_BYTES = 4096

SURVEY_DAYS = 1_460.0
DUTY_CYCLE = 0.9
DETECTION_SNR = 7.0
LARGEST_SNR = 5_000.0

_STARS_AT_ONCE = 50_000
_ROWS_WRITTEN_AT_ONCE = 10_000
FIRST_STAR = 10_000_000
_CANDIDATE, _CONFIRMED, _FALSE_POSITIVE = range(len(LABELS))
_DECIMALS = {
    "period": 7,
    "duration": 4,
    "depth": 2,
    "impact": 4,
    "snr": 2,
    "steff": 0,
    "srad": 3,
    "slogg": 3,
    "tmag": 3,
}
_HEADER = ",".join((*COLUMNS, "label", "star"))


def simulate(rows: int, seed: int) -> NDArray[np.void]:
    """Draw a catalogue.

    Args:
        rows: how many, at least 1. A longer table starts with the shorter one of the same seed.
        seed: 0 or more.

    Returns:
        ROW_DTYPE, (rows,), sorted by star; `line` is the line that write_csv puts the row on.
    """
    random = np.random.default_rng(seed)
    parts: list[NDArray[np.void]] = []
    drawn = 0
    for first_star in count(FIRST_STAR, _STARS_AT_ONCE):
        if drawn >= rows:
            break
        parts.append(_observe(random, first_star))
        drawn += len(parts[-1])
    table = np.concatenate(parts)[:rows]
    table["line"] = np.arange(rows) + len(_preamble(rows, seed)) + 1
    return table


def write_csv(table: NDArray[np.void], seed: int, output: TextIO) -> None:
    """Write a simulated table, under comment lines that say what it is and how it was made."""
    output.writelines(f"{line}\n" for line in _preamble(len(table), seed))
    number = ",".join(f"%.{_DECIMALS[name]}f" for name in COLUMNS)
    form = number + ",%d,%s\n"
    columns = [*COLUMNS, "label"]
    for start in range(0, len(table), _ROWS_WRITTEN_AT_ONCE):
        part = table[start : start + _ROWS_WRITTEN_AT_ONCE]
        stars = part["star"].astype("U48").tolist()
        values = zip(*(part[name].tolist() for name in columns), stars, strict=True)
        # Only a missing number is written with letters.
        output.write("".join([form % row for row in values]).replace("nan", ""))


def is_simulated(stream: BinaryIO) -> bool:
    """Whether a table begins with the comment that `write_csv` writes.

    A spreadsheet puts it between quotes, or separators behind it; a title may stand before it.

    Args:
        stream: of the whole table's bytes, at its beginning; it is there again afterwards.
    """
    lines = stream.read(_MARKED_BYTES).decode(errors="replace").splitlines()
    stream.seek(0)
    return any(line.lstrip('\ufeff"# \t').startswith(MARK) for line in lines)


def _preamble(rows: int, seed: int) -> list[str]:
    return [
        f"# {MARK}, version {SIMULATOR_VERSION}: no real star, no real planet, no measurement.",
        f"# Made by: flask --app backend simulate --rows {rows} --seed {seed}",
        "# period [days], duration [hours], depth [ppm], impact [stellar radii], snr, steff [K],",
        "# srad [solar radii], slogg [dex, cgs], tmag [mag];",
        "# label: " + ", ".join(f"{code} {name}" for code, name in enumerate(LABELS)),
        _HEADER,
    ]


def _observe(random: np.random.Generator, first_star: int) -> NDArray[np.void]:
    """The rows that a survey of some thousand stars gives."""
    stars = draw_stars(random, _STARS_AT_ONCE)
    events = draw_events(random, stars)
    noise = _hourly_noise(random, stars)[events.star]
    transits = np.maximum(SURVEY_DAYS * DUTY_CYCLE / events.period, 1)
    hours = np.sqrt(events.duration * transits)
    # An artefact has the strength that noise has.
    noise_snr = DETECTION_SNR + random.exponential(2.5, len(noise))
    depth = np.where(events.kind == ARTEFACT, noise_snr * noise / hours, events.depth)
    snr = depth / noise * hours
    # What the star and the instrument do from transit to transit does not average out.
    snr /= np.sqrt(1 + (snr / LARGEST_SNR) ** 2)
    events = events._replace(depth=depth)
    found = (snr >= DETECTION_SNR) & (events.duration < 0.9 * events.period * DAYS_TO_HOURS)
    found &= events.period < SURVEY_DAYS
    events = take(events, found)
    rows = _measure(random, stars, events, snr[found])
    rows["star"] = (first_star + events.star).astype("S")
    rows["label"] = _dispose(random, events, snr[found], stars.magnitude[events.star])
    _forget(random, rows, events.star)
    return rows[_is_valid(rows)]


def _hourly_noise(random: np.random.Generator, stars: Stars) -> Floats:
    """Noise in ppm over one hour: a floor, photons, the background; more for giants."""
    photons = 140 * 10 ** (0.2 * (stars.magnitude - 12))
    background = 95 * 10 ** (0.4 * (stars.magnitude - 14))
    activity = random.lognormal(0, 0.3, len(photons)) * np.where(stars.radius > 3.5, 3.0, 1.0)
    return np.sqrt(25**2 + photons**2 + background**2) * activity


def _measure(
    random: np.random.Generator, stars: Stars, events: Events, snr: Floats
) -> NDArray[np.void]:
    """The catalogue's values: the true ones with errors, the larger the weaker the signal."""

    def scatter(sigma: Floats | float) -> Floats:
        return np.exp(sigma * random.normal(size=len(snr)))

    star = events.star
    rows = np.zeros(len(star), ROW_DTYPE)
    rows["period"] = events.period * scatter(1e-5)
    rows["duration"] = events.duration * scatter(np.clip(1.0 / snr, 0.004, 0.15))
    rows["depth"] = events.depth * scatter(np.clip(0.8 / snr, 0.003, 0.12))
    rows["impact"] = _fitted_impact(random, events, snr)
    rows["snr"] = snr * scatter(0.04)
    radius_error = random.normal(0, 0.07, len(stars.radius))[star]
    gravity_error = random.normal(0, 0.04, len(stars.radius))[star]
    rows["steff"] = (stars.temperature * np.exp(random.normal(0, 0.02, len(stars.mass))))[star]
    rows["srad"] = stars.radius[star] * np.exp(radius_error)
    rows["slogg"] = stars.gravity[star] - 2 * radius_error / np.log(10) + gravity_error
    rows["tmag"] = stars.magnitude[star]
    for name, decimals in _DECIMALS.items():
        rows[name] = np.round(rows[name], decimals)
    return rows


def _fitted_impact(random: np.random.Generator, events: Events, snr: Floats) -> Floats:
    """The impact that a planet's transit must have to look so flat, or so V-shaped, at this depth.

    A V fits every grazing transit, and what the fit gives then may run far away; a weak signal
    fits any impact.

    Source: Seager & Mallén-Ornelas (2003), arXiv:astro-ph/0206228, equation 7.
    """
    rows = len(snr)
    ratio = np.sqrt(np.minimum(events.depth * 1e-6, 0.6))
    spread = np.clip(0.03 + 1.2 / snr, 0, 0.16)
    flatness = np.clip(events.flatness + spread * random.normal(size=rows), 0, 0.999)
    squared = ((1 - ratio) ** 2 - flatness**2 * (1 + ratio) ** 2) / (1 - flatness**2)
    impact = np.sqrt(np.maximum(squared, 0))
    grazing = 1 + ratio * random.uniform(-1, 1, rows) + random.exponential(0.12, rows)
    runaway = np.minimum(1 + ratio + random.exponential(0.6, rows) ** 3, 100)
    grazing = np.where(random.random(rows) < 0.06, runaway, grazing)
    impact = np.where(flatness == 0, grazing, impact)
    impact = np.where(random.random(rows) < np.minimum(6 / snr, 0.6), random.random(rows), impact)
    return np.abs(impact + random.normal(0, 0.05, rows))


def _dispose(
    random: np.random.Generator, events: Events, snr: Floats, magnitude: Floats
) -> NDArray[np.int8]:
    """The label that a follow-up gives: the truth where the signal is strong, else CANDIDATE."""
    strength = np.log(snr / 15)
    _, star, hosted = np.unique(events.star, return_inverse=True, return_counts=True)
    is_multiple = hosted[star] > 1
    planet_score = 0.35 + 2.0 * strength - 0.35 * (magnitude - 13.5) + 1.5 * is_multiple
    other_score = 0.8 + 1.6 * strength + 1.2 * (events.kind == ECLIPSING_BINARY)
    is_planet = events.kind == PLANET
    score = np.where(is_planet, planet_score, other_score)
    is_settled = random.random(len(score)) < 1 / (1 + np.exp(-score))
    is_mistaken = random.random(len(score)) < np.where(is_planet, 0.015, 0.003)
    verdict = np.where(is_planet ^ is_mistaken, _CONFIRMED, _FALSE_POSITIVE)
    return np.where(is_settled, verdict, _CANDIDATE).astype(np.int8)


def _forget(random: np.random.Generator, rows: NDArray[np.void], star: NDArray[np.intp]) -> None:
    """Leave a few optional values out: by star or by row, never by label."""
    unknown_star = (random.random(_STARS_AT_ONCE) < 0.015)[star]
    for name in ("steff", "srad", "slogg"):
        rows[name][unknown_star] = np.nan
    rows["tmag"][(random.random(_STARS_AT_ONCE) < 0.003)[star]] = np.nan
    rows["impact"][random.random(len(rows)) < 0.01] = np.nan
    rows["snr"][random.random(len(rows)) < 0.01] = np.nan


def _is_valid(rows: NDArray[np.void]) -> NDArray[np.bool_]:
    """The few rows that an error carried out of what a catalogue may hold are dropped."""
    is_valid = rows["duration"] < rows["period"] * DAYS_TO_HOURS
    for name, (low, high) in RANGES.items():
        is_valid &= ~((rows[name] < low) | (rows[name] > high))
    return is_valid
