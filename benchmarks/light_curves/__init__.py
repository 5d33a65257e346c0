"""Real light curves: how fast they become views and numbers, and how these compare with peers'."""
