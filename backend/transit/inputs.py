"""Rows of a catalogue to what a network takes."""

import numpy as np
from numpy.typing import NDArray

from .columns import FEATURES
from .curves import synthesise
from .networks import CURVE_INPUT, FEATURE_INPUT


def feature_matrix(rows: NDArray[np.void]) -> NDArray[np.float32]:
    """The features in the order of `feat_input`: float32, (n, 6), raw units, NaN where unknown."""
    return np.stack([rows[name] for name in FEATURES], axis=1).astype(np.float32)


def network_inputs(rows: NDArray[np.void], band: str) -> dict[str, NDArray[np.float32]]:
    """Every input of a network by its name.

    Args:
        rows: ROW_DTYPE, (n,).
        band: of the limb darkening, "kepler" or "tess".

    Returns:
        curve_input: float32, (n, 2001, 1), flux relative to out of transit; feat_input: float32,
        (n, 6), raw units, NaN where unknown.
    """
    return {CURVE_INPUT: synthesise(rows, band)[:, :, None], FEATURE_INPUT: feature_matrix(rows)}
