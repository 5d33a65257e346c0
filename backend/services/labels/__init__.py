"""Labels as a layer over a dataset: votes, what is decided by them, and frozen versions."""
