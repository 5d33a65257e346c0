"""Routes of light curves."""
