"""Temperature, or temperature with class biases: chosen out of fold, by star; no Keras here.

Biases shift whole classes, which no temperature can. Two more numbers also fit chance, so they are
kept only where they make predictions better of stars that they were not fitted on.
"""

from typing import Any, NamedTuple

import numpy as np

from backend.transit.columns import LABELS
from backend.transit.evaluation.calibration import (
    PRIOR_SPREAD,
    SMALLEST,
    TEMPERATURES,
    Array,
    Labels,
    apply_temperature,
    fit_temperature,
)
from backend.transit.rows import Index

FOLDS = 5

# So many standard errors the gain of the biases must be: with one they were kept on two of five
# splits of the KOI table, and made the log loss of the test rows worse each time.
NEEDED_ERRORS = 2.0

# Standard deviation of the normal prior of each bias, whose mean is 0.
BIAS_SPREAD = 0.5

TEMPERATURE, WITH_BIASES = "temperature", "temperature_and_biases"


class Calibration(NamedTuple):
    """softmax(ln(p) / temperature + biases).

    Attributes:
        temperature: above 1 the network was overconfident.
        biases: of the classes, in the order of LABELS; all 0: the temperature alone.
    """

    temperature: float = 1.0
    biases: tuple[float, ...] = (0.0,) * len(LABELS)

    @property
    def has_biases(self) -> bool:
        """Whether it is more than a temperature."""
        return any(self.biases)

    def apply(self, probabilities: Array) -> Array:
        """Calibrated probabilities: float64, (n, 3)."""
        found = apply_temperature(probabilities, self.temperature)
        if not self.has_biases:
            return found
        weighted = found * np.exp(np.array(self.biases))
        return weighted / weighted.sum(axis=1, keepdims=True)

    def undo(self, probabilities: Array) -> Array:
        """What was calibrated, but for rounding: float64, (n, 3)."""
        weighted = np.asarray(probabilities, np.float64) * np.exp(-np.array(self.biases))
        return apply_temperature(weighted, 1.0 / self.temperature)


class Chosen(NamedTuple):
    """The better calibration, and how it compares.

    Attributes:
        calibration: fitted on all rows.
        described: JSON-able: `kind`, "temperature" or "temperature_and_biases"; `temperature`;
            `biases` by class; `log_loss` of both kinds out of fold; `gain` of the biases with its
            `standard_error`; `rows`. The last four are None where there are too few stars.
    """

    calibration: Calibration
    described: dict[str, Any]


def choose_calibration(true: Labels, probabilities: Array, stars: Index, seed: int) -> Chosen:
    """Fit a temperature, with biases if these are better on stars that they did not see.

    The stars are dealt into five folds. Each fold is predicted by both kinds, fitted on the others.
    The biases are kept if they lower the mean log loss by more than two of its standard errors.

    Args:
        true: int, (n,), label codes of validation rows.
        probabilities: float, (n, 3), as the network gives them.
        stars: int, (n,), equal for rows of one star.
        seed: of the folds.
    """
    plain = Calibration(fit_temperature(true, probabilities))
    numbers = np.unique(stars, return_inverse=True)[1].ravel()
    count = int(numbers.max()) + 1 if len(numbers) else 0
    if count < FOLDS:
        return Chosen(plain, _described(plain, None))
    fold_of_star = np.random.default_rng([seed, 9]).permutation(count) % FOLDS
    folds = fold_of_star[numbers]
    losses = np.zeros((2, len(true)))
    for fold in range(FOLDS):
        fitted, held = folds != fold, folds == fold
        seen = true[fitted], probabilities[fitted]
        for each, calibration in enumerate(
            (Calibration(fit_temperature(*seen)), fit_biases(*seen))
        ):
            losses[each, held] = _losses(true[held], calibration.apply(probabilities[held]))
    gains = losses[0] - losses[1]
    gain = float(gains.mean())
    # Rows of one star are no independent witnesses.
    sums = np.bincount(numbers, gains - gain)
    error = float(np.sqrt((sums**2).sum()) / len(true))
    calibration = fit_biases(true, probabilities) if gain > NEEDED_ERRORS * error else plain
    compared = {
        "log_loss": dict(
            zip((TEMPERATURE, WITH_BIASES), losses.mean(axis=1).tolist(), strict=True)
        ),
        "gain": gain,
        "standard_error": error,
        "rows": len(true),
    }
    return Chosen(calibration, _described(calibration, compared))


def fit_biases(true: Labels, probabilities: Array) -> Calibration:
    """The temperature and the biases at which the log loss is lowest, held near 1 and 0.

    Args:
        true: int, (n,), label codes of validation rows.
        probabilities: float, (n, 3), as the network gives them.

    Source: Guo et al. (2017), arXiv:1706.04599, section 4.2, vector scaling with one factor for all
        classes, with normal priors.
    """
    from scipy.optimize import minimize  # not in a server, which compares sessions

    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST))
    wanted = np.eye(len(LABELS))[true]
    spreads = np.array([PRIOR_SPREAD] + [BIAS_SPREAD] * len(LABELS))

    def loss(values: Array) -> tuple[float, Array]:
        scaled = logits / np.exp(values[0])
        shifted = scaled + values[1:]
        shifted -= shifted.max(axis=1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        excess = np.exp(logarithms) - wanted
        slope = np.array([-(excess * scaled).sum(), *excess.sum(axis=0)])
        prior = 0.5 * ((values / spreads) ** 2).sum()
        return float(prior - (logarithms * wanted).sum()), slope + values / spreads**2

    bounds = [tuple(np.log(TEMPERATURES)), *([(None, None)] * len(LABELS))]
    best = minimize(loss, np.zeros(1 + len(LABELS)), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Calibration(float(np.exp(best[0])), tuple(best[1:].tolist()))


def _losses(true: Labels, probabilities: Array) -> Array:
    found = probabilities[np.arange(len(true)), true]
    return -np.log(np.maximum(found, SMALLEST))


def _described(calibration: Calibration, compared: dict[str, Any] | None) -> dict[str, Any]:
    nothing = dict.fromkeys(("log_loss", "gain", "standard_error", "rows"))
    return {
        "kind": WITH_BIASES if calibration.has_biases else TEMPERATURE,
        "temperature": calibration.temperature,
        "biases": dict(zip(LABELS, calibration.biases, strict=True)),
        **(compared or nothing),
    }
