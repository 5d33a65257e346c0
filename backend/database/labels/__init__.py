"""Votes on the labels of datasets, and the versions that result."""
