"""The rules of sessions: their start, what is shown of them, what is kept, how two compare."""
