"""Which rows of a dataset have light curves in a set."""

from backend.database.connection import Record
from backend.services.context import Services


def match(services: Services, curve_set: Record, dataset: Record) -> Record:
    """As `web.schemas.light_curves.Match`."""
    raise NotImplementedError
