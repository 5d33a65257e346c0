"""The predictions of a network as NumPy records; without Keras."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.light_curve.orbit import GEOMETRY_DTYPE
from backend.transit.neighbours import NEAREST_DTYPE, NEIGHBOURS

# One row: probabilities in the order of LABELS, days, ppm, the transit that the curve shows, and
# the training rows that lie nearest.
PREDICTION_DTYPE = np.dtype(
    [
        ("probabilities", "<f8", (len(LABELS),)),
        ("period", "<f8"),
        ("depth_ppm", "<f8"),
        ("geometry", GEOMETRY_DTYPE),
        ("nearest", NEAREST_DTYPE, (NEIGHBOURS,)),
    ]
)

# PREDICTION_DTYPE, (n,).
Predictions = NDArray[np.void]
