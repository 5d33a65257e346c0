"""Searches: which settings are tried next, and which trials end early."""
