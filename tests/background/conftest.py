"""What the tests of workers share."""

from tests.background.bench import bench
from tests.background.children import child

__all__ = ["bench", "child"]
