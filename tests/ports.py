"""A port for a server that must come back at the same one."""

import random
import socket

# Below what the system gives to whoever asks for port 0 and to outgoing connections, which are
# many while tests run side by side.
_PORTS = range(20_000, 30_000)


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
