"""The server's side of a Ray cluster: its bridge, and which sessions have a place."""
