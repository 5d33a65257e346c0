"""From the light curve of a star to the numbers of `evidence.py` for one signal.

What says how large the noise of each number is, is the light curve itself: depths measured in the
same way at places without a transit (`scan.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.flattening import MASKED_WIDTHS
from backend.transit.photometry.folding import in_transit, is_odd
from backend.transit.photometry.measuring.events import Stretch
from backend.transit.photometry.measuring.form_fit import Form, fit_form, fold_events
from backend.transit.photometry.measuring.scan import (
    Scan,
    mean_depths,
    red_noise,
    scan,
)
from backend.transit.photometry.measuring.shapes import shapes
from backend.transit.photometry.measuring.significance import after_trials, chi2_sigmas
from backend.transit.photometry.measuring.transits import (
    Transits,
    excess_scatter,
    measure_transits,
    weighted_mean,
)
from backend.transit.photometry.segments import Floats, Signal

# The form until a better one is fitted: of an impact and a depth between those of most.
_FIRST_IMPACT, _FIRST_DEPTH = 0.3, 1000.0
# So many degrees of freedom say that depths scatter as their noise does, before they are looked at.
_PRIOR_DEGREES = 10.0
# Of a depth: what another limb darkening, and curves that bend more than a parabola, make of it.
# Without it, the deepest of the transits put into real stars are off by 0.2% and 5 sigma.
_MODEL_ERROR = 0.002
# A secondary of so many sigmas is an eclipse: without its points the rest is looked at again, as
# its shoulders would pass for other dips and for noise.
_SURE_SIGMAS = 5.0
# Places within so many durations of phase 1/2 are the secondary's.
_SECONDARY_WIDTHS = 1.5


class Measured(NamedTuple):
    """What a light curve says of a signal.

    Attributes:
        evidence: float64, (len(EVIDENCE),), NaN where unknown.
        transits: each of them.
        form: what all of them look like; None where none was seen.
    """

    evidence: Floats
    transits: Transits
    form: Form | None


def measure(
    stretches: list[Stretch], signal: Signal, mission: str, seasons: Sequence[str]
) -> Measured:
    """The numbers of one signal.

    Args:
        stretches: one a segment, for the signal's duration, without other signals' transits.
        signal: a usable one.
        mission: whose limb darkening is taken.
        seasons: of each segment; those of one season see the star on the same pixels.
    """
    depth = signal.depth if signal.depth > 0 else _FIRST_DEPTH
    impact = signal.impact if 0 <= signal.impact < 1 else _FIRST_IMPACT
    (shape,) = shapes(signal, depth, np.array([impact]), mission)
    around = [s.where(~in_transit(s.time, (signal,), MASKED_WIDTHS)) for s in stretches]
    scanned = scan(around, signal, shape)
    factors = red_noise(scanned, len(stretches))
    transits = measure_transits(stretches, signal, shape, factors)
    numbers = _secondary(scanned, factors)
    if numbers.get("secondary_significance", 0.0) > _SURE_SIGMAS:
        secondary = replace(signal, epoch=signal.epoch + signal.period / 2)
        rest = [s.where(~in_transit(s.time, (secondary,), MASKED_WIDTHS)) for s in around]
        unmasked, scanned = scanned, scan(rest, signal, shape)
        if len(scanned.depth):
            factors = red_noise(scanned, len(stretches))
            numbers = _secondary(unmasked, factors)
    numbers |= _deepest_dip(scanned, factors, signal)
    form = None
    fold = fold_events(transits.parts, signal.duration_days)
    if fold is not None:
        seen = transits.seen
        first, _ = weighted_mean(transits.depth[seen], transits.sigma[seen])
        form = fit_form(fold, signal, first, mission)
        transits = _at_the_form(stretches, signal, form, factors, transits)
        numbers |= _form_numbers(form, transits, signal)
        numbers |= _odd_even(transits, form)
        numbers |= _depth_scatter(transits, form)
        numbers |= _seasons(transits, seasons)
    numbers["transits_seen"] = float(transits.seen.sum())
    numbers["transits_expected"] = float(len(transits.cycle))
    if transits.seen.any():
        numbers["transit_scatter"] = 1e6 * float(np.median(transits.sigma[transits.seen]))
    if len(scanned.depth):
        numbers["red_noise"] = float(np.median(factors[scanned.segment]))
    evidence = np.array([numbers.get(name, np.nan) for name in EVIDENCE])
    return Measured(evidence, transits, form)


def _at_the_form(
    stretches: list[Stretch], signal: Signal, form: Form, factors: Floats, before: Transits
) -> Transits:
    """The transits once more, of the form and at the time that was found.

    At the catalogue's time where a transit would be lost otherwise, half of it in a gap.
    """
    found = measure_transits(stretches, signal, form.shape, factors, form.shift)
    if found.seen.sum() >= before.seen.sum():
        return found
    return measure_transits(stretches, signal, form.shape, factors)


def _form_numbers(form: Form, transits: Transits, signal: Signal) -> dict[str, float]:
    seen = transits.seen
    no_groups = np.zeros(seen.sum(), dtype=np.int64)
    chi2, degrees = excess_scatter(transits.depth[seen], transits.sigma[seen], no_groups)
    sigma = float(np.hypot(form.depth_sigma * _excess(chi2, degrees), _MODEL_ERROR * form.depth))
    return {
        "depth": 1e6 * form.depth,
        "depth_error": 1e6 * sigma,
        "depth_ratio": 1e6 * form.depth / signal.depth if signal.depth > 0 else np.nan,
        "depth_significance": form.depth / sigma,
        "duration_ratio": form.duration / signal.duration_days,
        "transit_shift": form.shift / signal.duration_days,
        "ingress_share": form.ingress_share,
        "ingress_share_error": form.ingress_sigma,
    }


def _excess(chi2: float, degrees: int) -> float:
    """By what the scatter of depths exceeds their noise, drawn towards 1 where few tell."""
    return float(np.sqrt((_PRIOR_DEGREES + chi2) / (_PRIOR_DEGREES + degrees)))


def _odd_even(transits: Transits, form: Form) -> dict[str, float]:
    """Transits of noise alone scatter within each kind as they do between both."""
    seen = transits.seen
    odd = is_odd(transits.cycle[seen])
    depth, sigma = transits.depth[seen], transits.sigma[seen]
    if odd.all() or not odd.any():
        return {}
    chi2, degrees = excess_scatter(depth, sigma, odd.astype(np.int64))
    odd_mean, odd_sigma = weighted_mean(depth[odd], sigma[odd])
    even_mean, even_sigma = weighted_mean(depth[~odd], sigma[~odd])
    difference = odd_mean - even_mean
    spread = np.hypot(odd_sigma, even_sigma) * _excess(chi2, degrees)
    is_dip = form.depth > 0
    return {
        "odd_even_difference": difference / form.depth if is_dip else np.nan,
        "odd_even_significance": difference / spread,
    }


def _depth_scatter(transits: Transits, form: Form) -> dict[str, float]:
    seen = transits.seen
    depth, sigma = transits.depth[seen], transits.sigma[seen]
    chi2, degrees = excess_scatter(depth, sigma, np.zeros(len(depth), dtype=np.int64))
    if degrees < 1:
        return {}
    beyond = max(chi2 - degrees, 0) / (sigma**-2.0).sum()
    return {
        "depth_scatter": float(np.sqrt(beyond)) / form.depth if form.depth > 0 else np.nan,
        "depth_scatter_significance": chi2_sigmas(chi2, degrees),
    }


def _seasons(transits: Transits, seasons: Sequence[str]) -> dict[str, float]:
    """The correlation ratio of depth and season: Fisher (1925), less what chance gives it."""
    seen = transits.seen
    depth, sigma = transits.depth[seen], transits.sigma[seen]
    names = np.array([seasons[segment] for segment in transits.segment[seen]])
    kinds, group = np.unique(names, return_inverse=True)
    if len(kinds) < 2 or "" in kinds:
        return {}
    within, within_degrees = excess_scatter(depth, sigma, group)
    total, total_degrees = excess_scatter(depth, sigma, np.zeros_like(group))
    between, degrees = total - within, total_degrees - within_degrees
    between /= _excess(within, within_degrees) ** 2
    share = max(between - degrees, 0) / max(total, degrees, 1e-300)
    return {
        "season_correlation": float(np.sqrt(min(share, 1.0))),
        "season_significance": chi2_sigmas(between, degrees),
    }


def _secondary(scanned: Scan, factors: Floats) -> dict[str, float]:
    """The dip at phase 1/2."""
    depth, sigma = mean_depths(scanned, factors)
    half = scanned.phases // 2
    if not np.isfinite(sigma[half]):
        return {}
    return {
        "secondary_depth": 1e6 * float(depth[half]),
        "secondary_significance": float(depth[half] / sigma[half]),
    }


def _deepest_dip(scanned: Scan, factors: Floats, signal: Signal) -> dict[str, float]:
    """The most significant dip that is neither at phase 0 nor at phase 1/2."""
    depth, sigma = mean_depths(scanned, factors)
    significance = depth / sigma
    phase = np.arange(scanned.phases) / scanned.phases
    width = _SECONDARY_WIDTHS * signal.duration_days / signal.period
    elsewhere = np.where(np.abs(phase - 0.5) > width, significance, np.nan)
    if not np.isfinite(elsewhere).any():
        return {}
    deepest = int(np.nanargmax(elsewhere))
    # Neighbours share points, so there are fewer that are independent; but noise that is not quite
    # normal has more large ones.
    trials = float(np.isfinite(elsewhere).sum())
    return {
        "dip_depth": 1e6 * float(depth[deepest]),
        "dip_significance": after_trials(float(elsewhere[deepest]), trials),
        "dip_phase": float(phase[deepest]),
    }
