"""Nominal values of the Sun and the Earth.

Source: IAU 2015 resolution B3, nominal values (Prša et al. 2016, AJ 152, 41).
"""

SOLAR_STEFF = 5772.0  # K
SOLAR_SLOGG = 4.438  # dex (cgs), of G M / R^2 = 27,420 cm/s^2
SOLAR_RADIUS_CM = 6.957e10
SOLAR_RADIUS_EARTHS = 695_700.0 / 6_378.1  # equatorial radii of the Earth
