"""The bin: what was deleted, until it is deleted for good."""
