"""What the tests of workers share."""

from tests.background.children import child

__all__ = ["child"]
