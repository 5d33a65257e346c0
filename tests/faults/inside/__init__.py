"""Faults in the process of the tests: real files, database, children and threads."""
