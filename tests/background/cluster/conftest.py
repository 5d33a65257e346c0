"""The bridge that the tests of this folder run."""

from tests.background.cluster.fake_bridge import bridge

__all__ = ["bridge"]
