"""Routes of light curves that people bring: uploads in pieces, curve sets."""
