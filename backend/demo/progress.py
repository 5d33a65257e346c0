"""What a demo says on the terminal while something goes on: lines that stay, and a last one."""

import shutil
import sys

_BAR_WIDTH = 30


def print_line(line: str) -> None:
    """Print a line that stays, in the place of the last one."""
    overwrite_last_line("")
    print(line, flush=True)


def overwrite_last_line(text: str) -> None:
    """Replace the terminal's last line; do nothing if the output is not a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width) + ("\r" if not text else ""), end="", flush=True)


def bar(share: float, words: str) -> str:
    """A bar of how much is done, from 0 to 1, and words behind it."""
    done = round(_BAR_WIDTH * share)
    return f"[{'#' * done}{'.' * (_BAR_WIDTH - done)}] {words}"
