"""Batches as jobs: catalogues that are predicted in the background."""
