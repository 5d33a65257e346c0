"""A server whose session queue begins to fail when a file appears: run in place of `app.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from backend.background.supervisor import Supervisor
from backend.launcher import main

_flag = Path(sys.argv[1])
_take_message = Supervisor._take_message


class Escaped(BaseException):
    """What no handler catches."""


def _take_message_or_fail(self: Supervisor) -> None:
    if _flag.exists():
        how_often = _flag.read_text().count("x")
        if how_often:
            _flag.write_text("x" * (how_often - 1))
            raise Escaped("broken by a test")
    _take_message(self)


if __name__ == "__main__":
    Supervisor._take_message = _take_message_or_fail  # type: ignore[method-assign]
    main()
