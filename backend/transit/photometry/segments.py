"""What photometry is made of here: stretches of a light curve, and the signals seen in them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Days to add to a time to make it a Julian date. BKJD: Kepler Archive Manual (KDMC-10008-006),
# section 2.3.2. BTJD: TESS Science Data Products Description (EXP-TESS-ARC-ICD-0014), section 5.
TIME_OFFSETS = {"BJD": 0.0, "BKJD": 2_454_833.0, "BTJD": 2_457_000.0, "MJD": 2_400_000.5}

HOURS_PER_DAY = 24.0

MISSIONS = ("kepler", "k2", "tess")

# The time step of a segment of a single point, days: Kepler's long cadence.
_UNKNOWN_STEP = 0.0204


@dataclass(frozen=True)
class Segment:
    """One stretch of a star's light curve: a quarter, a campaign, a sector, or a file.

    Attributes:
        time: float64, (n,), BJD in TDB, days; NaN where unknown.
        flux: float64, (n,), any linear unit; NaN where unknown.
        error: float64, (n,), in the unit of `flux`; NaN where unknown.
        quality: int32, (n,), the mission's bit mask; 0 is good.
        exposure: days that a point is integrated over; NaN where unknown: the median time step.
        mission: of MISSIONS, or "" where unknown.
        name: of the quarter or sector, "Q3" or "S2"; "" where unknown.
    """

    time: Floats
    flux: Floats
    error: Floats
    quality: NDArray[np.int32]
    exposure: float = np.nan
    mission: str = ""
    name: str = ""

    def __len__(self) -> int:
        return len(self.time)

    def where(self, selection: NDArray[np.bool] | NDArray[np.intp]) -> Self:
        """The selected points, by mask or indices."""
        return replace(
            self,
            time=self.time[selection],
            flux=self.flux[selection],
            error=self.error[selection],
            quality=self.quality[selection],
        )

    @property
    def step(self) -> float:
        """Days from one point to the next: the median where it is not 0."""
        steps = np.diff(self.time)
        steps = steps[steps > 0]
        if len(steps):
            return float(np.median(steps))
        return self.exposure if self.exposure > 0 else _UNKNOWN_STEP

    @property
    def integration(self) -> float:
        """Days that a point is integrated over, at most one step."""
        return min(self.exposure, self.step) if self.exposure > 0 else self.step

    @property
    def season(self) -> str:
        """Segments of one season see the star on the same pixels: "" where that is unknown.

        Kepler turned by a quarter of a circle after each quarter, so every fourth quarter is the
        same (Kepler Archive Manual, KDMC-10008-006, section 1.2). A sector or campaign is alone.
        """
        digits = self.name[1:]
        if self.mission == "kepler" and self.name[:1].upper() == "Q" and digits.isdecimal():
            return f"season {int(digits) % 4}"
        return self.name


@dataclass(frozen=True)
class Signal:
    """What a catalogue says of one periodic signal; NaN where it says nothing.

    Attributes:
        period: days.
        epoch: of a mid-transit, BJD in TDB.
        duration: hours, first to last contact.
        depth: ppm, at mid-transit.
        impact: stellar radii.
        steff: of the star, K.
        slogg: of the star, dex (cgs).
    """

    period: float
    epoch: float
    duration: float
    depth: float = np.nan
    impact: float = np.nan
    steff: float = np.nan
    slogg: float = np.nan

    @property
    def duration_days(self) -> float:
        """First to last contact, days."""
        return self.duration / HOURS_PER_DAY

    @property
    def is_usable(self) -> bool:
        """Period, epoch and duration are known, positive, and the transit is no whole orbit."""
        numbers = (self.period, self.epoch, self.duration)
        is_known = all(np.isfinite(number) for number in numbers)
        return is_known and self.period > 0 and 0 < self.duration_days < self.period
