"""The lists of sessions and models: pages, cost, many at once."""
