"""How rare something is in noise, as standard deviations of a normal distribution."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()

# Beyond so many deviations the tail is below what a float holds beside 1, or holds at all.
_FAR = 6.0
_TOO_FAR = 36.0


def chi2_sigmas(chi2: float, degrees: int) -> float:
    """How rare a chi-squared at least as large is; NaN without a degree of freedom.

    Source: Wilson & Hilferty (1931), PNAS 17, 684: the cube root is nearly normal.
    """
    if degrees < 1:
        return math.nan
    spread = 2 / (9 * degrees)
    return float(((chi2 / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def after_trials(sigmas: float, trials: float) -> float:
    """How rare it is that the largest of many normal numbers is at least so many deviations.

    Args:
        sigmas: of the largest.
        trials: how many independent numbers there were, at least 1.
    """
    if not math.isfinite(sigmas):
        return math.nan
    if sigmas > _TOO_FAR:
        return math.sqrt(sigmas**2 - 2 * math.log(trials))
    tail = 0.5 * math.erfc(sigmas / math.sqrt(2))
    if sigmas > _FAR:
        return -_NORMAL.inv_cdf(min(tail * trials, 0.5))
    none = math.exp(trials * math.log1p(-tail)) if tail < 1 else 0.0
    least, most = _NORMAL.cdf(-_FAR), 1 - 1e-15
    return _NORMAL.inv_cdf(min(max(none, least), most))
