"""Whether an error means that the machine is short of something that it may have again soon."""

import errno
import sqlite3

# No file descriptor, of this process or of all; no memory; no process or thread.
_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)

# For whoever asked, and the seconds to wait.
MESSAGE = "The server is short of memory, threads or open files: try again in a few seconds."
RETRY_SECONDS = 5


def is_shortage(error: BaseException | None) -> bool:
    """Whether trying the same again may help; `error` may be one of SQLite's own."""
    match error:
        case MemoryError():
            return True
        case OSError():
            return error.errno in _ERRORS
        case RuntimeError():
            return "can't start new thread" in str(error)
        case sqlite3.OperationalError():
            # It was open before: what is missing is a descriptor for another connection.
            return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
        case _:
            return False
