"""Servers for the tests of what it holds; all of them are left to `make test-all`."""

from pathlib import Path

import pytest

from tests.e2e.conftest import start_server

__all__ = ["start_server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.holds)
