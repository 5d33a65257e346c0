"""Whose numbers stars have: the same number is another star in the catalogue of another mission."""

import re

# Of a survey's table; the missions are those of a curve set's index.
MISSION_OF_SURVEY = {"koi": b"kepler", "k2": b"k2", "toi": b"tess"}

_OF_CATALOGUE = {"KIC": b"kepler", "EPIC": b"k2", "TIC": b"tess"}
_NAMED = re.compile(r"\s*(KIC|EPIC|TIC)(?![a-z])", re.IGNORECASE)


def mission_of_star(star: str) -> bytes | None:
    """The mission of the catalogue that the name of a star begins with; None: it names none."""
    named = _NAMED.match(star)
    return None if named is None else _OF_CATALOGUE[named[1].upper()]
