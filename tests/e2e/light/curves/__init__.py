"""The light curves of a workspace on the page, and those of rows."""
