"""The page over a server whose sessions take a second: the trainer is the light one."""
