"""Kills its own process at the nth call of those that put a file in place or take it away.

The folder KILL_FOLDER holds the orders: a file `<role>.order` with a name and a number, where the
role is "server" or "worker". The first process of that role whose calls since the order reach the
number is killed before the call, and leaves `<name>.done`: one order ends one process.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

CALLS = ("replace", "rename", "fsync", "unlink", "remove", "mkdir", "rmdir")

_FOLDER = os.environ["KILL_FOLDER"]
_ROLE = "worker" if "backend.worker" in sys.orig_argv else "server"


class _Order:
    name = ""
    left = 0


def _count() -> None:
    try:
        with open(f"{_FOLDER}/{_ROLE}.order", encoding="ascii") as file:
            name, number = file.read().split()
    except (OSError, ValueError):  # no order, or one that is being written
        return
    if name != _Order.name:
        _Order.name, _Order.left = name, int(number)
    _Order.left -= 1
    if _Order.left == 0:
        try:
            os.close(os.open(f"{_FOLDER}/{name}.done", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _counted(call: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        _count()
        return call(*arguments, **options)

    return counted


for _name in CALLS:
    setattr(os, _name, _counted(getattr(os, _name)))
