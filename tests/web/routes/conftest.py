"""What tests of several routes share."""

import pytest

from backend.background.workers.this_machine import ThisMachine


class Bell:
    """A supervisor that only counts how often it was called."""

    def __init__(self):
        self.rings = 0
        self.runner = ThisMachine()

    def notify(self):
        self.rings += 1


@pytest.fixture
def bell(services):
    """The supervisor of the application, which nothing else has."""
    services.supervisor = Bell()
    return services.supervisor
