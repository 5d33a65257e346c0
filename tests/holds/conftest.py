"""Servers for the tests of what it holds."""

from tests.e2e.conftest import start_server

__all__ = ["start_server"]
