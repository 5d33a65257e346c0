"""Stars with one signal each: planets, and eclipses that a catalogue takes for planets.

Period and depth are drawn in the same way whatever the signal is, and the catalogue names no impact
parameter. So its columns tell little: only that the eclipses of another star last too long or too
short for the star of the catalogue. What tells is in the light curve.
"""

from dataclasses import dataclass, replace

import numpy as np

from backend.demo.curves.photometry import DAYS, START, STEP, Noise
from backend.transit.columns import LABELS
from backend.transit.photometry.segments import Signal
from backend.transit.simulation.catalogue import FIRST_STAR
from backend.transit.simulation.events import scaled_semi_major_axis, transit_duration
from backend.transit.simulation.stars import Floats, Stars, draw_stars, of_stars

PLANET, BINARY, BLEND, GRAZING = "planet", "eclipsing binary", "blend", "grazing eclipse"

# What a follow-up of every star would find: kinds and their shares.
SHARES = {PLANET: 0.46, BINARY: 0.2, BLEND: 0.17, GRAZING: 0.17}

# Of the stars, chosen without a look at their kind: nobody has observed them.
UNOBSERVED = 0.1

_PERIODS = (1.5, 10.0)
_DEPTHS = (300.0, 8_000.0)
# How the light of an eclipse is spread: a secondary over the primary, odd over even.
_SECONDARIES = (0.06, 0.5)
_ODD_EVEN = (0.04, 0.35)
# A body crosses the limb alone, so that its eclipse has no flat bottom.
_GRAZING_IMPACTS = (0.98, 1.1)
# By how much the eclipsed star differs from the one that the catalogue describes.
_OTHER_STAR = 0.2

# A signal of this strength is left undecided as often as not.
_UNDECIDED_SNR = 12.0


@dataclass(frozen=True)
class Candidate:
    """A star and the signal that the catalogue has of it.

    Attributes:
        star: its identifier.
        kind: one of SHARES.
        label: a code of LABELS, as a follow-up has left it.
        signal: as in the catalogue; the impact parameter is unknown.
        dips: what dims the star: each a series of transits or eclipses.
        noise: of its light curve.
        snr: of the signal.
        magnitude: TESS band.
        radius: solar radii.
        is_observed: there is a light curve.
    """

    star: int
    kind: str
    label: int
    signal: Signal
    dips: tuple[Signal, ...]
    noise: Noise
    snr: float
    magnitude: float
    radius: float
    is_observed: bool


def draw_population(count: int, seed: int) -> list[Candidate]:
    """Draw stars with their signals.

    Args:
        count: of stars.
        seed: 0 or more; the same gives the same stars.
    """
    random = np.random.default_rng(seed)
    stars = _dwarfs(random, count)
    kinds = random.choice(list(SHARES), count, p=list(SHARES.values()))
    period = _log_uniform(random, _PERIODS, count)
    depth = _log_uniform(random, _DEPTHS, count)
    scaled_axis = scaled_semi_major_axis(period, stars.mass, stars.radius)
    impact = random.uniform(0, 0.75, count)
    duration = transit_duration(period, scaled_axis, np.sqrt(depth / 1e6), impact)
    of_other_star = np.where(kinds == PLANET, 0, _OTHER_STAR)
    duration = np.clip(duration * np.exp(random.normal(0, 1, count) * of_other_star), 1.0, 8.0)
    epoch = START + random.random(count) * period
    return [
        _candidate(
            np.random.default_rng([seed, number]),
            FIRST_STAR + number,
            str(kinds[number]),
            Signal(
                float(period[number]),
                float(epoch[number]),
                float(duration[number]),
                float(depth[number]),
                float(impact[number]),
                float(stars.temperature[number]),
                float(stars.gravity[number]),
            ),
            float(stars.magnitude[number]),
            float(stars.radius[number]),
        )
        for number in range(count)
    ]


def _candidate(
    random: np.random.Generator, star: int, kind: str, true: Signal, magnitude: float, radius: float
) -> Candidate:
    noise = _noise(random, magnitude)
    in_transit = DAYS / true.period * true.duration_days / STEP
    snr = true.depth / noise.white_ppm * np.sqrt(in_transit)
    is_undecided = random.random() < 1 / (1 + (snr / _UNDECIDED_SNR) ** 2)
    decided = "CONFIRMED" if kind == PLANET else "FALSE POSITIVE"
    return Candidate(
        star,
        kind,
        LABELS.index("CANDIDATE" if is_undecided else decided),
        replace(true, impact=np.nan),
        _dips(random, kind, true),
        noise,
        float(snr),
        magnitude,
        radius,
        bool(random.random() >= UNOBSERVED),
    )


def _dips(random: np.random.Generator, kind: str, true: Signal) -> tuple[Signal, ...]:
    """What a catalogue of this signal stands for."""
    half_later = true.epoch + true.period / 2
    if kind == BINARY:
        share = float(_log_uniform(random, _SECONDARIES, 1)[0])
        return true, replace(true, epoch=half_later, depth=share * true.depth)
    if kind == BLEND:  # both eclipses of a binary of twice the period, taken for one transit
        part = float(_log_uniform(random, _ODD_EVEN, 1)[0])
        both = replace(true, period=2 * true.period)
        odd = replace(both, depth=(1 - part) * true.depth, epoch=true.epoch + true.period)
        return replace(both, depth=(1 + part) * true.depth), odd
    if kind == GRAZING:
        return (replace(true, impact=float(random.uniform(*_GRAZING_IMPACTS))),)
    return (true,)


def _noise(random: np.random.Generator, magnitude: float) -> Noise:
    white = float(np.hypot(60.0, 190 * 10 ** (0.2 * (magnitude - 12))))
    return Noise(
        white_ppm=white,
        red_ppm=white * float(random.uniform(0.3, 0.9)),
        red_hours=float(random.uniform(2, 8)),
        variation_ppm=float(_log_uniform(random, (100, 5_000), 1)[0]),
        variation_days=float(random.uniform(5, 20)),
    )


def _dwarfs(random: np.random.Generator, count: int) -> Stars:
    """Stars of the Sun's kind: the transits of giants would last for days."""
    drawn = draw_stars(random, 4 * count)
    is_dwarf = (drawn.radius < 1.6) & (drawn.mass > 0.6) & (drawn.magnitude < 14.5)
    return of_stars(drawn, np.flatnonzero(is_dwarf)[:count])


def _log_uniform(random: np.random.Generator, between: tuple[float, float], count: int) -> Floats:
    low, high = np.log(between)
    return np.asarray(np.exp(random.uniform(low, high, count)))
