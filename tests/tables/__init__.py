"""Tables that are no delimited text, read and written."""
