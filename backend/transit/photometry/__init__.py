"""Measured light curves: segments, and views that others have prepared."""
