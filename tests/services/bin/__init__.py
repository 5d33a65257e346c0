"""The bin, and kills in the middle of it."""
