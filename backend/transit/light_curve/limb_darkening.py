"""Quadratic limb darkening of a star, from its temperature and gravity."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.solar import SOLAR_SLOGG, SOLAR_STEFF

GRAVITIES = np.array([3.5, 4.0, 4.5, 5.0])

# Solar metallicity. One line a temperature: steff (K), u1 at the four gravities, u2 at the four
# gravities. Kepler: Claret, Hauschildt & Witte (2012), A&A 546, A14, and above 4800 K the second
# part (2013), A&A 552, A16. TESS: Claret (2017), A&A 600, A30. The dozen temperatures a band are
# those between which a straight line follows the published grid best, 4500-6800 K counting most;
# TESS 3000 K is published for three gravities only, so its table begins at 3100 K.
TABLES = {
    "kepler": np.array(
        [
            [3000, 0.7785, 0.7340, 0.7073, 0.6702, 0.2275, 0.2182, 0.2311, 0.2492],
            [3400, 0.6515, 0.5120, 0.4182, 0.3631, 0.1679, 0.2698, 0.3244, 0.3515],
            [3900, 0.7921, 0.6207, 0.4586, 0.3486, 0.0024, 0.1275, 0.2425, 0.3095],
            [4200, 0.7504, 0.7428, 0.6217, 0.4742, 0.0393, 0.0311, 0.1114, 0.2064],
            [4500, 0.6957, 0.7071, 0.7010, 0.6372, 0.0787, 0.0486, 0.0462, 0.1005],
            [4800, 0.6462, 0.6583, 0.6557, 0.6593, 0.1161, 0.0839, 0.0772, 0.0698],
            [5300, 0.5701, 0.5679, 0.5658, 0.5497, 0.1429, 0.1361, 0.1351, 0.1518],
            [6400, 0.4425, 0.4416, 0.3903, 0.3998, 0.2306, 0.2132, 0.2334, 0.2360],
            [7000, 0.3576, 0.3722, 0.3765, 0.3473, 0.3139, 0.2726, 0.2538, 0.2709],
            [8200, 0.1489, 0.2103, 0.2048, 0.2121, 0.5581, 0.4049, 0.3627, 0.3644],
            [9000, 0.1349, 0.2509, 0.2127, 0.1850, 0.5943, 0.3285, 0.3243, 0.3269],
            [10000, -0.0204, 0.2247, 0.2481, 0.2412, 0.8227, 0.3309, 0.2739, 0.2656],
        ]
    ),
    "tess": np.array(
        [
            [3100, 0.2131, 0.1758, 0.1621, 0.1606, 0.4819, 0.4812, 0.4852, 0.4974],
            [3300, 0.2632, 0.2050, 0.1710, 0.1529, 0.4472, 0.4477, 0.4514, 0.4604],
            [3600, 0.4001, 0.2865, 0.2125, 0.1671, 0.2854, 0.3586, 0.3984, 0.4201],
            [3900, 0.5608, 0.4293, 0.2946, 0.1991, 0.1375, 0.2388, 0.3316, 0.3902],
            [4200, 0.5360, 0.5369, 0.4429, 0.3163, 0.1638, 0.1494, 0.2201, 0.3025],
            [4400, 0.5081, 0.5143, 0.5098, 0.4223, 0.1789, 0.1598, 0.1592, 0.2217],
            [4600, 0.4802, 0.4884, 0.4913, 0.4827, 0.1941, 0.1727, 0.1645, 0.1727],
            [5300, 0.4013, 0.4020, 0.4036, 0.4058, 0.2202, 0.2082, 0.2028, 0.2007],
            [6000, 0.3540, 0.3540, 0.3345, 0.3283, 0.2321, 0.2157, 0.2282, 0.2300],
            [8200, 0.2039, 0.2147, 0.2210, 0.2254, 0.2710, 0.2467, 0.2358, 0.2286],
            [9000, 0.1786, 0.1791, 0.1796, 0.1849, 0.2684, 0.2436, 0.2326, 0.2245],
            [10000, 0.1605, 0.1621, 0.1602, 0.1571, 0.2868, 0.2508, 0.2331, 0.2224],
        ]
    ),
}


def limb_darkening(
    steff: NDArray[np.float64], slogg: NDArray[np.float64], band: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of I(mu) = 1 - u1 (1 - mu) - u2 (1 - mu)^2, interpolated in the table.

    Bilinear between the table's points; beyond its edges, the nearest edge.

    Args:
        steff: float64, (n,), K; NaN where unknown: the Sun's.
        slogg: float64, (n,), dex (cgs); NaN where unknown: the Sun's.
        band: "kepler" or "tess".

    Returns:
        (u1, u2), each float64, (n,), dimensionless.

    Raises:
        ValueError: the band has no table.

    Source: the values as cited at `TABLES`.
    """
    table = _table(band)
    row, across = _position(table[:, 0], _known(steff, SOLAR_STEFF))
    column, along = _position(GRAVITIES, _known(slogg, SOLAR_SLOGG))
    u1 = _bilinear(table[:, 1:5], row, across, column, along)
    u2 = _bilinear(table[:, 5:9], row, across, column, along)
    return u1, u2


def is_off_grid(
    steff: NDArray[np.float64], slogg: NDArray[np.float64], band: str
) -> NDArray[np.bool]:
    """Bool, (n,): the star lies beyond the table's edges; False where it is unknown."""
    temperatures = _table(band)[:, 0]
    off = (steff < temperatures[0]) | (steff > temperatures[-1])
    return off | (slogg < GRAVITIES[0]) | (slogg > GRAVITIES[-1])


def _table(band: str) -> NDArray[np.float64]:
    if band not in TABLES:
        raise ValueError(f"Expected a band among {', '.join(TABLES)}. Received: {band!r}")
    return TABLES[band]


def _known(values: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), otherwise, values)


def _position(
    grid: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The grid cell (its lower index) of each value and how far into it the value lies, 0..1."""
    inside = np.clip(values, grid[0], grid[-1])
    cell = np.clip(np.searchsorted(grid, inside) - 1, 0, len(grid) - 2)
    return cell, (inside - grid[cell]) / (grid[cell + 1] - grid[cell])


def _bilinear(
    values: NDArray[np.float64],
    row: NDArray[np.intp],
    across: NDArray[np.float64],
    column: NDArray[np.intp],
    along: NDArray[np.float64],
) -> NDArray[np.float64]:
    low = values[row, column] * (1 - along) + values[row, column + 1] * along
    high = values[row + 1, column] * (1 - along) + values[row + 1, column + 1] * along
    return low * (1 - across) + high * across
