"""Faults under what is stored: the database, its backups, a restore."""
