"""What the tests of workers share."""

from tests.background.bench import bench, events, second_start
from tests.background.children import child

__all__ = ["bench", "child", "events", "second_start"]
