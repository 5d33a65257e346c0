"""Makes one call, and kills itself before a statement or the deletion of a file.

python -m tests.services.bin.killed DATA_DIR TOKEN METHOD PATH PLACE

PLACE counts what changes something in the call, from 1; it prints the status where it survives.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from backend import create_app
from backend.config import Settings
from backend.web.current import services_of

_CHANGES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


class Killer:
    """Counts down to the kill."""

    def __init__(self, place: int) -> None:
        self.left = place

    def meet(self) -> None:
        """One more place."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    data_dir, token, method, path, place = sys.argv[1:]
    app = create_app(Settings(data_dir=Path(data_dir), token=token))
    killer, unlink = Killer(int(place)), Path.unlink

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(_CHANGES):
            killer.meet()

    def remove(file: Path, missing_ok: bool = False) -> None:
        if file.exists():
            killer.meet()
        unlink(file, missing_ok)

    engine = services_of(app).database._writer
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", lambda _connection: killer.meet())
    Path.unlink = remove  # type: ignore[method-assign, assignment]
    headers = {"Authorization": f"Bearer {token}"}
    print(app.test_client().open(path, method=method, headers=headers).status_code, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
