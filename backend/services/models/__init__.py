"""Models in lists: as CSV, and many at once."""
