"""Lists: what is asked of one, as CSV, and the marks of what is in it."""
