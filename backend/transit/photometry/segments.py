"""A segment: what one instrument measured of one star without changing its set-up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Segment:
    """A quarter of Kepler, a campaign of K2, a sector of TESS, or a night elsewhere.

    Attributes:
        time: float64, (n,), BJD, days.
        flux: float64, (n,), in any unit that is linear in the star's light.
        error: float64, (n,), of the flux, in its unit; NaN where unknown.
        quality: int32, (n,), the flags of the mission's pipeline; 0 is good.
        exposure: of one point, days; NaN if unknown.
        mission: "kepler", "k2", "tess" or "".
        name: which quarter, campaign or sector it is.
    """

    time: NDArray[np.float64]
    flux: NDArray[np.float64]
    error: NDArray[np.float64]
    quality: NDArray[np.int32]
    exposure: float
    mission: str
    name: str
