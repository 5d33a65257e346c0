"""How much a file of light curves may hold."""

from backend.tables.child.limits import NotReadable

# Five years of one star every 20 seconds are 8 million points; a sector of it 116,000.
MAX_POINTS = 5_000_000

# A sector of TESS every 20 seconds is 20 MB as FITS.
MAX_FILE_BYTES = 1 << 30

# Of one file: more are the rows of a catalogue.
MAX_SEGMENTS = 2_000

# Photometry compresses to a half or a fifth; a file of one number a thousand times.
MAX_RATIO = 100

MAX_MEMBERS = 500_000


def check_points(points: int) -> None:
    """Check the length of a table before it is read.

    Raises:
        NotReadable: it is too long.
    """
    if points > MAX_POINTS:
        raise NotReadable(
            f"The table has {points:,} points; at most {MAX_POINTS:,} are allowed in one file. "
            "Make a file of each quarter, campaign or sector."
        )
