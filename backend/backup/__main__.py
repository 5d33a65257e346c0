"""`make backup` and `make restore`: `python -m backend.backup save DEST`, `… restore FROM`."""

import argparse
import signal
import sqlite3
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from backend.backup.manifest import BackupFailed
from backend.backup.restore import restore
from backend.backup.save import save
from backend.config import Settings, SettingsError
from backend.storage import disk
from backend.storage.lock import CannotStart
from backend.storage.permissions import keep_private

_VERBS = {"save": "back up", "restore": "restore"}


def main(arguments: list[str]) -> None:
    """Save or restore; exit with code 1 if it cannot be done, and say why in one line."""
    parser = argparse.ArgumentParser(prog="python -m backend.backup", description=__doc__)
    parser.add_argument("action", choices=_VERBS)
    parser.add_argument("folder", type=Path, help="where the backups are; or the one to restore")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.expanduser().absolute()
    signal.signal(signal.SIGTERM, _interrupt)
    keep_private()
    data_dir = Path()
    try:
        data_dir = Settings.from_environment().data_dir
        (save if chosen.action == "save" else restore)(data_dir, folder, _say)
    except (BackupFailed, CannotStart, SettingsError) as error:
        sys.exit(f"exotrain cannot {_VERBS[chosen.action]}: {error}")
    except (OSError, sqlite3.Error) as error:
        where = folder if chosen.action == "save" else data_dir
        why = _in_words(error, where)
        sys.exit(f"exotrain cannot {_VERBS[chosen.action]}, and nothing was changed: {why}")
    except KeyboardInterrupt:
        sys.exit("Interrupted: what was written is removed, and nothing else was changed.")


def _in_words(error: OSError | sqlite3.Error, where: Path) -> str:
    full = disk.why_full(where / "exotrain.db") if isinstance(error, sqlite3.Error) else error
    if isinstance(full, OSError) and disk.is_full(full):
        return disk.full_message(full, where)
    return str(error)


def _say(line: str) -> None:
    print(line, flush=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1:])
