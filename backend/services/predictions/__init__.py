"""Predictions: of candidates and of catalogues, and what is said of them."""
