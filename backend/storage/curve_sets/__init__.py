"""Curve sets on disk: records of light curves in packs that never change, and versions of them."""
