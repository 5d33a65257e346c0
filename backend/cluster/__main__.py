"""The bridge's process: JSON lines in, JSON lines out, as a worker's.

It ends with its parent, with its input, and when the cluster does not answer any more: the server
starts another.
"""

import argparse
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from backend import log_format, wire
from backend.storage.layout import Storage
from backend.wire.pipes import Output, end_with_parent, lines

_CONNECTING_SECONDS = 5.0

# Ray itself may try for ever.
MOST_CONNECTING_SECONDS = 180.0

log = logging.getLogger("bridge")


def main() -> None:
    """Connect, then obey until the input closes."""
    asked = _parse_arguments()
    log_format.set_up("bridge %(process)d: %(message)s")
    output = Output()
    end_with_parent(asked.parent)
    commands: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(commands,), name="input", daemon=True).start()
    is_connected = threading.Event()
    where = asked.address or "a cluster on this machine"

    def say_that_it_connects() -> None:
        began = time.monotonic()
        while not is_connected.wait(_CONNECTING_SECONDS):
            seconds = time.monotonic() - began
            if seconds > MOST_CONNECTING_SECONDS:
                words = f"No connection to {where} within {seconds:.0f} s."
                output.send(wire.Unreachable(message=words))
                os._exit(1)
            output.send(wire.Unreachable(message=f"Connecting to {where}.", is_trying=True))

    threading.Thread(target=say_that_it_connects, name="connecting", daemon=True).start()
    from backend.cluster import reasons  # here Ray is imported
    from backend.cluster.bridge import Bridge

    try:
        bridge = Bridge(asked.address, Storage(asked.data_dir), output.send)
        is_connected.set()
        arguments = (bridge.obey, commands)
        threading.Thread(target=_obey, args=arguments, name="obey", daemon=True).start()
        bridge.watch()
    except BaseException as error:
        is_connected.set()
        log.exception("the bridge ends")
        output.send(wire.Unreachable(message=reasons.why_unreachable(error, asked.address)))
    os._exit(1)


def _listen(commands: "queue.Queue[bytes]") -> None:
    try:
        for line in lines():
            commands.put(line)
    except BaseException:
        log.exception("the bridge ends: it cannot be told anything")
    finally:
        os._exit(1)


def _obey(obey: Callable[[wire.BridgeCommand], None], commands: "queue.Queue[bytes]") -> None:
    try:
        while True:
            obey(wire.decode_bridge_command(commands.get()))
    except BaseException:  # what is not obeyed would never be noticed
        log.exception("the bridge ends: a command failed")
        os._exit(1)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process id of the server")
    parser.add_argument("--address", help="host:port of the cluster, or auto; default: its own")
    return parser.parse_args()


if __name__ == "__main__":
    main()
