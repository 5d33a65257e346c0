"""The plan of faults for the tests of this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.layer import Layer, install
from tests.faults.plan import Faults


@pytest.fixture(autouse=True)
def faults(tmp_path: Path) -> Iterator[Faults]:
    """Faults of this process; the layer is there before the database is opened."""
    planned = Faults(tmp_path / "faults")
    undo = install(Layer(planned.folder, "server"))
    yield planned
    planned.clear()
    undo()
