"""The networks against boosted trees, on the real tables."""
